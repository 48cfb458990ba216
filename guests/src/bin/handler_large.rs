//! Messages of every size reach a handler whole, whether its inbox has room for them or not.

use flower::{Event, Flow, Handler, Raw, call, spawn_handler};
use flower_guests::PATIENCE;

/// Answers with the same bytes, turned round.
struct Mirror;

impl Handler for Mirror {
    type Args = Vec<u32>;

    fn start(numbers: Vec<u32>) -> Mirror {
        assert!(numbers.into_iter().eq(0..5000), "arguments may be large too");
        Mirror
    }

    fn handle(&mut self, event: Event) -> Flow {
        let Event::Message(message) = event else { panic!("{event:?}") };
        let Raw(mut bytes) = message.decode().expect("bytes");
        bytes.reverse();
        message.reply().expect("a request").send(&Raw(bytes)).expect("somebody waits");
        Flow::Continue
    }
}

flower::handler!(Mirror);

fn main() {
    let mirror = spawn_handler::<Mirror>((0..5000).collect());
    for len in [0, 1, 40, 41, 3967, 3968, 3969, 4095, 4096, 4097, 100_000, 1 << 20, 3] {
        let mut bytes: Vec<u8> = (0..len).map(|n| (n % 251) as u8).collect();
        let answer = call(mirror, &Raw(bytes.clone()), PATIENCE);
        bytes.reverse();
        assert!(answer == Ok(Raw(bytes)), "{len} bytes came back wrong");
    }
}

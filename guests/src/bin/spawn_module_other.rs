//! What `spawn_module` spawns: a function, a handler and a `main` with arguments.

use flower::{Event, Flow, Handler, parent, send, start_args};

/// An entry of the process style.
#[flower::entry]
fn double(n: u32) -> u32 {
    2 * n
}

/// An entry of the handler style: answers with the sum so far.
struct Sum(u32);

impl Handler for Sum {
    type Args = u32;

    fn start(first: u32) -> Sum {
        Sum(first)
    }

    fn handle(&mut self, event: Event) -> Flow {
        let Event::Message(message) = event else { return Flow::Continue };
        self.0 += message.decode::<u32>().expect("a number");
        message.reply().expect("a request").send(&self.0).expect("somebody waits");
        Flow::Continue
    }
}

flower::handler!(Sum);

fn main() {
    let args: Option<String> = start_args().expect("a text or nothing");
    if let Some(text) = args {
        let text = format!("other main got {text}");
        send(parent().expect("another actor gave the text"), &text).expect("it waits");
    }
}

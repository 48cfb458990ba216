//! Says hello to every HTTP request, as a handler; `cargo xtask spec` measures with it what the host adds to a bare server.

use flower::http::{self, Response};
use flower::{Event, Flow, Handler, Spawn, sleep};
use flower_guests::ms;

struct Hello;

impl Handler for Hello {
    type Args = ();

    fn start((): ()) -> Hello {
        Hello
    }

    fn handle(&mut self, event: Event) -> Flow {
        if let Event::Message(message) = event
            && let Some(reply) = message.reply()
        {
            // A client that has gone meanwhile misses nothing.
            let _ = http::answer(reply, Response::text("hello\n"));
        }
        Flow::Continue
    }
}

flower::handler!(Hello);

fn main() {
    Spawn::handler::<Hello>(()).name("web").spawn().expect("the name is free");
    println!("ready");
    loop {
        sleep(ms(60_000));
    }
}

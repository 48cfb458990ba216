//! The other module of `supervisor_modules`: two workers, and a supervisor of some of them.

use flower::supervisor::{Child, Strategy, Supervisor};
use flower::{Event, Flow, Handler, whereis};
use flower_guests::PATIENCE;
use flower_guests::supervision::{How, end, member};

/// A worker that tells of itself.
#[flower::entry]
fn follower(id: String) {
    member(whereis("main").expect("it has a name"), id)
}

/// Counts what it is asked to, and ends when it is told to.
struct Counter(u32);

impl Handler for Counter {
    type Args = u32;

    fn start(first: u32) -> Counter {
        Counter(first)
    }

    fn handle(&mut self, event: Event) -> Flow {
        let Event::Message(message) = event else { return Flow::Continue };
        match message.reply() {
            None => end(message.decode::<How>().expect("how to end")),
            Some(reply) => {
                self.0 += 1;
                reply.send(&self.0).expect("somebody waits");
                Flow::Continue
            }
        }
    }
}

flower::handler!(Counter);

/// A supervisor of two workers of this module.
#[flower::entry]
fn supervise() {
    let worker = |id: &str| Child::entry(id, "follower", id.to_owned()).acknowledged(PATIENCE);
    Supervisor::new(Strategy::OneForOne).child(worker("one")).child(worker("two")).acknowledge().run()
}

fn main() {}

//! Two styles of one actor: a process runs its own loop, a handler is called once per message.
//!
//! A handler keeps no stack while it waits, so it is small and fast; in exchange it may not wait in
//! the middle of something. Both speak the same protocol, and nobody can tell one from the other.

use std::time::Duration;

use flower::{Event, Flow, Handler, Pid, Request, call, receive, send, spawn, spawn_handler};
use serde::{Deserialize, Serialize};

/// Adds to the count.
#[derive(Serialize, Deserialize)]
struct Add(u64);

/// Asks for the count.
#[derive(Serialize, Deserialize)]
struct Get;

fn counter(mut count: u64) {
    loop {
        let received = receive! {
            Add(n): Add => count += n,
            Request { message: Get, reply }: Request<Get> => reply.send(&count).expect("somebody waits"),
        };
        received.expect("both are easy to read");
    }
}

struct Counter {
    count: u64,
}

impl Handler for Counter {
    type Args = u64;

    fn start(count: u64) -> Counter {
        Counter { count }
    }

    fn handle(&mut self, event: Event) -> Flow {
        if let Event::Message(message) = event {
            match (message.decode(), message.reply()) {
                (Ok(Add(n)), _) => self.count += n,
                (_, Some(reply)) => reply.send(&self.count).expect("somebody waits"),
                _ => {}
            }
        }
        Flow::Continue
    }
}

flower::handler!(Counter);

/// Counts with somebody of whom it knows nothing but the pid.
fn count(counter: Pid) -> u64 {
    for n in 1..=10 {
        send(counter, &Add(n)).expect("it never ends");
    }
    call(counter, &Get, Duration::from_secs(5)).expect("it answers")
}

fn main() {
    println!("process: {}", count(spawn(counter, 100)));
    println!("handler: {}", count(spawn_handler::<Counter>(100)));
}

//! A handler is an actor like any other: arguments, messages in order, requests, its own statics.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use flower::{Envelope, Event, Flow, Handler, Pid, Spawn, call, receive, self_pid, send, spawn_handler};
use flower_guests::PATIENCE;

static EVENTS: AtomicU32 = AtomicU32::new(0);

/// Sends every message back to where it came from, with its own number.
struct Echo {
    name: String,
    parent: Pid,
}

impl Handler for Echo {
    type Args = String;

    fn start(name: String) -> Echo {
        assert_eq!(EVENTS.load(Relaxed), 0, "statics are fresh");
        Echo { name, parent: flower::parent().expect("a parent") }
    }

    fn handle(&mut self, event: Event) -> Flow {
        let Event::Message(message) = event else { panic!("{event:?}") };
        assert_eq!(message.sender(), self.parent);
        let number = EVENTS.fetch_add(1, Relaxed);
        let text: String = message.decode().expect("a text");
        let answer = format!("{} {number}: {text}", self.name);
        match message.reply() {
            Some(reply) => reply.send(&answer).expect("somebody waits"),
            None => send(message.sender(), &answer).expect("it waits"),
        }
        Flow::Continue
    }
}

flower::handler!(Echo as "an echo by another name");

fn main() {
    EVENTS.store(99, Relaxed);
    let first = spawn_handler::<Echo>("first".to_owned());
    let second =
        Spawn::handler::<Echo>("second".to_owned()).name("second").spawn().expect("the name is free");
    for number in 0..1000 {
        send(first, &format!("message {number}")).expect("there is room");
    }
    for number in 0..1000 {
        let echo: Envelope = receive().expect("an envelope holds any message");
        assert_eq!(echo.decode(), Ok(format!("first {number}: message {number}")));
        assert_eq!(echo.sender(), first);
    }
    assert_eq!(call(second, "ask", PATIENCE), Ok("second 0: ask".to_owned()));
    send("second", "tell").expect("it waits");
    assert_eq!(receive(), Ok("second 1: tell".to_owned()));
    assert!(self_pid() < first && first < second);
}

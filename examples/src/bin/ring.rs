//! Many actors: a ring of 10,000, or as many as the first argument says, hands one message around.
//!
//! Each is a WebAssembly instance with a memory and a stack of its own. Each waits for a message,
//! passes it on and ends.

use std::env;

use flower::{Down, Pid, receive, self_pid, send, spawn_monitor};
use serde_json::{Value, json};

fn forward(next: Pid) {
    let message: Value = receive().expect("any JSON is a value");
    send(next, &message).expect("the next one waits for it");
}

fn main() {
    let size = env::args().nth(1).map_or(10_000, |size| size.parse().expect("the size of the ring"));

    // The last one passes it to the builder, so the ring is built backwards from there.
    let first = (0..size).fold(self_pid(), |next, _| spawn_monitor(forward, next).0);
    send(first, &json!({ "text": "hello around the ring" })).expect("the first one waits for it");

    println!("{}", receive::<Value>().expect("any JSON is a value"));
    println!("{} actors took part and have ended", (0..size).map(|_| ended_well()).count());
}

fn ended_well() {
    let down: Down = receive().expect("a monitor tells of each end once");
    assert!(!down.reason.is_abnormal(), "{} ended: {}", down.pid, down.reason);
}

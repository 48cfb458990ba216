//! State lives in an actor: a storage keeps what it is sent, and shows it to whoever asks.
//!
//! `send` tells and goes on; `call` asks and waits. As messages arrive in order, the answer to the
//! question comes after everything that was sent before it.

use std::time::Duration;

use flower::{Request, call, receive, send, spawn};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Asks the storage to print what it has.
#[derive(Serialize, Deserialize)]
struct Print;

fn storage((): ()) {
    let mut stored: Vec<Value> = Vec::new();
    loop {
        let received = receive! {
            Request { message: Print, reply }: Request<Print> => {
                stored.iter().for_each(|item| println!("{item}"));
                reply.send(&stored.len()).expect("somebody waits for the answer");
            }
            item: Value => stored.push(item),
        };
        received.expect("any JSON is a value");
    }
}

fn main() {
    let storage = spawn(storage, ());
    send(storage, &json!({ "no": "Norway", "se": "Sweden" })).expect("it never ends");
    send(storage, &json!({ "a": 3, "b": 4, "c": 5 })).expect("it never ends");

    let count: usize = call(storage, &Print, Duration::from_secs(5)).expect("it answers");
    println!("{count} items are stored");
}

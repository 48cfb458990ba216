//! Actors and messages: two publishers send words to one consumer, which prints who sent what.
//!
//! An actor has a mailbox and a memory of its own. Whoever knows its pid can send to it, and the
//! host tells it who did. What one publisher sends arrives in the order in which it was sent.

use flower::{Down, Envelope, Pid, monitor, receive, self_pid, send, spawn, spawn_join, yield_now};

/// Prints words until there comes an empty one.
fn consumer((): ()) {
    loop {
        let message: Envelope = receive().expect("an envelope holds any message");
        let word: String = message.decode().expect("publishers send words");
        if word.is_empty() {
            break;
        }
        // Actors are numbered as they are spawned: first the consumer, then the two publishers.
        let publisher = message.sender().serial() - self_pid().serial();
        println!("got message from {publisher}: {word}");
    }
}

fn publisher1(consumer: Pid) {
    publish(consumer, &["hello", "world"]);
}

fn publisher2((consumer, publisher1): (Pid, Pid)) {
    publish(consumer, &["brave", "new", "world"]);
    // Nobody can say which of two actors is faster: the empty word has to wait for the other's words.
    monitor(publisher1).expect("a pid that was handed over may be monitored");
    let _down: Down = receive().expect("a monitor tells of the end, even of one long ago");
    publish(consumer, &[""]);
}

fn publish(consumer: Pid, words: &[&str]) {
    for word in words {
        send(consumer, *word).expect("the consumer lives until the empty word");
        yield_now();
    }
}

fn main() {
    let consumer = spawn_join(consumer, ());
    let first = spawn(publisher1, consumer.pid());
    spawn(publisher2, (consumer.pid(), first));
    consumer.join().expect("the consumer returns");
}

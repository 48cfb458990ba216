//! F9: an actor that is spawned for later starts then and not before, and its mailbox is open at once.
//!
//! Prints when it started; exact in virtual time.

use flower::{Instant, Pid, is_alive, receive, self_pid, send, spawn_after};
use flower_guests::ms;

fn main() {
    let begin = Instant::now();
    let echo = spawn_after(ms(300), echo, self_pid());
    assert!(is_alive(echo));
    send(echo, "sent before the start").expect("its mailbox is open");
    assert_eq!(receive(), Ok("sent before the start".to_owned()));
    let started = begin.elapsed();
    assert!(started >= ms(300), "it started after {started:?}");
    println!("started after {} ms", started.as_millis());
}

fn echo(to: Pid) {
    let word: String = receive().expect("a word");
    send(to, &word).expect("it waits");
}

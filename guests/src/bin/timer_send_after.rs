//! F10: a message that is sent later comes then and not earlier, to others and to oneself.
//!
//! Prints when they came; exact in virtual time.

use flower::{
    Envelope, Instant, Pid, mailbox_len, receive, receive_request, self_pid, send_after, sleep, spawn,
};
use flower_guests::ms;

fn main() {
    f10_to_oneself();
    f10_to_another();
    with_its_sender();
}

fn report(what: &str, begin: Instant) {
    let waited = begin.elapsed();
    assert!(waited >= ms(300), "{what} after {waited:?}");
    println!("{what} after {} ms", waited.as_millis());
}

fn f10_to_oneself() {
    let begin = Instant::now();
    send_after(ms(300), self_pid(), "later").expect("a timer is free");
    assert_eq!(mailbox_len(), 0);
    assert_eq!(receive(), Ok("later".to_owned()));
    report("a message to oneself", begin);
}

fn f10_to_another() {
    fn forward(to: Pid) {
        let word: String = receive().expect("a word");
        flower::send(to, &word).expect("it waits");
    }
    let begin = Instant::now();
    send_after(ms(300), spawn(forward, self_pid()), "later").expect("a timer is free");
    assert_eq!(receive(), Ok("later".to_owned()));
    report("a message to another", begin);
}

/// A timer speaks for the actor that started it.
fn with_its_sender() {
    fn tell_sender((): ()) {
        let late: Envelope = receive().expect("a message");
        let ((), reply) = receive_request().expect("a request");
        reply.send(&late.sender()).expect("somebody waits");
    }
    let other = spawn(tell_sender, ());
    send_after(ms(1), other, "later").expect("a timer is free");
    sleep(ms(2));
    assert_eq!(flower::call(other, &(), flower_guests::PATIENCE), Ok(self_pid()));
}

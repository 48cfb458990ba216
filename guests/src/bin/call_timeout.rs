//! A8: a call that is never answered times out, and an answer that comes too late is never seen.
//!
//! Prints how long the call waited; exact in virtual time.

use flower::{
    CallError, Instant, Pid, call, mailbox_len, poll, receive, receive_request, request, self_pid, send,
    spawn,
};
use flower_guests::{ms, wait_for_ever};

fn main() {
    a8_never_answered();
    a8_a_late_reply();
    a_request_that_is_given_up();
    once_more_after_a_timeout();
}

fn a8_never_answered() {
    let silent = spawn(|()| wait_for_ever(), ());
    let begin = Instant::now();
    assert_eq!(call::<_, String>(silent, "hello?", ms(100)), Err(CallError::Timeout));
    let waited = begin.elapsed();
    assert!(waited >= ms(100), "it waited for {waited:?}");
    println!("no answer for {} ms", waited.as_millis());
}

/// Answers when it is told to, and says when it has.
fn late(caller: Pid) {
    let (_, reply) = receive_request::<String>().expect("a question");
    receive::<()>().expect("a word to go");
    reply.send("too late").expect("a late answer is dropped, which is no error");
    send(caller, "answered").expect("it waits");
}

fn a8_a_late_reply() {
    let late = spawn(late, self_pid());
    assert_eq!(call::<_, String>(late, "now?", ms(10)), Err(CallError::Timeout));
    send(late, &()).expect("it waits");
    // The reply was sent before this, and so it has come before this.
    assert_eq!(receive(), Ok("answered".to_owned()));
    assert_eq!((mailbox_len(), poll::<String>()), (0, Ok(None)));
}

fn a_request_that_is_given_up() {
    let late = spawn(late, self_pid());
    drop(request::<_, String>(late, "never mind"));
    send(late, &()).expect("it waits");
    assert_eq!(receive(), Ok("answered".to_owned()));
    assert_eq!(mailbox_len(), 0);
}

/// A wait that times out gives nothing up.
fn once_more_after_a_timeout() {
    let late = spawn(late, self_pid());
    let mut pending = request::<_, String>(late, "when?");
    assert_eq!(pending.wait_timeout(ms(10)), Err(CallError::Timeout));
    assert_eq!(pending.poll(), None);
    send(late, &()).expect("it waits");
    assert_eq!(pending.wait(), Ok("too late".to_owned()));
}

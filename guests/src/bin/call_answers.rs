//! A8, P5: a call gives the answer; a request gives it later; no time at all gives none.

use flower::{
    CallError, Pid, call, poll, receive, receive_request, register, request, self_pid, send, spawn,
};
use flower_guests::{PATIENCE, ms, wait_for_ever};

fn main() {
    a8_hi_there();
    p5_pong();
    by_name();
    the_mailbox_is_left_alone();
    another_type();
}

/// Answers so many requests.
fn greeter(count: u32) {
    for _ in 0..count {
        let (question, reply) = receive_request::<String>().expect("a question");
        let answer = if question == "ping" { "pong" } else { "Hi There" };
        reply.send(answer).expect("somebody waits");
    }
}

fn a8_hi_there() {
    assert_eq!(call(spawn(greeter, 1), "Hi", PATIENCE), Ok("Hi There".to_owned()));
}

fn p5_pong() {
    let greeter = spawn(greeter, 3);
    assert_eq!(call(greeter, "ping", PATIENCE), Ok("pong".to_owned()));
    assert_eq!(request(greeter, "ping").wait(), Ok("pong".to_owned()));

    let mut later = request::<_, String>(greeter, "ping");
    assert_eq!(later.wait_timeout(PATIENCE), Ok("pong".to_owned()));
    assert_eq!(later.wait_timeout(PATIENCE), Err(CallError::Taken));

    let silent = spawn(|()| wait_for_ever(), ());
    assert_eq!(call::<_, String>(silent, "ping", ms(0)), Err(CallError::Timeout));
    assert_eq!(request::<_, String>(silent, "ping").poll(), None);
}

fn by_name() {
    register("greeter", spawn(greeter, 1)).expect("the name is free");
    assert_eq!(call("greeter", "ping", PATIENCE), Ok("pong".to_owned()));
}

fn the_mailbox_is_left_alone() {
    send(self_pid(), "waiting").expect("there is room");
    assert_eq!(call(spawn(greeter, 1), "Hi", PATIENCE), Ok("Hi There".to_owned()));
    assert_eq!(receive(), Ok("waiting".to_owned()));
    assert_eq!(poll::<String>(), Ok(None));
}

fn another_type() {
    let wrong: Result<Pid, CallError> = call(spawn(greeter, 1), "Hi", PATIENCE);
    assert!(matches!(wrong, Err(CallError::Decode(_))));
    let greeter = spawn(greeter, 2);
    send(greeter, "nobody waits for an answer to a message").expect("it waits");
    assert_eq!(call(greeter, "Hi", PATIENCE), Ok("Hi There".to_owned()), "requests only are taken");
}

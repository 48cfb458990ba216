//! A8: a callee that dies ends the call at once, with its reason, and not with the timeout.

use flower::{
    CallError, ExitReason, Instant, Pid, call, exit, kill, receive_request, request, send, sleep, spawn, stop,
};
use flower_guests::{PATIENCE, ms};

fn main() {
    let begin = Instant::now();
    a_panic();
    an_error();
    a_return();
    a_kill();
    a_stop();
    with_the_request_unread();
    assert!(begin.elapsed() < PATIENCE);
}

/// Asks an actor that will not answer.
fn ask(callee: Pid) -> ExitReason {
    match call::<_, ()>(callee, "?", PATIENCE) {
        Err(CallError::Died(reason)) => reason,
        other => panic!("{other:?}"),
    }
}

fn take_request() {
    let _unanswered = receive_request::<String>().expect("a question");
}

fn a_panic() {
    fn panics((): ()) {
        take_request();
        panic!("no answer");
    }
    assert!(matches!(ask(spawn(panics, ())), ExitReason::Panic { message, .. } if message == "no answer"));
}

fn an_error() {
    fn fails((): ()) {
        take_request();
        exit(ExitReason::error("no answer"))
    }
    assert_eq!(ask(spawn(fails, ())), ExitReason::error("no answer"));
}

fn a_return() {
    assert!(!ask(spawn(|()| take_request(), ())).is_abnormal());
}

fn a_kill() {
    fn waits((): ()) {
        take_request();
        sleep(PATIENCE);
    }
    let callee = spawn(waits, ());
    let pending = request::<_, ()>(callee, "?");
    sleep(ms(5));
    kill(callee).expect("a spawner may");
    assert_eq!(pending.wait(), Err(CallError::Died(ExitReason::Killed)));
}

fn a_stop() {
    let callee = spawn(|()| drop(flower::receive::<u32>()), ());
    stop(callee).expect("a spawner may");
    let reason = match call::<_, ()>(callee, "?", PATIENCE) {
        Err(CallError::Died(reason)) => reason,
        Err(CallError::NoActor) => return,
        other => panic!("{other:?}"),
    };
    assert_eq!(reason, ExitReason::shutdown());
}

/// It never looks at the request, and ends for another reason.
fn with_the_request_unread() {
    let callee = spawn(|()| flower::receive! { (): () => () }.expect("a unit is easy to read"), ());
    let pending = request::<_, ()>(callee, "?");
    send(callee, &()).expect("it waits");
    assert!(matches!(pending.wait(), Err(CallError::Died(reason)) if !reason.is_abnormal()));
}

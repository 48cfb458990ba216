//! Workers that crash and come back: a supervisor starts them, watches them, and starts them again.
//!
//! Each worker has a name, which outlives it: whoever calls by name finds the one that came in its place. A worker
//! that keeps crashing is too much at some point; then the supervisor stops the others, and ends.
//!
//! What the supervisor does is told on the standard error, one line for each event.

use std::time::Duration;

use flower::supervisor::{Child, Strategy, Supervisor, which_children};
use flower::{CallError, ExitSignal, call, receive, receive_request, trap_exit, yield_now};

/// Divides a hundred by what it is asked; a zero is a bug that nobody has found yet.
fn worker(name: String) {
    println!("{name}: at work");
    loop {
        let (n, reply) = receive_request::<u32>().expect("a number");
        reply.send(&(100 / n)).expect("somebody waits");
    }
}

/// A worker is asked by its name, and awaited while it is about to come back.
fn ask(name: &str, n: u32) {
    let answer: Result<u32, CallError> = loop {
        match call(name, &n, Duration::from_secs(5)) {
            Err(CallError::NoName) => yield_now(),
            answer => break answer,
        }
    };
    match answer {
        Ok(answer) => println!("{name}: 100 / {n} = {answer}"),
        Err(error) => println!("{name}: 100 / {n}: {error}"),
    }
}

fn main() {
    trap_exit(true);
    let child = |name: &str| Child::new(name, worker, name.to_owned()).name(name);
    let supervisor = Supervisor::new(Strategy::OneForOne)
        .name("workers")
        .intensity(3)
        .period(Duration::from_secs(60))
        .child(child("ada"))
        .child(child("grace"))
        .start_link()
        .expect("both can be started");

    ask("ada", 5);
    ask("ada", 0);
    ask("ada", 4);
    ask("grace", 2);
    let working =
        which_children(supervisor).expect("it answers").iter().filter(|c| c.pid().is_some()).count();
    println!("{working} workers are at work");

    for _ in 0..3 {
        ask("grace", 0);
    }
    let signal: ExitSignal = receive().expect("a signal has nothing to misread");
    println!("the supervisor has given up: {}", signal.reason);
}

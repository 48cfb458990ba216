//! Failure stays where it is: a wild pointer, a memory bomb and an endless loop harm no neighbour.
//!
//! The pointer traps and ends its own actor, the bomb meets the limit of its own memory, and the loop
//! is preempted like everybody else, until somebody kills it.

use std::hint::{black_box, spin_loop};
use std::time::Duration;

use flower::{Down, Pid, Request, Spawn, call, kill, receive, spawn, spawn_monitor};

/// Prints a line whenever it is greeted.
fn neighbour((): ()) {
    for count in 1.. {
        let Request { message: (), reply } = receive().expect("a greeting has nothing to misread");
        println!("neighbour: all is well ({count})");
        reply.send(&()).expect("somebody waits");
    }
}

fn wild_pointer((): ()) {
    // SAFETY: there is none, and the sandbox has to bear it.
    unsafe { (usize::MAX as *const u8).read_volatile() };
}

fn bomb((): ()) {
    let mut hoard = Vec::new();
    loop {
        hoard.push(black_box(vec![0xff_u8; 1 << 20]));
    }
}

fn endless((): ()) {
    loop {
        spin_loop();
    }
}

fn main() {
    let neighbour = spawn(neighbour, ());
    greet(neighbour);

    spawn_monitor(wild_pointer, ());
    report("wild pointer");
    greet(neighbour);

    Spawn::new(bomb, ()).memory_max(8 << 20).spawn_monitor().expect("there is room for a small one");
    report("memory bomb");
    greet(neighbour);

    let (endless, _) = spawn_monitor(endless, ());
    (0..3).for_each(|_| greet(neighbour));
    kill(endless).expect("a spawner may");
    report("endless loop");
    greet(neighbour);
}

fn greet(neighbour: Pid) {
    call::<_, ()>(neighbour, &(), Duration::from_secs(5)).expect("it answers");
}

fn report(what: &str) {
    let down: Down = receive().expect("a monitor tells of the end");
    println!("{what}: {}", down.reason);
}

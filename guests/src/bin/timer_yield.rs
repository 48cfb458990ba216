//! F22: who sleeps for no time at all, or yields, lets the others go first.
//!
//! Prints who came when; the order is exact in deterministic mode.

use flower::{Pid, receive, self_pid, send, sleep, spawn, yield_now};
use flower_guests::ms;

fn main() {
    f22(|main: Pid| {
        sleep(ms(0));
        send(main, "a").expect("it waits");
    });
    f22(|main: Pid| {
        yield_now();
        send(main, "a").expect("it waits");
    });
}

fn f22(first: impl Fn(Pid) + Copy + 'static) {
    spawn(first, self_pid());
    spawn(|main: Pid| send(main, "b").expect("it waits"), self_pid());
    let order = [(); 2].map(|()| receive::<String>().expect("a letter"));
    println!("{order:?}");
}

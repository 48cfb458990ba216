//! Two actors that work together: the bookkeeper counts to ten, but has the adder do the sums.
//!
//! A call is a request and the wait for its answer, with a timeout. If the adder died, the call would
//! say so at once.

use std::time::Duration;

use flower::{Pid, call, receive_request, self_pid, spawn, spawn_join};

fn adder((): ()) {
    loop {
        let (i, reply) = receive_request::<u32>().expect("the bookkeeper sends numbers");
        println!("Adder {} is increasing {i}", self_pid());
        reply.send(&(i + 1)).expect("the bookkeeper waits");
    }
}

fn bookkeeper((adder, target): (Pid, u32)) {
    let mut i = 0;
    while i < target {
        i = call(adder, &i, Duration::from_secs(5)).expect("the adder answers");
        println!("Bookkeeper {} got {i} back", self_pid());
    }
}

fn main() {
    let adder = spawn(adder, ());
    let bookkeeper = spawn_join(bookkeeper, (adder, 10));
    bookkeeper.join().expect("the bookkeeper returns");
}

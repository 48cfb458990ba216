//! The chain again, of actors: each has a memory of its own, and is given its two channels when it is spawned.
//!
//! Ten thousand of them, or as many as the first argument says.

use std::env;

use flower::{Receiver, Sender, channel, spawn, task};

fn pass_on((left, right): (Sender<u64>, Receiver<u64>)) {
    let number = right.recv().expect("its right neighbour sends one");
    left.send(number + 1).expect("its left neighbour waits for it");
}

fn main() {
    let size = env::args().nth(1).map_or(10_000, |size| size.parse().expect("the length of the chain"));
    let (mut left, leftmost) = channel(0);
    for _ in 0..size {
        let (next, right) = channel(0);
        spawn(pass_on, (left, right));
        left = next;
    }
    task::spawn(async move { left.send_async(1).await });
    println!("{}", leftmost.recv().expect("it has gone through all of them"));
}

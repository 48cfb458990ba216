//! A hundred thousand tasks in one actor, or as many as the first argument says: a number goes through all of them.
//!
//! Each waits for a number from its right, adds one, and passes it on to its left. They cost no call to the host.

use std::env;

use flower::{Receiver, Sender, channel, task};

async fn pass_on(left: Sender<u64>, right: Receiver<u64>) {
    let number = right.recv_async().await.expect("its right neighbour sends one");
    left.send_async(number + 1).await.expect("its left neighbour waits for it");
}

fn main() {
    let size = env::args().nth(1).map_or(100_000, |size| size.parse().expect("the length of the chain"));
    let (mut left, leftmost) = channel(0);
    for _ in 0..size {
        let (next, right) = channel(0);
        task::spawn(pass_on(left, right));
        left = next;
    }
    task::spawn(async move { left.send_async(1).await });
    println!("{}", leftmost.recv().expect("it has gone through all of them"));
}

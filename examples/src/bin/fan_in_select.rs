//! Multiplexing with `select_async!`: one task listens to two speakers, and takes from the one that is ready.

use flower::{Receiver, channel, select_async, task};
use flower_examples::boring;

fn fan_in(first: Receiver<String>, second: Receiver<String>) -> Receiver<String> {
    let (tx, rx) = channel(0);
    task::spawn(async move {
        loop {
            let line = select_async! {
                line = first.recv() => line,
                line = second.recv() => line,
            };
            let Some(line) = line else { return };
            if tx.send_async(line).await.is_err() {
                return;
            }
        }
    });
    rx
}

fn main() {
    for line in fan_in(boring("Joe"), boring("Ann")).take(10) {
        println!("{line}");
    }
    println!("You are boring; I'm leaving.");
}

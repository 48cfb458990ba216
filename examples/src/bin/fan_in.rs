//! Multiplexing: a task for each of two speakers passes on what it hears, to one listener.
//!
//! Whoever is ready is heard. The lines of one speaker stay in order.

use flower::{Receiver, Sender, channel, task};
use flower_examples::boring;

/// What [`flower::channel::merge`] does.
fn fan_in(inputs: [Receiver<String>; 2]) -> Receiver<String> {
    let (tx, rx) = channel(0);
    for input in inputs {
        task::spawn(pass_on(input, tx.clone()));
    }
    rx
}

async fn pass_on(input: Receiver<String>, output: Sender<String>) {
    while let Some(line) = input.recv_async().await {
        if output.send_async(line).await.is_err() {
            return;
        }
    }
}

fn main() {
    for line in fan_in([boring("Joe"), boring("Ann")]).take(10) {
        println!("{line}");
    }
    println!("You are boring; I'm leaving.");
}

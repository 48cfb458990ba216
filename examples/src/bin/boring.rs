//! A generator: a function that starts a task and returns the channel on which the task speaks.

use flower_examples::boring;

fn main() {
    // When the listener is dropped, the channel is closed, and the task returns.
    for line in boring("boring!").take(5) {
        println!("You say: {line:?}");
    }
    println!("You are boring; I'm leaving.");
}

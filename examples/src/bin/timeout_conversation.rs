//! A timeout for a whole conversation: a channel that has a value after five seconds, beside the one that speaks.

use std::time::Duration;

use flower::{channel, select};
use flower_examples::boring;

fn main() {
    let joe = boring("Joe");
    let timeout = channel::after(Duration::from_secs(5));
    loop {
        select! {
            line = joe.recv() => println!("{}", line.expect("Joe speaks as long as somebody listens")),
            _moment = timeout.recv() => break,
        }
    }
    println!("You talk too much.");
}

//! A timeout for each message: whoever pauses for more than 0.8 s is not listened to any more.

use std::time::Duration;

use flower::select;
use flower_examples::boring;

fn main() {
    let joe = boring("Joe");
    loop {
        select! {
            line = joe.recv() => println!("{}", line.expect("Joe speaks as long as somebody listens")),
            after(Duration::from_millis(800)) => break,
        }
    }
    println!("You're too slow.");
}

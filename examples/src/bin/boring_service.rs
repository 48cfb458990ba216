//! Channels as handles: two speakers, each behind a channel of its own, are heard in turn.
//!
//! Ann may have been ready first; she waits until Joe has been heard.

use flower_examples::boring;

fn main() {
    let (joe, ann) = (boring("Joe"), boring("Ann"));
    for (joe, ann) in joe.zip(ann).take(5) {
        println!("{joe}\n{ann}");
    }
    println!("You are boring; I'm leaving.");
}

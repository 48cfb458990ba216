//! Two actors take turns: `main` is an actor too, and speaks with one that it has spawned.
//!
//! Nothing but `yield_now` makes them alternate. On several threads the lines come in any order, but
//! never one within another.

use flower::{spawn_join, yield_now};

fn say(word: String) {
    for _ in 0..5 {
        yield_now();
        println!("{word}");
    }
}

fn main() {
    let world = spawn_join(say, "world".to_owned());
    say("hello".to_owned());
    world.join().expect("the speaker returns");
}

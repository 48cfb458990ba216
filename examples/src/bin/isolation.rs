//! Nothing is shared: a `static` belongs to one actor, even among actors of the same program.
//!
//! Every actor is an instance of its own. What one writes to its memory no other can see, and it is
//! gone when the actor ends. So nothing needs a lock, and nobody leaves a mess behind.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use flower::{join_all, spawn_join};

static COUNT: AtomicU32 = AtomicU32::new(0);

fn increment(times: u32) -> u32 {
    for _ in 0..times {
        COUNT.fetch_add(1, Relaxed);
    }
    COUNT.load(Relaxed)
}

fn main() {
    COUNT.store(5, Relaxed);
    let actors = [spawn_join(increment, 1000), spawn_join(increment, 1000)];
    for (actor, count) in (1..).zip(join_all(actors)) {
        println!("actor {actor} counted to {}", count.expect("it returns"));
    }
    println!("main still has {}", COUNT.load(Relaxed));
}

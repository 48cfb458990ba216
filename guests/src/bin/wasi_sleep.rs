//! `std::thread::sleep` parks the actor that calls it, and nobody else.
//!
//! Prints when the sleepers were done; exact in virtual time.

use std::thread;

use flower::{Instant, JoinHandle, join_all, spawn_join};
use flower_guests::ms;

fn main() {
    let begin = Instant::now();
    let sleepers: Vec<JoinHandle<()>> =
        (1..=5).map(|n| spawn_join(|n: u64| thread::sleep(ms(10 * n)), n)).collect();
    thread::sleep(ms(1));
    assert!(sleepers.iter().any(|sleeper| !sleeper.is_finished()));
    assert!(join_all(sleepers).iter().all(Result::is_ok));
    let elapsed = begin.elapsed();
    assert!(elapsed >= ms(50), "{elapsed:?}");
    println!("all awake after {} ms", elapsed.as_millis());
}

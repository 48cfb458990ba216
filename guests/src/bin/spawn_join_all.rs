//! A15: joining several gives their results in the order of the handles, failures among them.

use flower::{JoinHandle, join_all, sleep, spawn_join};
use flower_guests::{died, ms};

/// Ends after so many milliseconds with its own number, or with a panic where that is 0.
fn number((delay, number): (u64, u32)) -> u32 {
    sleep(ms(delay));
    assert_ne!(number, 0, "zero is no number");
    number
}

fn start(actors: [(u64, u32); 3]) -> [JoinHandle<u32>; 3] {
    actors.map(|actor| spawn_join(number, actor))
}

fn main() {
    let three = join_all(start([(30, 1), (20, 2), (10, 3)]));
    assert_eq!(three, [Ok(1), Ok(2), Ok(3)]);

    let mut two = join_all(start([(20, 1), (10, 0), (0, 3)]));
    assert_eq!((&two[0], &two[2]), (&Ok(1), &Ok(3)));
    let reason = died(two.swap_remove(1));
    assert!(reason.to_string().contains("zero is no number"), "{reason}");
}

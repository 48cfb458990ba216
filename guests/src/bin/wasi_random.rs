//! Every actor has randomness of its own, and a seed makes it the same again.
//!
//! Prints two numbers; in deterministic mode the same seed gives the same ones.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use flower::{join_all, spawn_join};

fn random((): ()) -> u64 {
    RandomState::new().hash_one(0)
}

fn main() {
    let numbers = join_all((0..10).map(|_| spawn_join(random, ())));
    let numbers: Vec<u64> = numbers.into_iter().map(|number| number.expect("it returns")).collect();
    assert_eq!(numbers.iter().collect::<HashSet<_>>().len(), 10, "{numbers:?}");
    println!("{:016x} {:016x}", random(()), numbers[0]);
}

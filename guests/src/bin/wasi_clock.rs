//! Clocks never go back, agree with one another, and go on while nobody is looking.

#![expect(clippy::disallowed_methods, reason = "std's clocks are what is tested")]

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use flower::sleep;
use flower_guests::ms;

fn main() {
    let (ours, monotonic, wall) = (flower::Instant::now(), Instant::now(), SystemTime::now());
    let year_2000 = UNIX_EPOCH + ms(946_684_800_000);
    assert!(wall >= year_2000, "{wall:?}");
    sleep(ms(25));
    assert!(ours.elapsed() >= ms(25));
    assert!(monotonic.elapsed() >= ms(25));
    let samples: Vec<(flower::Instant, Instant)> =
        (0..1000).map(|_| (flower::Instant::now(), Instant::now())).collect();
    assert!(samples.is_sorted());
}

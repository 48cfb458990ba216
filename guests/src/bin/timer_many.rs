//! 100,000 timers, or as many as the first argument says, run at once; half of them are cancelled.

use std::time::Duration;

use flower::{Event, TimerRef, after, cancel_timer, receive_any};

fn main() {
    let count = std::env::args().nth(1).map_or(100_000, |count| count.parse().expect("a number"));
    let timers: Vec<TimerRef> = (0..count).map(|n| after(delay(n)).expect("a timer is free")).collect();
    assert_eq!(TimerRef::all(), timers);
    let (cancelled, kept): (Vec<_>, Vec<_>) = timers.into_iter().partition(|timer| timer.id() % 2 == 0);
    for timer in cancelled {
        assert!(cancel_timer(timer));
    }
    let mut fired: Vec<TimerRef> = kept.iter().map(|_| next()).collect();
    fired.sort_unstable();
    assert_eq!(fired, kept);
}

/// From two seconds on, in no order: none fires before all are made.
fn delay(n: u64) -> Duration {
    Duration::from_micros(2_000_000 + n * 7919 % 100_000)
}

fn next() -> TimerRef {
    match receive_any() {
        Event::Timer(timer) => timer,
        other => panic!("{other:?}"),
    }
}

//! The restart intensity: how many restarts there were within the period that ends now.

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use super::Spaced;
use crate::Instant;

/// The restarts that still count, the oldest first: one more than allowed at most.
pub(super) struct Intensity {
    max: u32,
    period: Duration,
    recent: VecDeque<Instant>,
}

impl Intensity {
    pub(super) fn new(max: u32, period: Duration) -> Intensity {
        Intensity { max, period, recent: VecDeque::new() }
    }

    /// Counts a restart; false when it is one too many. One that is exactly a period old counts, as in OTP.
    pub(super) fn add(&mut self, now: Instant) -> bool {
        while self.recent.front().is_some_and(|&oldest| oldest + self.period < now) {
            self.recent.pop_front();
        }
        self.recent.push_back(now);
        self.recent.len() <= self.max as usize
    }

    /// What it allows.
    pub(super) fn limit(&self) -> String {
        let plural = if self.max == 1 { "" } else { "s" };
        format!("{} restart{plural} in {}", self.max, Spaced(self.period))
    }
}

/// How near the limit is: `2 of 3 in 5 s`.
impl fmt::Display for Intensity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} in {}", self.recent.len(), self.max, Spaced(self.period))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Adds restarts at these seconds, and tells which were within the limit.
    fn add<const N: usize>(max: u32, period: u64, seconds: [u64; N]) -> [bool; N] {
        let mut intensity = Intensity::new(max, Duration::from_secs(period));
        seconds.map(|second| intensity.add(Instant(second * 1_000_000_000)))
    }

    #[test]
    fn one_more_than_allowed_is_too_many() {
        assert_eq!(add(0, 5, [0]), [false]);
        assert_eq!(add(1, 5, [0, 1]), [true, false]);
        assert_eq!(add(3, 5, [0, 0, 0, 0]), [true, true, true, false]);
    }

    #[test]
    fn a_restart_that_is_exactly_a_period_old_counts() {
        assert_eq!(add(1, 5, [10, 15]), [true, false]);
        assert_eq!(add(1, 5, [10, 16, 22]), [true, true, true]);
        let mut intensity = Intensity::new(1, Duration::from_secs(5));
        assert!(intensity.add(Instant(0)) && intensity.add(Instant(5_000_000_001)));
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut intensity = Intensity::new(2, Duration::MAX);
        assert!(intensity.add(Instant(0)) && intensity.add(Instant(1)) && !intensity.add(Instant(2)));
        assert_eq!(intensity.recent.len(), 3);
    }

    #[test]
    fn it_tells_how_near_the_limit_is() {
        let mut intensity = Intensity::new(3, Duration::from_secs(5));
        intensity.add(Instant(1));
        assert_eq!(intensity.to_string(), "1 of 3 in 5 s");
        assert_eq!(intensity.limit(), "3 restarts in 5 s");
    }
}

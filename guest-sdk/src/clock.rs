//! Time: the host's monotonic clock, and deadlines on it.

use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

use flower_abi::{AT_ONCE, NEVER};

use crate::host;

/// A moment on the host's monotonic clock, the same for all its actors.
///
/// Under `--deterministic` this is virtual time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(pub(crate) u64);

impl Instant {
    /// This moment.
    pub fn now() -> Instant {
        Instant(host::now())
    }

    /// How long ago it was; zero for a moment that has not come yet.
    pub fn elapsed(self) -> Duration {
        Instant::now() - self
    }
}

impl Add<Duration> for Instant {
    type Output = Instant;

    /// Saturates at the end of the clock.
    fn add(self, duration: Duration) -> Instant {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(NEVER);
        Instant(self.0.saturating_add(nanos))
    }
}

impl Sub for Instant {
    type Output = Duration;

    /// Zero when `earlier` is later.
    fn sub(self, earlier: Instant) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Duration::from_nanos(self.0).fmt(f)
    }
}

/// When a wait of this length ends. No time at all asks for no clock.
pub(crate) fn deadline(timeout: Duration) -> u64 {
    if timeout.is_zero() { AT_ONCE } else { (Instant::now() + timeout).0 }
}

/// A period in ns, at least 1: 0 means once.
pub(crate) fn period(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(NEVER).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_and_differences_saturate() {
        let late = Instant(5) + Duration::MAX;
        assert_eq!(late.0, NEVER);
        assert_eq!(Instant(5) - late, Duration::ZERO);
        assert_eq!(Instant(7) - Instant(5), Duration::from_nanos(2));
    }

    #[test]
    fn no_time_asks_for_no_clock() {
        assert_eq!(deadline(Duration::ZERO), AT_ONCE);
        assert_eq!(period(Duration::ZERO), 1);
    }
}

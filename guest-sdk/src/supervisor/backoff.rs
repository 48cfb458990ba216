//! Backoff: the time before a restart, which doubles as long as a child keeps failing.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How long a supervisor waits before it restarts a child.
///
/// The first restart waits for `first`, each one after it twice as long as the one before, up to `max`. A
/// child that has lived for a while starts from `first` again.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Backoff {
    first: Duration,
    max: Duration,
    reset_after: Duration,
}

impl Backoff {
    /// From `first` up to `max`; a child that has lived as long as `max` starts from `first` again.
    pub const fn new(first: Duration, max: Duration) -> Backoff {
        Backoff { first, max, reset_after: max }
    }

    /// How long a child has to live to start from the first wait again.
    pub const fn reset_after(mut self, life: Duration) -> Backoff {
        self.reset_after = life;
        self
    }

    /// The wait before a restart, which so many in a row came before.
    pub(super) fn delay(&self, in_a_row: u32) -> Duration {
        let factor = 1_u32.checked_shl(in_a_row).unwrap_or(u32::MAX);
        self.first.saturating_mul(factor).min(self.max)
    }

    /// Whether a child that has lived so long starts from the first wait again.
    pub(super) fn forgives(&self, life: Duration) -> bool {
        life >= self.reset_after
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    #[test]
    fn a_wait_doubles_up_to_the_longest() {
        let backoff = Backoff::new(ms(100), ms(1000));
        assert_eq!(
            [0, 1, 2, 3, 4, 31, 32, u32::MAX].map(|n| backoff.delay(n)),
            [ms(100), ms(200), ms(400), ms(800), ms(1000), ms(1000), ms(1000), ms(1000)]
        );
    }

    #[test]
    fn a_long_life_is_forgiven() {
        let backoff = Backoff::new(ms(1), ms(50));
        assert!(backoff.forgives(ms(50)) && !backoff.forgives(ms(49)));
        assert!(backoff.reset_after(ms(10)).forgives(ms(10)));
    }
}

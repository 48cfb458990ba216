//! The host's only contact with the machine's clocks; everybody else asks [`Outside`](crate::outside).
#![expect(clippy::disallowed_methods, reason = "this is the one place that may read a clock")]

#[cfg(test)]
mod tests;

use std::time::SystemTime;

/// A point on the machine's monotonic clock.
pub(crate) struct Instant(std::time::Instant);

impl Instant {
    /// Now.
    pub(crate) fn now() -> Instant {
        Instant(std::time::Instant::now())
    }

    /// Nanoseconds since then.
    pub(crate) fn elapsed_ns(&self) -> u64 {
        self.0.elapsed().as_nanos() as u64
    }
}

/// Nanoseconds since 1970 by the machine's calendar clock; 0 when it stands before that.
pub(crate) fn realtime_ns() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let now = since.map_or(0, |duration| duration.as_nanos() as u64);
    #[cfg(test)]
    let now = now.wrapping_add_signed(tests::SHIFT_NS.load(std::sync::atomic::Ordering::Relaxed));
    now
}

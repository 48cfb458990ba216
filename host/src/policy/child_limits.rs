//! What an actor may set for its children: bounds below those of the host.

use std::time::Duration;

use crate::limits::Limits;
use crate::spawn::Options;

/// Limits that an actor may set for its children at most; what is `None` follows the host's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChildLimits {
    /// Linear memory of one child, in bytes.
    pub memory_max: Option<u64>,
    /// Messages in one mailbox.
    pub mailbox_len_max: Option<u32>,
    /// Bytes in one mailbox.
    pub mailbox_bytes_max: Option<u64>,
    /// How long one may run without waiting.
    pub run_time_max: Option<Duration>,
}

impl ChildLimits {
    /// What a child asks for, as far as it may have it.
    pub(crate) fn bound(&self, asked: &mut Options, host: &Limits) {
        fn least<T: Copy + Ord>(asked: &mut Option<T>, max: Option<T>, host: T) {
            if asked.is_some() || max.is_some() {
                *asked = Some(asked.unwrap_or(host).min(max.unwrap_or(host)).min(host));
            }
        }
        least(&mut asked.memory_max, self.memory_max, host.memory_max);
        least(&mut asked.mailbox_len_max, self.mailbox_len_max, host.mailbox_len_max);
        least(&mut asked.mailbox_bytes_max, self.mailbox_bytes_max, host.mailbox_bytes_max);
        // Without a limit of the host any time is less.
        let time = self.run_time_max.map(|time| time.as_nanos() as u64);
        asked.run_time_max_ns = [asked.run_time_max_ns, time].into_iter().flatten().min();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_of_children_only_shrink() {
        let host = Limits::default();
        let caps = ChildLimits {
            memory_max: Some(1 << 20),
            run_time_max: Some(Duration::from_secs(1)),
            ..ChildLimits::default()
        };
        let mut asked =
            Options { memory_max: Some(1 << 30), mailbox_len_max: Some(u32::MAX), ..Options::default() };
        caps.bound(&mut asked, &host);
        assert_eq!((asked.memory_max, asked.mailbox_len_max), (Some(1 << 20), Some(host.mailbox_len_max)));
        assert_eq!((asked.mailbox_bytes_max, asked.run_time_max_ns), (None, Some(1_000_000_000)));
        let mut none = Options::default();
        ChildLimits::default().bound(&mut none, &host);
        assert_eq!((none.memory_max, none.run_time_max_ns), (None, None), "nothing asked, nothing set");
    }
}

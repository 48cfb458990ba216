//! What the kernel gives a process once, counted before it refuses: mappings and addresses.
//!
//! Past `vm.max_map_count` not only does `mmap` fail but malloc too, and with it whatever runs in the
//! process. So whoever makes mappings in number takes them from this account first, and whoever is
//! refused here can still be told so. The account is the process's, as the kernel's is, and the hosts of a
//! process share it.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Addresses that may be reserved: a process has 128 TiB, and where none is left malloc fails.
pub(crate) const ADDRESS_BYTES_MAX: usize = 96 << 40;

/// The part of the kernel's mappings that is left to everybody else: libraries, threads, malloc.
const RESERVED_PART: usize = 8;

/// The part of either account that is left to chunks of slabs, of which a few serve many actors.
const CHUNKS_PART: usize = 16;

/// Addresses taken, against [`ADDRESS_BYTES_MAX`].
static ADDRESS_BYTES: AtomicUsize = AtomicUsize::new(0);

/// Mappings taken, against [`mappings_max`].
static MAPPINGS: AtomicUsize = AtomicUsize::new(0);

/// A share of both, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Share {
    mappings: u32,
    address_bytes: usize,
}

impl Share {
    /// Takes so many mappings and addresses, if there are as many of both.
    pub(crate) fn take(mappings: u32, address_bytes: usize) -> Option<Share> {
        Share::take_up_to(mappings, address_bytes, |max| max)
    }

    /// The same for a single actor, whose spawn is refused sooner than the chunks of those that live.
    pub(crate) fn take_for_actor(mappings: u32, address_bytes: usize) -> Option<Share> {
        Share::take_up_to(mappings, address_bytes, |max| max - max / CHUNKS_PART)
    }

    fn take_up_to(mappings: u32, address_bytes: usize, limit: impl Fn(usize) -> usize) -> Option<Share> {
        if !take(&MAPPINGS, mappings as usize, limit(mappings_max())) {
            return None;
        }
        if !take(&ADDRESS_BYTES, address_bytes, limit(ADDRESS_BYTES_MAX)) {
            MAPPINGS.fetch_sub(mappings as usize, Ordering::Relaxed);
            return None;
        }
        Some(Share { mappings, address_bytes })
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        MAPPINGS.fetch_sub(self.mappings as usize, Ordering::Relaxed);
        ADDRESS_BYTES.fetch_sub(self.address_bytes, Ordering::Relaxed);
    }
}

/// Mappings that may be taken in all.
pub(crate) fn mappings_max() -> usize {
    static MAX: LazyLock<usize> = LazyLock::new(|| {
        let kernel = kernel_mappings_max();
        kernel - kernel / RESERVED_PART
    });
    *MAX
}

fn take(account: &AtomicUsize, amount: usize, max: usize) -> bool {
    let more = |taken: usize| taken.checked_add(amount).filter(|&sum| sum <= max);
    account.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok()
}

/// The kernel's limit, which an administrator may have changed.
#[cfg(target_os = "linux")]
fn kernel_mappings_max() -> usize {
    const DEFAULT: usize = 65_530;
    let text = std::fs::read_to_string("/proc/sys/vm/max_map_count");
    text.ok().and_then(|text| text.trim().parse().ok()).unwrap_or(DEFAULT)
}

/// Other systems know no such limit.
#[cfg(not(target_os = "linux"))]
fn kernel_mappings_max() -> usize {
    usize::MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_there_is_takes_nothing() {
        assert!(Share::take(u32::MAX, 0).is_none());
        assert!(Share::take(1, usize::MAX).is_none());
        // Had the refused ones been kept, as much again would not be there.
        assert!(Share::take(u32::try_from(mappings_max() / 4).expect("a limit"), 1 << 40).is_some());
        assert!(Share::take(u32::try_from(mappings_max() / 4).expect("a limit"), 1 << 40).is_some());
    }

    #[test]
    fn an_account_ends_at_its_limit_and_not_before() {
        let account = AtomicUsize::new(0);
        assert!(take(&account, 3, 4) && !take(&account, 2, 4) && take(&account, 1, 4));
        assert!(!take(&account, usize::MAX, 4), "the sum overflows");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn something_is_left_to_everybody_else() {
        assert!(mappings_max() < kernel_mappings_max());
    }
}

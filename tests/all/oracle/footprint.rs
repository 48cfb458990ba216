//! What a process has of the machine. It is looked at only where a test runs alone, since other tests have theirs in
//! the same process.

use std::fs;
use std::time::Duration;

/// The variable that asks for the look; `cargo xtask spec` sets it, for one attack at a time.
const VARIABLE: &str = "FLOWER_FOOTPRINT";

/// Attacks before the one that is looked at: pools of threads and the allocator's free lists have grown to what it takes.
pub(super) const WARM_UPS: usize = 4;

/// How soon everything has to be back.
const PATIENCE: Duration = Duration::from_secs(5);

/// Between two looks.
const INTERVAL: Duration = Duration::from_millis(100);

/// In a hundred, what memory and mappings may differ by.
const PERCENT: u64 = 2;

/// Whether this test runs alone and is to look.
pub(super) fn is_asked_for() -> bool {
    std::env::var_os(VARIABLE).is_some()
}

/// Memory, threads, mappings and descriptors of this process.
#[derive(Clone, Copy, Debug)]
pub(super) struct Footprint {
    resident_kib: u64,
    threads: u64,
    mappings: u64,
    descriptors: u64,
}

impl Footprint {
    /// What it has now.
    pub(super) fn now() -> Footprint {
        let status = fs::read_to_string("/proc/self/status").expect("the kernel tells");
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("the kernel tells");
            line.split_whitespace().next().and_then(|word| word.parse().ok()).expect("a number")
        };
        let maps = fs::read_to_string("/proc/self/maps").expect("the kernel tells");
        Footprint {
            resident_kib: field("VmRSS:"),
            threads: field("Threads:"),
            mappings: maps.lines().count() as u64,
            descriptors: fs::read_dir("/proc/self/fd").expect("the kernel tells").count() as u64,
        }
    }

    /// The larger of each.
    pub(super) fn max(self, other: Footprint) -> Footprint {
        Footprint {
            resident_kib: self.resident_kib.max(other.resident_kib),
            threads: self.threads.max(other.threads),
            mappings: self.mappings.max(other.mappings),
            descriptors: self.descriptors.max(other.descriptors),
        }
    }

    /// Waits until the process is as small as this, and fails if it does not become so.
    pub(super) async fn expect_back(self) {
        let mut now = Footprint::now();
        for _ in 0..PATIENCE.as_millis() / INTERVAL.as_millis() {
            now = Footprint::now();
            if now.is_back_to(self) {
                return;
            }
            tokio::time::sleep(INTERVAL).await;
        }
        panic!("what the attack took is not back after {PATIENCE:?}: {now:?}, from {self:?}");
    }

    fn is_back_to(self, before: Footprint) -> bool {
        let about = |now: u64, before: u64| now * 100 <= before * (100 + PERCENT);
        about(self.resident_kib, before.resident_kib)
            && about(self.mappings, before.mappings)
            && self.threads <= before.threads
            && self.descriptors <= before.descriptors
    }
}

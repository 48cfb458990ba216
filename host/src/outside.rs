//! The seam: everything an actor can observe of the world enters through [`Outside`].
//!
//! [`Real`] is the world as it is; [`Simulated`] is a world that follows from a seed: its clock
//! moves only when every actor waits, or one has used up its slice; its randomness and its choices come from one generator. A
//! recorder or a replayer is another implementation. Nothing else in the host reads a clock, makes
//! a random number or chooses among runnable actors.

use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use rand_chacha::ChaCha12Rng;
use rand_core::{RngCore, SeedableRng};

use crate::clock;

/// What the host asks the world for.
pub(crate) trait Outside: Send + Sync + 'static {
    /// Nanoseconds since the host was made.
    fn monotonic_ns(&self) -> u64;

    /// Nanoseconds since 1970.
    fn realtime_ns(&self) -> u64;

    /// A random number: incarnations, secrets and the seeds of actors' generators.
    fn random(&self) -> u64;

    /// Which of `len` runnable actors goes next, or `None` for the scheduler's own order.
    fn choose(&self, len: usize) -> Option<usize>;

    /// Every actor waits: moves a virtual clock to `deadline` and answers true, or answers false.
    fn jump_to(&self, deadline_ns: u64) -> bool;

    /// An actor has used up a slice of `ns`: a virtual clock moves on, so that a busy actor cannot stop time.
    fn pass(&self, ns: u64);

    /// Whether an actor's memory may grow by `bytes`.
    fn admit_growth(&self, bytes: u64) -> bool;
}

/// The world as it is.
pub(crate) struct Real {
    start: clock::Instant,
    rng: Mutex<ChaCha12Rng>,
}

impl Real {
    /// A world whose randomness follows `seed`, or the operating system's when there is none.
    pub(crate) fn new(seed: Option<u64>) -> Real {
        let rng = seed.map_or_else(ChaCha12Rng::from_os_rng, ChaCha12Rng::seed_from_u64);
        Real { start: clock::Instant::now(), rng: Mutex::new(rng) }
    }
}

impl Outside for Real {
    fn monotonic_ns(&self) -> u64 {
        self.start.elapsed_ns()
    }

    fn realtime_ns(&self) -> u64 {
        clock::realtime_ns()
    }

    fn random(&self) -> u64 {
        self.rng.lock().next_u64()
    }

    fn choose(&self, _len: usize) -> Option<usize> {
        None
    }

    fn jump_to(&self, _deadline_ns: u64) -> bool {
        false
    }

    fn pass(&self, _ns: u64) {}

    fn admit_growth(&self, _bytes: u64) -> bool {
        true
    }
}

/// A world that follows from a seed.
pub(crate) struct Simulated {
    now_ns: AtomicU64,
    rng: Mutex<ChaCha12Rng>,
    shuffled: bool,
}

impl Simulated {
    /// When a simulated world begins: 2000-01-01, so that dates look like dates.
    const EPOCH_NS: u64 = 946_684_800_000_000_000;

    /// The world of this seed. Without a seed the order of actors is first come, first served.
    pub(crate) fn new(seed: Option<u64>) -> Simulated {
        Simulated {
            now_ns: AtomicU64::new(0),
            rng: Mutex::new(ChaCha12Rng::seed_from_u64(seed.unwrap_or(0))),
            shuffled: seed.is_some(),
        }
    }
}

impl Outside for Simulated {
    fn monotonic_ns(&self) -> u64 {
        self.now_ns.load(Ordering::Relaxed)
    }

    fn realtime_ns(&self) -> u64 {
        // A guest may have let virtual time run to its end.
        Self::EPOCH_NS.saturating_add(self.monotonic_ns())
    }

    fn random(&self) -> u64 {
        self.rng.lock().next_u64()
    }

    fn choose(&self, len: usize) -> Option<usize> {
        (self.shuffled && len > 1).then(|| (self.rng.lock().next_u64() % len as u64) as usize)
    }

    fn jump_to(&self, deadline_ns: u64) -> bool {
        self.now_ns.fetch_max(deadline_ns, Ordering::Relaxed);
        true
    }

    fn pass(&self, ns: u64) {
        self.now_ns.fetch_add(ns, Ordering::Relaxed);
    }

    fn admit_growth(&self, _bytes: u64) -> bool {
        true
    }
}

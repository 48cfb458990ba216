//! What the host tells of itself: the accounts of messages and actors. Crashes are told of by [`crash`](crate::crash).
//!
//! The accounts hold to the unit: `sent = received + refused + queued + dropped`. A worker counts in
//! a shard of its own with plain loads and stores; every other thread shares one with atomic adds.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};

use crossbeam_utils::CachePadded;

/// What is counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Count {
    /// Messages that an actor, a timer or native code sent, and values sent over channels.
    Sent,
    /// Messages handed to their receiver.
    Received,
    /// Messages that the sender was told are not accepted.
    Refused,
    /// Messages that their receiver's death left behind, and values that of the last one.
    DroppedDead,
    /// Replies that came when nobody waited any more.
    DroppedLate,
    /// Messages that their receiver flushed.
    DroppedFlushed,
    /// Timer ticks left out because the one before was not yet read, and what a full channel dropped by its policy.
    DroppedOverflow,
    /// Actors spawned.
    Spawned,
    /// Actors ended.
    Ended,
    /// Actors that ended by a crash.
    Crashed,
    /// Things that an actor wanted and that were not granted.
    NotGranted,
}

/// How many counts there are.
const COUNTS: usize = 11;

/// Numbers that a worker changes in a shard of its own with plain loads and stores; every other thread shares one with
/// atomic adds.
pub(crate) struct Sharded<const NUMBERS: usize> {
    shards: Box<[CachePadded<[AtomicU64; NUMBERS]>]>,
}

thread_local! {
    /// The shard that this thread alone writes, if it is a worker's.
    static OWN_SHARD: Cell<Option<usize>> = const { Cell::new(None) };
}

/// Says that this thread has the core with this index, or none, and so owns that core's shard.
pub(crate) fn set_shard(core: Option<usize>) {
    OWN_SHARD.set(core);
}

impl<const NUMBERS: usize> Sharded<NUMBERS> {
    /// A shard for each worker, and one for all other threads.
    pub(crate) fn new(workers: usize) -> Sharded<NUMBERS> {
        let shard = |_| CachePadded::new(std::array::from_fn(|_| AtomicU64::new(0)));
        Sharded { shards: (0..=workers).map(shard).collect() }
    }

    /// Adds to a number; it wraps around, so that one can subtract, too.
    pub(crate) fn add(&self, number: usize, amount: u64) {
        match OWN_SHARD.get().and_then(|core| self.shards.get(core)) {
            Some(shard) => {
                let sum = shard[number].load(Ordering::Relaxed).wrapping_add(amount);
                shard[number].store(sum, Ordering::Relaxed);
            }
            None => _ = self.shards[self.shards.len() - 1][number].fetch_add(amount, Ordering::Relaxed),
        }
    }

    /// The sum over all threads.
    pub(crate) fn sum(&self, number: usize) -> u64 {
        let number = |shard: &CachePadded<[AtomicU64; NUMBERS]>| shard[number].load(Ordering::Relaxed);
        self.shards.iter().map(number).fold(0, u64::wrapping_add)
    }
}

/// The accounts of one host.
pub(crate) struct Counters(Sharded<COUNTS>);

impl Counters {
    /// All at nothing.
    pub(crate) fn new(workers: usize) -> Counters {
        Counters(Sharded::new(workers))
    }

    /// Counts one.
    pub(crate) fn add(&self, count: Count) {
        self.add_many(count, 1);
    }

    /// Counts several.
    pub(crate) fn add_many(&self, count: Count, amount: u64) {
        self.0.add(count as usize, amount);
    }

    /// The sum over all threads.
    pub(crate) fn get(&self, count: Count) -> u64 {
        self.0.sum(count as usize)
    }
}

/// The accounts at one moment. They balance whenever no actor runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Accounts {
    /// Messages sent, replies, timer messages and values over channels included.
    pub sent: u64,
    /// Messages handed to their receiver.
    pub received: u64,
    /// Messages that the sender was told are not accepted.
    pub refused: u64,
    /// Messages that wait, and values in channels.
    pub queued: u64,
    /// Messages whose receiver had ended before it took them, and values whose last receiver had.
    pub dropped_dead_receiver: u64,
    /// Replies that came when nobody waited any more.
    pub dropped_late_reply: u64,
    /// Messages that their receiver flushed.
    pub dropped_flushed: u64,
    /// Ticks left out because the one before was not yet read, and values that a full channel dropped by its policy.
    pub dropped_overflow: u64,
    /// Actors spawned.
    pub spawned: u64,
    /// Actors ended.
    pub ended: u64,
    /// Actors that ended by a crash.
    pub crashed: u64,
    /// Things that an actor wanted and that were not granted to it.
    pub not_granted: u64,
}

impl Accounts {
    /// Whether every message is accounted for.
    pub fn balance(&self) -> bool {
        let dropped = self.dropped_dead_receiver
            + self.dropped_late_reply
            + self.dropped_flushed
            + self.dropped_overflow;
        self.sent == self.received + self.refused + self.queued + dropped
    }
}

//! Timers: one ordered queue of deadlines for the host, looked at by the workers.
//!
//! A deadline is exact: timers fire in order of their deadline, and of their making where two are
//! equal, and never early. No thread belongs to them; a worker that parks sleeps until the next one,
//! a busy one looks at every tick.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};

use flower_abi::NEVER;
use parking_lot::Mutex;
use rustc_hash::FxBuildHasher;

use crate::actor::Owned;
use crate::budget::Resource;
use crate::observe::Count;
use crate::pid::ActorId;
use crate::shared::Shared;
use crate::signal::{Envelope, Signal};

/// Names one armed timer: it is found, and cancelled, by this.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct TimerKey {
    pub(crate) deadline: u64,
    pub(crate) number: u64,
}

/// What a timer does when it fires.
#[derive(Debug, Clone)]
pub(crate) enum Firing {
    /// Lets an actor look at the clock: its park has a deadline.
    Wake(ActorId),
    /// The deadline of an actor's request has passed.
    Timeout { actor: ActorId, reference: u64 },
    /// Sends a message that was handed over before; again after `period_ns` unless that is 0.
    Send { owner: ActorId, to: ActorId, period_ns: u64, envelope: Box<Envelope> },
}

/// The armed timers of one host.
pub(crate) struct Timers {
    armed: Mutex<Armed>,
    /// Held by the one worker that delivers what is due.
    firing: Mutex<()>,
    /// The first deadline, so that a look costs one load while nothing is due.
    next: AtomicU64,
}

#[derive(Default)]
struct Armed {
    queue: BTreeMap<TimerKey, Firing>,
    /// Where the timers that fire again and again stand now, by number.
    moved: HashMap<u64, u64, FxBuildHasher>,
    last: u64,
}

impl Timers {
    /// Nothing armed.
    pub(crate) fn new() -> Timers {
        Timers { armed: Mutex::default(), firing: Mutex::default(), next: AtomicU64::new(NEVER) }
    }

    /// Arms a timer. Also tells whether it is now the first, so that a parked worker must be told.
    pub(crate) fn arm(&self, deadline: u64, firing: Firing) -> (TimerKey, bool) {
        let mut armed = self.armed.lock();
        armed.last += 1;
        let key = TimerKey { deadline, number: armed.last };
        armed.queue.insert(key, firing);
        (key, self.note_next(&armed) == key.deadline)
    }

    /// Disarms just this timer; returns what it would have done, or `None` when it has fired.
    pub(crate) fn cancel(&self, key: TimerKey) -> Option<Firing> {
        let mut armed = self.armed.lock();
        let deadline = armed.moved.remove(&key.number).unwrap_or(key.deadline);
        let firing = armed.queue.remove(&TimerKey { deadline, ..key });
        self.note_next(&armed);
        firing
    }

    /// When the next one is due, or [`NEVER`].
    pub(crate) fn next(&self) -> u64 {
        self.next.load(Ordering::Acquire)
    }

    /// Takes the first timer that is due at `now`. One with a period is armed again under the same lock,
    /// so that whoever cancels it finds it.
    pub(crate) fn pop_due(&self, now: u64) -> Option<(TimerKey, Firing)> {
        if self.next() > now {
            return None;
        }
        let mut armed = self.armed.lock();
        let first = armed.queue.first_entry().filter(|entry| entry.key().deadline <= now)?;
        let (key, firing) = first.remove_entry();
        if let Firing::Send { period_ns: 1.., .. } = firing {
            armed.repeat(key, now, firing.clone());
        }
        self.note_next(&armed);
        Some((key, firing))
    }

    /// Whether nothing is armed.
    pub(crate) fn is_empty(&self) -> bool {
        self.next() == NEVER
    }

    fn note_next(&self, armed: &Armed) -> u64 {
        let next = armed.queue.first_key_value().map_or(NEVER, |(key, _)| key.deadline);
        self.next.store(next, Ordering::Release);
        next
    }
}

impl Armed {
    /// Arms a timer that fires once more. Deadlines that have passed already are left out.
    fn repeat(&mut self, key: TimerKey, now: u64, firing: Firing) {
        let Firing::Send { period_ns, .. } = firing else { return };
        let behind = now.saturating_sub(key.deadline) / period_ns;
        let deadline = key.deadline.saturating_add(period_ns.saturating_mul(behind + 1));
        self.moved.insert(key.number, deadline);
        self.queue.insert(TimerKey { deadline, ..key }, firing);
    }
}

impl Shared {
    /// Arms the deadline of a park.
    pub(crate) fn arm_wake(&self, actor: ActorId, deadline: u64) -> TimerKey {
        self.arm(deadline, Firing::Wake(actor))
    }

    /// Arms a timer, and lets a sleeping worker know if it is the next one.
    pub(crate) fn arm(&self, deadline: u64, firing: Firing) -> TimerKey {
        let (key, is_next) = self.timers.arm(deadline, firing);
        if is_next {
            self.scheduler.timers_changed();
        }
        key
    }

    /// Cancels an actor's timer; true if it had not fired for good.
    pub(crate) fn cancel_timer(&self, owned: &mut Owned, key: TimerKey) -> bool {
        owned.charge.remove(Resource::Timers, 1);
        self.disarm(key)
    }

    /// Disarms a timer, and gives back the place that its message had with another actor.
    pub(crate) fn disarm(&self, key: TimerKey) -> bool {
        let firing = self.timers.cancel(key);
        if let Some(Firing::Send { owner, to, period_ns: 0, envelope }) = &firing
            && to != owner
        {
            self.release(*to, envelope);
        }
        firing.is_some()
    }

    /// Fires every timer that is due.
    pub(crate) fn fire_timers(&self) {
        if self.timers.is_empty() {
            return;
        }
        // One at a time, or two timers of one actor could overtake each other.
        let Some(_firing) = self.timers.firing.try_lock() else { return };
        let now = self.now();
        while let Some((key, firing)) = self.timers.pop_due(now) {
            self.fire(key, firing);
        }
    }

    fn fire(&self, key: TimerKey, firing: Firing) {
        match firing {
            Firing::Wake(actor) => self.wake(actor.slot),
            Firing::Timeout { actor, reference } => {
                self.signal(actor, Signal::Timeout { reference });
            }
            Firing::Send { owner, to, period_ns: 0, envelope } if to != owner => {
                let reference = envelope.reference;
                self.send_reserved(to, envelope);
                self.signal(owner, Signal::TimerDone { reference });
            }
            Firing::Send { owner, to, period_ns, envelope } => {
                self.tick(key, owner, to, envelope, period_ns > 0);
            }
        }
    }

    /// Delivers a timer to its owner, or one tick to another actor. With that one's end the ticking ends.
    fn tick(&self, key: TimerKey, owner: ActorId, to: ActorId, envelope: Box<Envelope>, repeats: bool) {
        self.counters.add(Count::Sent);
        let (reference, is_full) = (envelope.reference, to != owner && !self.has_room(to, envelope.size()));
        if is_full && self.is_alive(to) {
            self.counters.add(Count::DroppedOverflow);
        } else if !self.signal(to, Signal::Timer { envelope, repeats }) {
            self.counters.add(Count::DroppedDead);
            self.timers.cancel(key);
            self.signal(owner, Signal::TimerDone { reference });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wake(serial: u64) -> Firing {
        Firing::Wake(ActorId { slot: 0, serial })
    }

    fn fired(timers: &Timers, now: u64) -> Vec<u64> {
        let due = std::iter::from_fn(|| timers.pop_due(now));
        due.map(|(_, firing)| match firing {
            Firing::Wake(id) => id.serial,
            other => panic!("only wakes were armed, not {other:?}"),
        })
        .collect()
    }

    #[test]
    fn they_fire_in_order_of_deadline_and_then_of_making() {
        let timers = Timers::new();
        for (deadline, serial) in [(400, 1), (100, 2), (400, 3)] {
            timers.arm(deadline, wake(serial));
        }
        assert_eq!(timers.next(), 100);
        assert_eq!(fired(&timers, 399), [2]);
        assert_eq!(fired(&timers, 400), [1, 3]);
        assert!(timers.is_empty());
    }

    #[test]
    fn cancelling_one_leaves_the_other_of_the_same_deadline() {
        let timers = Timers::new();
        let (first, is_next) = timers.arm(5, wake(1));
        timers.arm(5, wake(2));
        assert!(is_next);
        assert!(timers.cancel(first).is_some());
        assert!(timers.cancel(first).is_none());
        assert_eq!(fired(&timers, 5), [2]);
    }
}

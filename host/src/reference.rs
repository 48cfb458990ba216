//! References: the never-reused numbers under which an actor's open requests, monitors, timers and
//! notices stand in its own table. [Handles](crate::handle) have numbers of the same kind.

use std::collections::HashMap;

use flower_abi::Delivery;
use flower_abi::message::RefKind;
use rustc_hash::FxBuildHasher;

use crate::channel::Selecting;
use crate::net::Lookup;
use crate::pid::ActorId;
use crate::timer::TimerKey;

/// What an open reference stands for.
#[derive(Debug)]
pub(crate) enum Reference {
    /// A reply is awaited from `to`; `timer` tells of the deadline.
    Request { to: ActorId, delivery: Delivery, timer: Option<TimerKey> },
    /// The end of `of` is awaited.
    Monitor { of: ActorId, delivery: Delivery },
    /// A timer runs, and again after `period_ns` unless that is 0.
    Timer { key: TimerKey },
    /// Room in the mailbox of `of` is awaited; `parked` inside `send_wait`.
    Room { of: ActorId, parked: bool },
    /// One of several operations on channels is awaited.
    Select(Box<Selecting>),
    /// A name that is looked up, or what was found.
    Lookup(Box<Lookup>),
}

impl Reference {
    /// Its kind, as guests list it.
    pub(crate) fn kind(&self) -> RefKind {
        match self {
            Reference::Request { .. } => RefKind::Request,
            Reference::Monitor { .. } => RefKind::Monitor,
            Reference::Timer { .. } => RefKind::Timer,
            Reference::Room { .. } => RefKind::Room,
            Reference::Select(_) => RefKind::Select,
            Reference::Lookup(_) => RefKind::Lookup,
        }
    }
}

/// An actor's open references.
#[derive(Default)]
pub(crate) struct References {
    open: HashMap<u64, Reference, FxBuildHasher>,
    last: u64,
    timers: u32,
}

impl References {
    /// The number that the next reference will have.
    pub(crate) fn next(&self) -> u64 {
        self.last + 1
    }

    /// A number that is never used again, for something that stands elsewhere, or is not there yet.
    pub(crate) fn number(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// Opens a reference and returns its number, which is never used again.
    pub(crate) fn open(&mut self, reference: Reference) -> u64 {
        let number = self.number();
        self.put(number, reference);
        number
    }

    /// Opens a reference under a number that was taken for it.
    pub(crate) fn put(&mut self, number: u64, reference: Reference) {
        self.timers += u32::from(reference.kind() == RefKind::Timer);
        self.open.insert(number, reference);
    }

    /// Closes a reference and returns what it stood for.
    pub(crate) fn close(&mut self, number: u64) -> Option<Reference> {
        let reference = self.open.remove(&number)?;
        self.timers -= u32::from(reference.kind() == RefKind::Timer);
        Some(reference)
    }

    /// What a number stands for.
    pub(crate) fn get(&self, number: u64) -> Option<&Reference> {
        self.open.get(&number)
    }

    /// The same, to be changed; its kind must stay.
    pub(crate) fn get_mut(&mut self, number: u64) -> Option<&mut Reference> {
        self.open.get_mut(&number)
    }

    /// How many references other than timers are open.
    pub(crate) fn others(&self) -> u32 {
        self.open.len() as u32 - self.timers
    }

    /// Every open reference, in no order.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Reference> + Clone {
        self.open.values()
    }

    /// The open numbers of one kind, the oldest first.
    pub(crate) fn of_kind(&self, kind: u32) -> Vec<u64> {
        let matching = self.open.iter().filter(|(_, reference)| reference.kind() as u32 == kind);
        let mut numbers: Vec<u64> = matching.map(|(number, _)| *number).collect();
        numbers.sort_unstable();
        numbers
    }

    /// Closes everything, the oldest first.
    pub(crate) fn drain(&mut self) -> Vec<(u64, Reference)> {
        let mut all: Vec<_> = self.open.drain().collect();
        all.sort_unstable_by_key(|(number, _)| *number);
        self.timers = 0;
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TO: ActorId = ActorId { slot: 1, serial: 2 };

    #[test]
    fn numbers_are_never_reused_and_listed_by_kind() {
        let mut references = References::default();
        let monitor = || Reference::Monitor { of: TO, delivery: Delivery::Held };
        let first = references.open(monitor());
        assert!(matches!(references.close(first), Some(Reference::Monitor { of: TO, .. })));
        let second = references.open(monitor());
        let timer = references.open(Reference::Timer { key: TimerKey { deadline: 1, number: 1 } });
        assert!(second > first);
        assert_eq!(references.of_kind(RefKind::Monitor as u32), [second]);
        assert_eq!(references.of_kind(RefKind::Timer as u32), [timer]);
        assert_eq!(references.others(), 1);
        assert!(references.close(first).is_none());
    }
}

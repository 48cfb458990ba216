//! The mailbox: what an actor has been sent and has not yet taken, in order of arrival.
//!
//! Only the actor's own worker touches it; what others send waits in the
//! [signal queue](crate::actor::SignalQueue) until it is drained into here.

use std::collections::{HashSet, VecDeque};

use flower_abi::{Filter, Kind, Pid};
use rustc_hash::FxBuildHasher;
use smallvec::SmallVec;

use crate::limits::QUEUE_KEEP;
use crate::pid::ActorId;
use crate::signal::Envelope;

/// Messages in order of arrival, with the cursor of a scan.
#[derive(Default)]
pub(crate) struct Mailbox {
    items: VecDeque<Box<Envelope>>,
    cursor: usize,
    /// How many of them are not a user's: completions, ends, and the like.
    system_len: usize,
    /// The timers that have an unread tick here, by who started them.
    ticks: HashSet<(ActorId, u64), FxBuildHasher>,
}

impl Mailbox {
    /// Puts a message behind all others.
    pub(crate) fn push(&mut self, envelope: Box<Envelope>) {
        if !is_plain(&envelope) {
            self.note_pushed(&envelope);
        }
        self.items.push_back(envelope);
    }

    /// How many messages wait.
    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    /// What waits, in order of arrival.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Envelope> + Clone {
        self.items.iter().map(|item| &**item)
    }

    /// How many of them are not a user's, and so were not refused for want of room.
    pub(crate) fn system_len(&self) -> usize {
        self.system_len
    }

    /// Takes the first message.
    pub(crate) fn pop(&mut self) -> Option<Box<Envelope>> {
        self.take_at(0)
    }

    /// Takes the first message that a filter matches, looking from `from` on; or, where `stops`, a request
    /// to stop that comes before it.
    pub(crate) fn take(&mut self, filters: &Filters, from: usize, stops: bool) -> Option<Box<Envelope>> {
        let at = self.find(filters, from, stops)?;
        self.take_at(at)
    }

    /// The message that stands there.
    pub(crate) fn get(&self, at: usize) -> Option<&Envelope> {
        self.items.get(at).map(|item| &**item)
    }

    /// Takes the message that stands there.
    pub(crate) fn take_from(&mut self, at: usize) -> Option<Box<Envelope>> {
        self.take_at(at)
    }

    /// Where the message stands that [`Mailbox::take`] would take.
    pub(crate) fn find(&self, filters: &Filters, from: usize, stops: bool) -> Option<usize> {
        let from = from.min(self.items.len());
        let suits = |item: &Envelope| filters.matches(item) || (stops && item.kind == Kind::Stop);
        let at = self.items.range(from..).position(|item| suits(item))?;
        Some(from + at)
    }

    /// The next message behind the cursor, which moves past it.
    pub(crate) fn scan(&mut self) -> Option<&Envelope> {
        let next = self.items.get(self.cursor)?;
        self.cursor += 1;
        Some(next)
    }

    /// Whether a scan would find a message.
    pub(crate) fn can_scan(&self) -> bool {
        self.cursor < self.items.len()
    }

    /// Ends a scan; takes the message that was looked at last if told to.
    pub(crate) fn end_scan(&mut self, take: bool) -> Option<Box<Envelope>> {
        let last = std::mem::take(&mut self.cursor).checked_sub(1)?;
        if take { self.take_at(last) } else { None }
    }

    /// Takes every message a user sent; system messages stay.
    pub(crate) fn flush(&mut self) -> VecDeque<Box<Envelope>> {
        self.cursor = 0;
        let (flushed, kept): (VecDeque<_>, _) =
            self.items.drain(..).partition(|item| matches!(item.kind, Kind::Message));
        self.items = kept;
        for timer in flushed.iter().filter_map(|item| ticking(item)) {
            self.ticks.remove(&timer);
        }
        flushed
    }

    /// Drops the completion of a reference that was given up; answers it if it was there. That of a select stays: what
    /// was received must not be lost.
    pub(crate) fn remove_reference(&mut self, reference: u64) -> Option<Box<Envelope>> {
        let is_kept = |kind| matches!(kind, Kind::Message | Kind::Exit | Kind::Selected);
        let own = |item: &Envelope| item.reference == reference && !is_kept(item.kind);
        let at = self.items.iter().position(|item| own(item))?;
        self.take_at(at)
    }

    /// Drops the exits that links with an actor have brought, when that is unlinked.
    pub(crate) fn remove_link_exits(&mut self, from: ActorId) {
        while let Some(at) = self.items.iter().position(|item| item.is_link_exit(from)) {
            self.take_at(at);
        }
    }

    /// Whether an earlier tick of the same timer is still unread.
    pub(crate) fn has_tick(&self, tick: &Envelope) -> bool {
        self.ticks.contains(&(tick.sender, tick.reference))
    }

    /// Takes everything, at the actor's end.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = Box<Envelope>> + '_ {
        self.cursor = 0;
        self.system_len = 0;
        self.ticks.clear();
        self.items.drain(..)
    }

    /// Fails unless the counts are those of what is there; a long mailbox is not walked.
    pub(crate) fn check(&self) {
        assert!(self.cursor <= self.items.len(), "the cursor stands within the mailbox");
        if self.items.len() > crate::check::WALKED_MAX {
            return;
        }
        let (mut system_len, mut ticks) = (0, HashSet::default());
        for item in &self.items {
            system_len += usize::from(item.kind != Kind::Message);
            ticks.extend(ticking(item));
        }
        assert_eq!(self.system_len, system_len, "system messages are counted");
        assert_eq!(self.ticks, ticks, "unread ticks are known");
    }

    /// Gives back the room of a burst that is over.
    pub(crate) fn shrink(&mut self) {
        if self.items.is_empty() && self.items.capacity() > QUEUE_KEEP {
            self.items = VecDeque::new();
        }
    }

    fn take_at(&mut self, at: usize) -> Option<Box<Envelope>> {
        let item = if at == 0 { self.items.pop_front() } else { self.items.remove(at) };
        if let Some(taken) = item.as_ref().filter(|taken| !is_plain(taken)) {
            self.note_taken(taken);
        }
        if at < self.cursor {
            self.cursor -= 1;
        }
        item
    }

    fn note_pushed(&mut self, envelope: &Envelope) {
        self.system_len += usize::from(envelope.kind != Kind::Message);
        if let Some(timer) = ticking(envelope) {
            self.ticks.insert(timer);
        }
    }

    fn note_taken(&mut self, envelope: &Envelope) {
        self.system_len -= usize::from(envelope.kind != Kind::Message);
        if let Some(timer) = ticking(envelope) {
            self.ticks.remove(&timer);
        }
    }
}

/// Whether it is a user's message, and no tick.
fn is_plain(item: &Envelope) -> bool {
    item.kind == Kind::Message && (item.request || item.reference == 0)
}

/// The timer whose tick a message is: only requests carry a reference besides.
fn ticking(item: &Envelope) -> Option<(ActorId, u64)> {
    let is_tick =
        item.kind == Kind::Timer || (item.kind == Kind::Message && !item.request && item.reference != 0);
    is_tick.then_some((item.sender, item.reference))
}

/// The alternatives of one `receive`; none match everything.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filters(SmallVec<[Alternative; 1]>);

/// One alternative, with the sender's pid reduced to the actor it names.
#[derive(Debug, Clone)]
struct Alternative {
    fields: u32,
    kind: u32,
    fingerprint: u64,
    reference: u64,
    sender: ActorId,
}

impl Filters {
    /// Adds the alternative in these bytes of a guest's array.
    pub(crate) fn push_bytes(&mut self, bytes: &[u8; Filter::SIZE]) {
        let word = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().expect("8 bytes"));
        let pid = Pid::from_bytes(bytes[24..].try_into().expect("32 bytes"));
        self.0.push(Alternative {
            fields: word(0) as u32,
            kind: (word(0) >> 32) as u32,
            fingerprint: word(8),
            reference: word(16),
            sender: ActorId { slot: pid.slot, serial: pid.serial },
        });
    }

    /// Whether a message is one of those.
    pub(crate) fn matches(&self, item: &Envelope) -> bool {
        self.0.is_empty() || self.0.iter().any(|alternative| alternative.matches(item))
    }
}

impl Alternative {
    fn matches(&self, item: &Envelope) -> bool {
        let wants = |field| self.fields & field != 0;
        (!wants(Filter::KIND) || self.kind == item.kind as u32)
            && (!wants(Filter::FINGERPRINT) || self.fingerprint == item.fingerprint)
            && (!wants(Filter::REFERENCE) || self.reference == item.reference)
            && (!wants(Filter::SENDER) || self.sender == item.sender)
            && (!wants(Filter::REQUEST) || item.request)
    }
}

//! What a mailbox is, in the plainest words: a list of messages, and a list of timers.

use std::collections::BTreeMap;

use flower_abi::Status;

use super::actor::Step;
use super::{Op, Wanted};

/// A message, as its receiver sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Item {
    kind: u32,
    len: u32,
    fingerprint: u64,
    reference: u64,
    id: u64,
}

/// A message, and a timer's tick, by number.
const MESSAGE: u32 = 0;
const TICK: u32 = 4;

/// The mailbox of an actor that sends to itself.
pub(super) struct Model {
    now: u64,
    items: Vec<Item>,
    cursor: usize,
    /// By deadline and number: what comes then, and after which period again.
    timers: BTreeMap<(u64, u64), (Item, u64)>,
    armed: u64,
    references: u64,
    sent: u64,
    len_max: u64,
    bytes_max: u64,
    /// The accounts.
    pub(super) received: u64,
    pub(super) refused: u64,
    pub(super) flushed: u64,
    pub(super) overflown: u64,
}

impl Model {
    /// An empty one.
    pub(super) fn new(len_max: u64, bytes_max: u64) -> Model {
        Model {
            now: 0,
            items: Vec::new(),
            cursor: 0,
            timers: BTreeMap::new(),
            armed: 0,
            references: 0,
            sent: 0,
            len_max,
            bytes_max,
            received: 0,
            refused: 0,
            flushed: 0,
            overflown: 0,
        }
    }

    /// Makes a call, and says what is seen of it.
    pub(super) fn step(&mut self, op: &Op) -> Step {
        let mut step = Step::default();
        match op {
            Op::Send { fingerprint, len } => step.status = self.send(*fingerprint, *len),
            Op::Receive { filters, within } => {
                self.wait(*within, |model| model.find(filters).is_some());
                step = self.find(filters).map_or_else(timed_out, |at| delivered(&self.take(at)));
            }
            Op::Scan { within } => {
                self.wait(*within, |model| model.cursor < model.items.len());
                step = self.items.get(self.cursor).map_or_else(timed_out, delivered);
                self.cursor = self.items.len().min(self.cursor + 1);
            }
            Op::ScanEnd { take } => step.status = self.scan_end(*take),
            Op::Flush => step.status = self.flush(),
            Op::Len => step.status = self.items.len() as i64,
            Op::Timer { fingerprint, after, period, len } => {
                step.status = self.start(*fingerprint, self.now + after, *period, *len);
            }
            Op::Cancel { nth } => step.status = self.cancel(*nth),
            Op::Sleep { time } => self.wait(*time, |_| false),
        }
        Step { now: self.now, ..step }
    }

    fn send(&mut self, fingerprint: u64, len: u32) -> i64 {
        self.sent += 1;
        let bytes: u64 = self.items.iter().map(|item| u64::from(item.len)).sum();
        let fits = self.items.is_empty() || bytes + u64::from(len) <= self.bytes_max;
        if self.items.len() as u64 >= self.len_max || !fits {
            self.refused += 1;
            return Status::MAILBOX_FULL.0.into();
        }
        self.items.push(Item { kind: MESSAGE, len, fingerprint, reference: 0, id: self.sent });
        0
    }

    /// Lets time pass until something is there, but not for longer than `within`.
    fn wait(&mut self, within: u64, is_there: impl Fn(&Model) -> bool) {
        let deadline = self.now + within;
        // The wake-up of the wait itself comes behind timers of the same deadline: all are seen.
        while !is_there(self) && self.now < deadline {
            let next = self.timers.first_key_value().map_or(deadline, |((due, _), _)| *due);
            self.now = self.now.max(next.min(deadline));
            self.fire();
        }
    }

    fn fire(&mut self) {
        while let Some(first) = self.timers.first_entry().filter(|first| first.key().0 <= self.now) {
            let ((due, number), (item, period)) = first.remove_entry();
            let is_unread = self.items.iter().any(|other| other.reference == item.reference);
            if let Some(missed) = (self.now - due).checked_div(period) {
                self.timers.insert((due + period * (missed + 1), number), (item.clone(), period));
            }
            if period > 0 && is_unread {
                self.overflown += 1;
            } else {
                self.items.push(item);
            }
        }
    }

    fn find(&self, filters: &[Wanted]) -> Option<usize> {
        let matches = |item: &Item| filters.is_empty() || filters.iter().any(|wanted| wanted.matches(item));
        self.items.iter().position(matches)
    }

    fn take(&mut self, at: usize) -> Item {
        if at < self.cursor {
            self.cursor -= 1;
        }
        self.received += 1;
        self.items.remove(at)
    }

    fn scan_end(&mut self, take: bool) -> i64 {
        let cursor = std::mem::take(&mut self.cursor);
        match cursor.checked_sub(1) {
            Some(last) if take => drop(self.take(last)),
            None if take => return Status::NONE.0.into(),
            _ => {}
        }
        0
    }

    fn flush(&mut self) -> i64 {
        let before = self.items.len();
        self.items.retain(|item| item.kind != MESSAGE);
        self.cursor = 0;
        let flushed = before - self.items.len();
        self.flushed += flushed as u64;
        flushed as i64
    }

    fn start(&mut self, fingerprint: u64, due: u64, period: u64, len: u32) -> i64 {
        self.references += 1;
        self.armed += 1;
        let item = Item { kind: TICK, len, fingerprint, reference: self.references, id: 0 };
        self.timers.insert((due, self.armed), (item, period));
        self.references as i64
    }

    /// An unread tick of a timer that is cancelled is dropped.
    fn cancel(&mut self, reference: u64) -> i64 {
        let before = self.timers.len();
        self.timers.retain(|_, (item, _)| item.reference != reference);
        if let Some(at) = self.items.iter().position(|item| item.reference == reference) {
            self.items.remove(at);
            if at < self.cursor {
                self.cursor -= 1;
            }
        }
        (before - self.timers.len()) as i64
    }
}

impl Wanted {
    fn matches(&self, item: &Item) -> bool {
        self.kind.is_none_or(|kind| kind == item.kind)
            && self.fingerprint.is_none_or(|fingerprint| fingerprint == item.fingerprint)
            && self.reference.is_none_or(|reference| reference == item.reference)
            && self.own != Some(false)
            && !self.request
    }
}

fn delivered(item: &Item) -> Step {
    let Item { kind, len, fingerprint, reference, id } = item.clone();
    Step { status: 0, now: 0, kind, len, fingerprint, reference, id }
}

fn timed_out() -> Step {
    Step { status: Status::TIMED_OUT.0.into(), ..Step::default() }
}

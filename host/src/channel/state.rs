//! What a channel is behind its lock: the values that it holds, and who waits.
//!
//! Receivers wait only while it holds nothing, and senders only while it is full. Whoever waits may have been
//! claimed elsewhere meanwhile; such entries are passed over. No value is dropped in here: one may hold the last
//! endpoint of this very channel, whose drop takes the lock. They are handed out instead.

use std::collections::VecDeque;
use std::sync::Arc;

use flower_abi::{ChannelInfo, Overflow};
use smallvec::SmallVec;

use super::queue::{Queue, Ticket};
use super::rent::Rent;
use super::waiter::Waiter;
use crate::signal::Envelope;

/// One value.
pub(crate) type Value = Box<Envelope>;

/// Values that are to be dropped without the lock.
pub(crate) type Trash = SmallVec<[Value; 1]>;

/// A side of a channel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Side {
    Sending,
    Receiving,
}

/// What those wait for who stand in one of a channel's queues.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Line {
    /// To send.
    Sending,
    /// To receive.
    Receiving,
    /// For the end of the channel.
    Closing,
}

/// Somebody who waits in a line, with the value that is to be sent.
#[derive(Debug)]
pub(crate) struct Parked {
    pub(crate) waiter: Arc<Waiter>,
    /// Which arm of its select this is.
    pub(crate) arm: u8,
    pub(crate) value: Option<Value>,
}

/// How much a channel holds, and what happens when it is full.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) capacity: usize,
    pub(crate) overflow: Overflow,
    pub(crate) bytes_max: u64,
    pub(crate) waiters_max: usize,
}

/// The inside of a channel.
pub(crate) struct State {
    bounds: Bounds,
    values: VecDeque<Value>,
    bytes: u64,
    rent: Rent,
    closed: bool,
    senders: u32,
    receivers: u32,
    sending: Queue<Parked>,
    receiving: Queue<Parked>,
    closing: Queue<Parked>,
}

/// What became of a value that was offered.
pub(crate) enum Offered {
    /// It was accepted; what the policy dropped for that, be it the value itself, comes back.
    Accepted(Trash),
    /// Somebody who was claimed gets it.
    Handed(Parked, Value),
    /// Neither is possible now.
    Full(Value),
    /// Nor ever.
    Closed(Value),
    /// The host has no room for more.
    NoRoom(Value),
}

/// What there was to be received.
pub(crate) enum Taken {
    /// A value, and who is done sending now: the value's sender, or those whose values took its place.
    Value(Value, SmallVec<[Parked; 1]>),
    /// Nothing now.
    Empty,
    /// Nor ever.
    Closed,
}

/// What a close leaves to be done without the lock.
#[derive(Default)]
pub(crate) struct Closing {
    /// Who waited, and for what; each was claimed.
    pub(crate) waiters: Vec<(Line, Parked)>,
    /// What those had wanted to send who were claimed elsewhere.
    pub(crate) stale: Trash,
    /// Values that nobody can receive any more.
    pub(crate) values: VecDeque<Value>,
    pub(crate) was_open: bool,
}

impl Closing {
    /// Whether nothing is to be done.
    pub(crate) fn is_empty(&self) -> bool {
        self.waiters.is_empty() && self.stale.is_empty() && self.values.is_empty()
    }
}

impl State {
    /// An open channel with one endpoint on each side.
    pub(crate) fn new(bounds: Bounds, rent: Rent) -> State {
        State {
            bounds,
            values: VecDeque::new(),
            bytes: 0,
            rent,
            closed: false,
            senders: 1,
            receivers: 1,
            sending: Queue::default(),
            receiving: Queue::default(),
            closing: Queue::default(),
        }
    }

    /// Accepts a value if that needs no wait.
    pub(crate) fn offer(&mut self, value: Value) -> Offered {
        if self.closed {
            return Offered::Closed(value);
        }
        while let Some(parked) = self.receiving.pop() {
            if parked.waiter.claim() {
                return Offered::Handed(parked, value);
            }
        }
        let mut dropped = Trash::new();
        if !self.has_room(value.size()) {
            match self.bounds.overflow {
                Overflow::Block => return Offered::Full(value),
                Overflow::DropOldest if self.bounds.capacity > 0 => {
                    while !self.has_room(value.size()) {
                        dropped.extend(self.pop());
                    }
                }
                _ => return Offered::Accepted(smallvec::smallvec![value]),
            }
        }
        if !self.rent.covers(self.values.len() + 1) {
            return Offered::NoRoom(value);
        }
        self.push(value);
        Offered::Accepted(dropped)
    }

    /// Takes the first value, if there is one.
    pub(crate) fn take(&mut self, trash: &mut Trash) -> Taken {
        let mut done = SmallVec::new();
        if let Some(value) = self.pop() {
            self.refill(&mut done, trash);
            return Taken::Value(value, done);
        }
        while let Some(mut parked) = self.sending.pop() {
            let mut value = parked.value.take().expect("who waits to send has a value");
            if parked.waiter.claim() {
                value.commit_handles();
                done.push(parked);
                return Taken::Value(value, done);
            }
            trash.push(value);
        }
        if self.closed { Taken::Closed } else { Taken::Empty }
    }

    /// Whether a send would not wait.
    pub(crate) fn can_send(&mut self, size: u64) -> bool {
        while self.receiving.front().is_some_and(|parked| !parked.waiter.is_open()) {
            self.receiving.pop();
        }
        let blocks = self.bounds.overflow == Overflow::Block;
        self.closed || !blocks || !self.receiving.is_empty() || self.has_room(size)
    }

    /// Whether a receive would not wait.
    pub(crate) fn can_receive(&mut self, trash: &mut Trash) -> bool {
        while self.sending.front().is_some_and(|parked| !parked.waiter.is_open()) {
            trash.extend(self.sending.pop().and_then(|parked| parked.value));
        }
        self.closed || !self.values.is_empty() || !self.sending.is_empty()
    }

    /// Whether one more may wait.
    pub(crate) fn may_park(&self) -> bool {
        self.sending.len() + self.receiving.len() + self.closing.len() < self.bounds.waiters_max
    }

    /// Lets somebody wait.
    pub(crate) fn park(&mut self, line: Line, parked: Parked) -> Ticket {
        self.queue(line).push(parked)
    }

    /// Takes somebody out who waits no longer, and with it the value that was to be sent.
    pub(crate) fn leave(&mut self, line: Line, ticket: Ticket) -> Option<Parked> {
        self.queue(line).remove(ticket)
    }

    /// Counts one endpoint more.
    pub(crate) fn enter(&mut self, side: Side) {
        *self.endpoints(side) += 1;
    }

    /// Counts one endpoint less; the last of a side closes the channel.
    pub(crate) fn exit(&mut self, side: Side) -> Closing {
        *self.endpoints(side) -= 1;
        if *self.endpoints(side) > 0 {
            return Closing::default();
        }
        let mut closing = self.close();
        if side == Side::Receiving {
            closing.values = std::mem::take(&mut self.values);
            self.bytes = 0;
            self.rent.give_back();
        }
        closing
    }

    /// Lets nothing in any more. Whoever waits waits in vain.
    pub(crate) fn close(&mut self) -> Closing {
        let was_open = !std::mem::replace(&mut self.closed, true);
        let mut closing = Closing { was_open, ..Closing::default() };
        for line in [Line::Receiving, Line::Sending, Line::Closing] {
            while let Some(parked) = self.queue(line).pop() {
                if parked.waiter.claim() {
                    closing.waiters.push((line, parked));
                } else {
                    closing.stale.extend(parked.value);
                }
            }
        }
        closing
    }

    /// What the channel tells of itself, all but its number.
    pub(crate) fn info(&self) -> ChannelInfo {
        ChannelInfo {
            len: self.values.len() as u64,
            bytes: self.bytes,
            capacity: self.bounds.capacity as u32,
            overflow: self.bounds.overflow as u32,
            closed: u32::from(self.closed),
            senders: self.senders,
            receivers: self.receivers,
            parked_senders: self.waiting(Line::Sending).count() as u32,
            parked_receivers: self.waiting(Line::Receiving).count() as u32,
            ..ChannelInfo::default()
        }
    }

    /// Who waits in a line and was not claimed yet.
    pub(crate) fn waiting(&self, line: Line) -> impl Iterator<Item = &Parked> {
        let queue = match line {
            Line::Sending => &self.sending,
            Line::Receiving => &self.receiving,
            Line::Closing => &self.closing,
        };
        queue.iter().filter(|parked| parked.waiter.is_open())
    }

    /// How many values it holds.
    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether nothing can be sent any more.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed
    }

    /// The first value.
    pub(crate) fn first(&self) -> Option<&Value> {
        self.values.front()
    }

    /// Takes what places became free for.
    fn refill(&mut self, done: &mut SmallVec<[Parked; 1]>, trash: &mut Trash) {
        while let Some(size) =
            self.sending.front().and_then(|parked| parked.value.as_ref()).map(|value| value.size())
            && self.has_room(size)
        {
            let Some(mut parked) = self.sending.pop() else { return };
            let value = parked.value.take().expect("who waits to send has a value");
            if parked.waiter.claim() {
                self.push(value);
                done.push(parked);
            } else {
                trash.push(value);
            }
        }
    }

    fn has_room(&self, size: u64) -> bool {
        let (len, max) = (self.values.len(), self.bounds.bytes_max);
        len < self.bounds.capacity && (len == 0 || self.bytes + size <= max)
    }

    fn push(&mut self, mut value: Value) {
        value.commit_handles();
        self.bytes += value.size();
        self.values.push_back(value);
    }

    fn pop(&mut self) -> Option<Value> {
        let value = self.values.pop_front()?;
        self.bytes -= value.size();
        Some(value)
    }

    fn queue(&mut self, line: Line) -> &mut Queue<Parked> {
        match line {
            Line::Sending => &mut self.sending,
            Line::Receiving => &mut self.receiving,
            Line::Closing => &mut self.closing,
        }
    }

    fn endpoints(&mut self, side: Side) -> &mut u32 {
        match side {
            Side::Sending => &mut self.senders,
            Side::Receiving => &mut self.receivers,
        }
    }
}

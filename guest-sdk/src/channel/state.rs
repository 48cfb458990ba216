//! A channel within one actor: what it holds, and who waits at either side.
//!
//! Nothing here wakes anybody or drops a value: both could come back to this very channel, so it is left to the caller, after
//! the borrow.

use std::collections::VecDeque;

use super::queue::{Outcome, Owner, Queue};

/// What a send to a full channel does.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Overflow {
    /// It waits for room.
    #[default]
    Block,
    /// What is sent is dropped, and the send is over.
    DropNewest,
    /// What has been in the channel longest is dropped.
    DropOldest,
}

pub(super) struct State<T> {
    /// What was sent and not received. The first `reserved` of them are for receivers that have been served and
    /// have not looked yet.
    buffer: VecDeque<T>,
    reserved: usize,
    pub(super) capacity: usize,
    pub(super) overflow: Overflow,
    pub(super) closed: bool,
    /// Receivers; while one waits, there is nothing in the buffer that is not reserved.
    pub(super) takers: Queue<()>,
    /// Senders, with their values; while one waits, the buffer is full.
    pub(super) givers: Queue<T>,
    /// Who waits for the end of the other side.
    pub(super) watchers: Option<Box<Queue<()>>>,
}

/// What became of a value that was offered.
pub(super) enum Offer<T> {
    /// It is sent: who is to be woken, and what was dropped.
    Sent(Option<Owner>, Option<T>),
    Full(T),
    Closed(T),
    /// Too many wait, or the channel holds too much.
    Limit(T),
    /// It cannot travel to another actor.
    Unfit(T),
}

/// What a receiver found.
pub(super) enum Take<T> {
    /// A value, and the sender to be woken.
    Value(T, Option<Owner>),
    Empty,
    Closed,
}

impl<T> State<T> {
    pub(super) fn new(capacity: usize, overflow: Overflow) -> State<T> {
        State {
            buffer: VecDeque::new(),
            reserved: 0,
            capacity,
            overflow,
            closed: false,
            takers: Queue::new(),
            givers: Queue::new(),
            watchers: None,
        }
    }

    /// How many values are there for whoever comes.
    #[inline]
    pub(super) fn held(&self) -> usize {
        self.buffer.len() - self.reserved
    }

    #[inline]
    pub(super) fn offer(&mut self, value: T) -> Offer<T> {
        if self.closed {
            return Offer::Closed(value);
        }
        if let Some((_, taker)) = self.takers.serve(Outcome::Served) {
            self.buffer.push_back(value);
            self.reserved += 1;
            return Offer::Sent(Some(taker), None);
        }
        if self.held() < self.capacity {
            self.buffer.push_back(value);
            return Offer::Sent(None, None);
        }
        match self.overflow {
            Overflow::Block => Offer::Full(value),
            Overflow::DropOldest if self.capacity > 0 => {
                let oldest = self.buffer.remove(self.reserved);
                self.buffer.push_back(value);
                Offer::Sent(None, oldest)
            }
            Overflow::DropOldest | Overflow::DropNewest => Offer::Sent(None, Some(value)),
        }
    }

    #[inline]
    pub(super) fn take(&mut self) -> Take<T> {
        if self.held() > 0
            && let Some(value) = self.buffer.pop_front()
        {
            return Take::Value(value, self.refill());
        }
        if let Some((Some(value), giver)) = self.givers.serve(Outcome::Served) {
            // What was sent before is for receivers that may still be gone before they look.
            self.buffer.push_back(value);
            if let Some(first) = self.buffer.pop_front() {
                return Take::Value(first, Some(giver));
            }
        }
        if self.closed { Take::Closed } else { Take::Empty }
    }

    /// Lets the value of the first sender that waits into the room that a receiver has made.
    #[inline]
    fn refill(&mut self) -> Option<Owner> {
        if self.held() >= self.capacity {
            return None;
        }
        let (value, giver) = self.givers.serve(Outcome::Served)?;
        self.buffer.extend(value);
        Some(giver)
    }

    /// The value of a receiver that was served.
    #[inline]
    pub(super) fn take_reserved(&mut self) -> Option<T> {
        self.reserved -= 1;
        self.buffer.pop_front()
    }

    /// Gives the value of a receiver that was served and is gone to the next, who is to be woken.
    pub(super) fn release_reserved(&mut self) -> Option<Owner> {
        self.reserved -= 1;
        let (_, taker) = self.takers.serve(Outcome::Served)?;
        self.reserved += 1;
        Some(taker)
    }

    /// A value that is in this actor, though its channel is in the host.
    pub(super) fn take_left(&mut self) -> Option<T> {
        if self.held() > 0 { self.buffer.pop_front() } else { None }
    }

    /// Puts a value before all others, and gives it to who waits for one.
    pub(super) fn put_back(&mut self, value: T) -> Option<Owner> {
        self.buffer.push_front(value);
        let (_, taker) = self.takers.serve(Outcome::Served)?;
        self.reserved += 1;
        Some(taker)
    }

    /// Takes out what is not for somebody in particular.
    pub(super) fn take_all(&mut self) -> VecDeque<T> {
        self.buffer.split_off(self.reserved)
    }

    /// Puts the values back that could not be moved.
    pub(super) fn keep(&mut self, values: VecDeque<T>) {
        self.buffer.extend(values);
    }

    /// Has everybody who waits try again.
    pub(super) fn disperse(&mut self) -> Vec<Owner> {
        let mut owners = Vec::new();
        self.takers.disperse(&mut owners);
        self.givers.disperse(&mut owners);
        if let Some(watchers) = &mut self.watchers {
            watchers.disperse(&mut owners);
        }
        owners
    }

    /// Closes it: everybody who waits is to be woken. What it holds stays.
    pub(super) fn close(&mut self) -> Vec<Owner> {
        self.closed = true;
        let mut owners = Vec::new();
        let served =
            |owners: &mut Vec<Owner>, found: Option<Owner>| found.map(|owner| owners.push(owner)).is_some();
        while served(&mut owners, self.takers.serve(Outcome::Closed).map(|(_, owner)| owner)) {}
        while served(&mut owners, self.givers.serve(Outcome::Closed).map(|(_, owner)| owner)) {}
        if let Some(watchers) = &mut self.watchers {
            while served(&mut owners, watchers.serve(Outcome::Closed).map(|(_, owner)| owner)) {}
        }
        owners
    }

    /// What nobody can receive any more.
    pub(super) fn abandon(&mut self) -> VecDeque<T> {
        debug_assert_eq!(self.reserved, 0, "a receiver that was served holds an endpoint");
        std::mem::take(&mut self.buffer)
    }
}

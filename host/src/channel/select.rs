//! Doing one of several operations, or lining up for all of them.
//!
//! All channels are locked at once, each once and in the order of their addresses, as Go's `selectgo` does: only so
//! can it be said that none of the arms could go ahead, and only so does the one that lines up miss nothing. What has
//! to be told to others is told when the locks are free again.

use std::sync::Arc;

use flower_abi::Status;
use parking_lot::MutexGuard;
use smallvec::SmallVec;

use super::state::{Line, Offered, Parked, State, Taken, Trash, Value};
use super::wait::Places;
use super::{Channel, Waiter, bury};
use crate::observe::{Count, Counters};
use crate::pid::ActorId;
use crate::shared::Shared;
use crate::signal::Outcome;

/// What an arm wants of its channel.
#[derive(Debug)]
pub(crate) enum Want {
    /// To send this; empty while it is tried.
    Send(Option<Value>),
    /// To receive.
    Receive,
    /// That nothing can be sent any more.
    Closed,
}

/// What became of a select.
pub(crate) enum Attempt {
    /// This arm was done; the value is what it received.
    Done { arm: usize, outcome: Outcome, value: Option<Value> },
    /// A message is to be taken out of the mailbox.
    Mailbox,
    /// Nothing can go ahead now; who was to wait stands at these places.
    Blocked(Option<(Arc<Waiter>, Places)>),
    /// It could not be tried.
    Refused(Status),
}

/// One round of an attempt, as far as it goes under the locks.
enum Round {
    Over(Attempt),
    /// The value of this arm is for somebody who was claimed.
    Hand(usize, Parked, Value),
    /// A value was received, and these are done sending.
    Received(usize, Value, SmallVec<[Parked; 1]>),
    /// Whoever made an arm ready was claimed elsewhere.
    Again,
}

/// The arms of a select.
pub(crate) struct Arms<'a> {
    pub(crate) channels: &'a [Arc<Channel>],
    pub(crate) wants: &'a mut [Want],
    /// Which arm of the guest's each one is.
    pub(crate) numbers: &'a [u8],
    /// The arm that wants a message which is in the mailbox.
    pub(crate) message: Option<u8>,
    /// Who waits if nothing can go ahead, and under which reference.
    pub(crate) waiter: Option<(ActorId, u64)>,
}

impl Shared {
    /// Does one of the arms that can go ahead, of several the one that `pick` chooses; or waits for all of them.
    pub(crate) fn select(&self, arms: &mut Arms<'_>, pick: &mut dyn FnMut(usize) -> usize) -> Attempt {
        loop {
            let mut trash = Trash::new();
            let round = arms.round(&self.counters, pick, &mut trash);
            if !trash.is_empty() {
                bury(trash);
            }
            match round {
                Round::Over(attempt) => return attempt,
                Round::Again => {}
                Round::Received(arm, value, done) => {
                    // Who is done sending has sent just now.
                    self.counters.add_many(Count::Sent, done.len() as u64);
                    for parked in &done {
                        self.complete_wait(parked, Outcome::Sent);
                    }
                    return Attempt::Done { arm, outcome: Outcome::Received, value: Some(value) };
                }
                Round::Hand(arm, parked, value) => match self.hand(&parked, value) {
                    Ok(()) => return Attempt::Done { arm, outcome: Outcome::Sent, value: None },
                    // That receiver has ended: the value is for the next.
                    Err(value) => arms.wants[arm] = Want::Send(Some(value)),
                },
            }
        }
    }
}

impl Arms<'_> {
    fn round(
        &mut self,
        counters: &Counters,
        pick: &mut dyn FnMut(usize) -> usize,
        trash: &mut Trash,
    ) -> Round {
        let channels = self.channels;
        let mut locked = Locked::new(channels);
        // A lone arm shows when it is tried whether it can go ahead.
        let is_alone = channels.len() == 1 && self.message.is_none();
        let arm = if is_alone {
            0
        } else {
            let ready = self.ready(&mut locked, trash);
            let chosen = match ready.len() {
                0 => return self.line_up(&mut locked),
                1 => 0,
                several => pick(several),
            };
            let Some(arm) = ready[chosen] else { return Round::Over(Attempt::Mailbox) };
            arm
        };
        let state = locked.state(arm);
        let round = match &mut self.wants[arm] {
            Want::Send(value) => {
                let offered = state.offer(value.take().expect("a send has a value"));
                self.settle(arm, offered, counters, trash)
            }
            Want::Receive => match state.take(trash) {
                Taken::Value(value, done) => Round::Received(arm, value, done),
                Taken::Closed => Round::Over(Attempt::Done { arm, outcome: Outcome::Closed, value: None }),
                Taken::Empty => Round::Again,
            },
            Want::Closed if !state.is_closed() => Round::Again,
            Want::Closed => Round::Over(Attempt::Done { arm, outcome: Outcome::Closed, value: None }),
        };
        match round {
            Round::Again if is_alone => self.line_up(&mut locked),
            round => round,
        }
    }

    /// The arms that can go ahead, in order; `None` is the one of the mailbox.
    #[inline(never)]
    fn ready(&self, locked: &mut Locked<'_>, trash: &mut Trash) -> SmallVec<[Option<usize>; 8]> {
        let mut ready: SmallVec<[Option<usize>; 8]> = SmallVec::new();
        let mut message = self.message;
        for (arm, want) in self.wants.iter().enumerate() {
            if message.is_some_and(|number| number < self.numbers[arm]) {
                (message, _) = (None, ready.push(None));
            }
            let state = locked.state(arm);
            let can_go = match want {
                Want::Send(value) => state.can_send(value.as_ref().map_or(0, |value| value.size())),
                Want::Receive => state.can_receive(trash),
                Want::Closed => state.is_closed(),
            };
            if can_go {
                ready.push(Some(arm));
            }
        }
        ready.extend(message.map(|_| None));
        ready
    }

    /// What an offer comes to, with its accounts.
    fn settle(&mut self, arm: usize, offered: Offered, counters: &Counters, trash: &mut Trash) -> Round {
        let outcome = match offered {
            Offered::Accepted(dropped) => {
                if !dropped.is_empty() {
                    counters.add_many(Count::DroppedOverflow, dropped.len() as u64);
                    trash.extend(dropped);
                }
                Outcome::Sent
            }
            Offered::Closed(value) => {
                trash.push(value);
                counters.add(Count::Refused);
                Outcome::Closed
            }
            Offered::NoRoom(value) => {
                trash.push(value);
                return Round::Over(Attempt::Refused(Status::LIMIT));
            }
            Offered::Handed(parked, value) => return Round::Hand(arm, parked, value),
            Offered::Full(value) => {
                self.wants[arm] = Want::Send(Some(value));
                return Round::Again;
            }
        };
        counters.add(Count::Sent);
        Round::Over(Attempt::Done { arm, outcome, value: None })
    }

    fn line_up(&mut self, locked: &mut Locked<'_>) -> Round {
        let Some((actor, reference)) = self.waiter else { return Round::Over(Attempt::Blocked(None)) };
        if !(0..self.channels.len()).all(|arm| locked.state(arm).may_park()) {
            return Round::Over(Attempt::Refused(Status::LIMIT));
        }
        let (waiter, mut places) = (Arc::new(Waiter::new(actor, reference)), Places::default());
        for (at, want) in self.wants.iter_mut().enumerate() {
            let (line, value) = match want {
                Want::Send(value) => (Line::Sending, value.take()),
                Want::Receive => (Line::Receiving, None),
                Want::Closed => (Line::Closing, None),
            };
            let arm = self.numbers[at];
            let ticket = locked.state(at).park(line, Parked { waiter: waiter.clone(), arm, value });
            places.add(&self.channels[at], line, ticket, arm);
        }
        Round::Over(Attempt::Blocked(Some((waiter, places))))
    }
}

/// The channels of a select, each locked once.
enum Locked<'a> {
    One(MutexGuard<'a, State>),
    Many {
        states: SmallVec<[MutexGuard<'a, State>; 8]>,
        /// Which of them each arm is about.
        of: SmallVec<[u8; 8]>,
    },
}

impl<'a> Locked<'a> {
    #[inline]
    fn new(channels: &'a [Arc<Channel>]) -> Locked<'a> {
        if let [only] = channels { Locked::One(only.lock()) } else { Locked::many(channels) }
    }

    fn many(channels: &'a [Arc<Channel>]) -> Locked<'a> {
        let address = |channel: &Arc<Channel>| Arc::as_ptr(channel).addr();
        let mut different: SmallVec<[&Arc<Channel>; 8]> = channels.iter().collect();
        different.sort_unstable_by_key(|channel| address(channel));
        different.dedup_by_key(|channel| address(channel));
        let place = |channel: &Arc<Channel>| {
            different.binary_search_by_key(&address(channel), |other| address(other)).unwrap_or(0) as u8
        };
        let of = channels.iter().map(place).collect();
        Locked::Many { states: different.iter().map(|channel| channel.lock()).collect(), of }
    }

    #[inline]
    fn state(&mut self, arm: usize) -> &mut State {
        match self {
            Locked::One(state) => state,
            Locked::Many { states, of } => &mut states[usize::from(of[arm])],
        }
    }
}

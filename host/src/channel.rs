//! Channels: queues of values between actors, with those who wait at both ends.
//!
//! A channel is one lock around a [`State`]; its endpoints are [`Sender`] and [`Receiver`], which actors hold
//! as [handles](crate::handle) and which count themselves. An operation locks all channels that it is about, in
//! the order of their addresses, does one thing or lines up at all of them, and lets go before anybody is told
//! ([`select`]). Who lines up is a [`Waiter`](waiter::Waiter), which just one of those that meet it may claim.

mod queue;
mod rent;
mod select;
mod state;
mod wait;
mod waiter;

use std::cell::RefCell;
use std::collections::HashMap;
use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use flower_abi::{ChannelInfo, Overflow, Status, ValueHeader};
use parking_lot::{Mutex, MutexGuard};
use rustc_hash::FxBuildHasher;

use crate::budget::Ledger;
use crate::instance::ActorState;
use crate::observe::Count;
use crate::pid::ActorId;
use crate::shared::Shared;
use crate::signal::{Envelope, Outcome, Signal};

use rent::Rent;
use state::{Bounds, Closing, Line, Offered, Parked, State, Taken, Trash, Value};

pub(crate) use select::{Arms, Attempt, Want};
pub(crate) use state::Side;
pub(crate) use wait::{Mailboxes, Selecting};
pub(crate) use waiter::Waiter;

/// A channel. It lives as long as somebody has an endpoint of it, or waits at it.
pub(crate) struct Channel {
    /// Its number in the host.
    pub(crate) id: u64,
    state: Mutex<State>,
    shared: Weak<Shared>,
}

/// Why no more values are sent at once.
enum Stopped {
    /// Somebody waits for this one.
    Hand(Parked, Value),
    Refused(Status),
}

/// A sending endpoint.
#[derive(Debug)]
pub(crate) struct Sender(Arc<Channel>);

/// A receiving endpoint.
#[derive(Debug)]
pub(crate) struct Receiver(Arc<Channel>);

/// The channels of one host.
#[derive(Default)]
pub(crate) struct Channels {
    open: Mutex<HashMap<u64, Weak<Channel>, FxBuildHasher>>,
    last: AtomicU64,
}

impl Channels {
    /// Every channel, in the order of their making.
    pub(crate) fn all(&self) -> Vec<Arc<Channel>> {
        let mut all: Vec<Arc<Channel>> = self.open.lock().values().filter_map(Weak::upgrade).collect();
        all.sort_unstable_by_key(|channel| channel.id);
        all
    }

    /// Values in all channels.
    pub(crate) fn queued(&self) -> u64 {
        self.all().iter().map(|channel| channel.lock().len() as u64).sum()
    }
}

impl Shared {
    /// Makes a channel, whose room is charged to this budget.
    pub(crate) fn open_channel(
        self: &Arc<Shared>,
        capacity: u32,
        overflow: Overflow,
        ledger: &Arc<Ledger>,
    ) -> Result<(Sender, Receiver), Status> {
        let limits = &self.limits;
        if capacity > limits.channel_len_max {
            return Err(Status::LIMIT);
        }
        let bounds = Bounds {
            capacity: capacity as usize,
            overflow,
            bytes_max: limits.channel_bytes_max,
            waiters_max: limits.channel_waiters_max as usize,
        };
        let state = Mutex::new(State::new(bounds, Rent::new(ledger.clone())));
        let id = self.channels.last.fetch_add(1, Ordering::Relaxed) + 1;
        let channel = Arc::new(Channel { id, state, shared: Arc::downgrade(self) });
        let mut open = self.channels.open.lock();
        if open.len() as u64 >= limits.host_channels_max {
            return Err(Status::LIMIT);
        }
        open.insert(id, Arc::downgrade(&channel));
        drop(open);
        Ok((Sender(channel.clone()), Receiver(channel)))
    }

    /// Completes the wait of somebody who was claimed; false if that actor has ended.
    fn complete_wait(&self, parked: &Parked, outcome: Outcome) -> bool {
        let waiter = &parked.waiter;
        let completion = Envelope::selected(waiter.actor, waiter.reference, parked.arm, outcome);
        self.signal(waiter.actor, Signal::Selected(completion))
    }

    /// Hands a value to somebody who was claimed, or gives it back if that actor has ended.
    fn hand(&self, parked: &Parked, mut value: Value) -> Result<(), Value> {
        let waiter = &parked.waiter;
        value.select(waiter.reference, parked.arm, Outcome::Received);
        match self.try_signal(waiter.actor, Signal::Selected(value)) {
            Ok(()) => {
                self.counters.add(Count::Sent);
                Ok(())
            }
            Err(Signal::Selected(value)) => Err(value),
            Err(other) => unreachable!("a value went, and {other:?} came back"),
        }
    }

    /// Tells those that a close leaves, and drops the values.
    fn finish_closing(&self, closing: Closing) {
        let mut buried: VecDeque<Value> = closing.stale.into_iter().collect();
        self.counters.add_many(Count::DroppedDead, closing.values.len() as u64);
        buried.extend(closing.values);
        for (line, mut parked) in closing.waiters {
            if line == Line::Sending {
                self.counters.add(Count::Sent);
                self.counters.add(Count::Refused);
            }
            buried.extend(parked.value.take());
            self.complete_wait(&parked, Outcome::Closed);
        }
        bury(buried);
    }
}

impl Channel {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    /// Closes it; true if it was open.
    pub(crate) fn close(&self) -> bool {
        let closing = self.lock().close();
        let was_open = closing.was_open;
        self.finish(closing);
        was_open
    }

    /// What it tells of itself.
    pub(crate) fn info(&self) -> ChannelInfo {
        ChannelInfo { id: self.id, ..self.lock().info() }
    }

    /// The same with who waits to send, to receive, and for its end, in order.
    pub(crate) fn look(&self) -> (ChannelInfo, [Vec<ActorId>; 3]) {
        let state = self.lock();
        let waiting = |line| state.waiting(line).map(|parked| parked.waiter.actor).collect();
        let lines = [Line::Sending, Line::Receiving, Line::Closing];
        (ChannelInfo { id: self.id, ..state.info() }, lines.map(waiting))
    }

    /// Sends values as long as that needs no wait, and returns how many.
    pub(crate) fn fill(
        &self,
        state: &mut ActorState,
        next: &mut dyn FnMut(&mut ActorState) -> Option<Value>,
    ) -> Result<u64, Status> {
        let (mut sent, mut left) = (0, None);
        loop {
            let stopped = self.fill_up(state, next, &mut left, &mut sent);
            match stopped {
                Some(Stopped::Hand(parked, value)) => match state.shared.hand(&parked, value) {
                    Ok(()) => sent += 1,
                    Err(value) => left = Some(value),
                },
                Some(Stopped::Refused(status)) if sent == 0 && status != Status::CHANNEL_FULL => {
                    return Err(status);
                }
                _ => return Ok(sent),
            }
        }
    }

    /// The same under one lock, up to the first value that somebody waits for.
    fn fill_up(
        &self,
        actor: &mut ActorState,
        next: &mut dyn FnMut(&mut ActorState) -> Option<Value>,
        left: &mut Option<Value>,
        sent: &mut u64,
    ) -> Option<Stopped> {
        let (before, mut trash, mut dropped) = (*sent, Trash::new(), 0);
        let mut state = self.lock();
        let stopped = loop {
            let Some(value) = left.take().or_else(|| next(actor)) else { break None };
            let (value, status) = match state.offer(value) {
                Offered::Accepted(out) => {
                    if !out.is_empty() {
                        dropped += out.len() as u64;
                        trash.extend(out);
                    }
                    *sent += 1;
                    continue;
                }
                Offered::Handed(parked, value) => break Some(Stopped::Hand(parked, value)),
                Offered::Full(value) => (value, Status::CHANNEL_FULL),
                Offered::Closed(value) => (value, Status::CLOSED),
                Offered::NoRoom(value) => (value, Status::LIMIT),
            };
            trash.push(value);
            break Some(Stopped::Refused(status));
        };
        drop(state);
        if !trash.is_empty() {
            bury(trash);
        }
        actor.shared.counters.add_many(Count::Sent, *sent - before);
        actor.shared.counters.add_many(Count::DroppedOverflow, dropped);
        stopped
    }

    /// Receives values that it holds, as many as fit into so many bytes with their headers.
    pub(crate) fn drain(&self, shared: &Shared, max: usize, mut room: usize) -> Result<Vec<Value>, Status> {
        let (mut values, mut done, mut trash) = (Vec::new(), Vec::new(), Trash::new());
        let mut state = self.lock();
        let is_over = state.is_closed() && state.len() == 0;
        while values.len() < max
            && let Some(first) = state.first()
            && first.handle_count() == 0
            && let Some(left) = room.checked_sub(ValueHeader::SIZE + first.body.len())
        {
            room = left;
            if let Taken::Value(value, senders) = state.take(&mut trash) {
                values.push(value);
                if !senders.is_empty() {
                    done.extend(senders);
                }
            }
        }
        let too_large = state.first().is_some_and(|first| first.handle_count() == 0);
        drop(state);
        if !trash.is_empty() {
            bury(trash);
        }
        shared.counters.add_many(Count::Sent, done.len() as u64);
        for parked in &done {
            shared.complete_wait(parked, Outcome::Sent);
        }
        match values.is_empty() {
            false => Ok(values),
            true if is_over => Err(Status::CLOSED),
            true if too_large && max > 0 => Err(Status::TOO_LARGE),
            true => Err(Status::NONE),
        }
    }

    fn finish(&self, closing: Closing) {
        // Of a host that is gone nobody has to be told anything.
        match self.shared.upgrade() {
            Some(shared) => shared.finish_closing(closing),
            None => bury(closing.values),
        }
    }

    fn exit(&self, side: Side) {
        let closing = self.lock().exit(side);
        if !closing.is_empty() {
            self.finish(closing);
        }
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        if let Some(shared) = self.shared.upgrade() {
            shared.channels.open.lock().remove(&self.id);
        }
    }
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Channel({})", self.id)
    }
}

/// What both endpoints have in common.
macro_rules! endpoint {
    ($name:ident, $side:ident) => {
        impl $name {
            /// The channel that it is an endpoint of.
            pub(crate) fn channel(&self) -> &Arc<Channel> {
                &self.0
            }
        }

        impl Clone for $name {
            fn clone(&self) -> $name {
                self.0.lock().enter(Side::$side);
                $name(self.0.clone())
            }
        }

        impl Drop for $name {
            fn drop(&mut self) {
                self.0.exit(Side::$side);
            }
        }
    };
}

endpoint!(Sender, Sending);
endpoint!(Receiver, Receiving);

thread_local! {
    /// What is to be dropped once the drop that is going on is over.
    static GRAVE: RefCell<Option<VecDeque<Value>>> = const { RefCell::new(None) };
}

/// Drops values, which may hold the last endpoints of channels that hold values, which may hold more: one after the
/// other, as no stack is deep enough for what a guest can build.
fn bury(values: impl IntoIterator<Item = Value>) {
    let is_first = GRAVE.with_borrow_mut(|grave| {
        let is_first = grave.is_none();
        grave.get_or_insert_default().extend(values);
        is_first
    });
    if !is_first {
        return;
    }
    while let Some(value) = GRAVE.with_borrow_mut(|grave| grave.as_mut().and_then(VecDeque::pop_front)) {
        drop(value);
    }
    GRAVE.set(None);
}

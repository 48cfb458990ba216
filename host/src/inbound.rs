//! What signals do to the actor that receives them, in the order in which they came.
//!
//! The owner drains its signal queue before it looks into its mailbox, before it parks and before it
//! is resumed. Semantics follow the Erlang reference manual, "Processes": links and exit signals,
//! monitors; links carry ids so that an exit signal that crosses an `unlink` is not received.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use flower_abi::{Delivery, Kind, SocketEvent, Status};
use smallvec::SmallVec;

use crate::actor::{Cell, Owned, RoomWaiter, SignalQueue, Wait};
use crate::budget::Resource;
use crate::exit::{ExitReason, Value};
use crate::gate::Guard;
use crate::limits::ROOM_WAITERS_LOOKED_AT;
use crate::net::NetResult;
use crate::observe::Count;
use crate::pid::ActorId;
use crate::reference::Reference;
use crate::shared::Shared;
use crate::signal::{Envelope, Signal};

impl Shared {
    /// Takes in every signal that has come; true if there were any.
    pub(crate) fn drain(&self, cell: &Cell, owned: &mut Owned) -> bool {
        if !cell.gate.is_signalled() {
            return false;
        }
        self.take_in_all(cell, owned, cell.gate.lock());
        true
    }

    /// The same with the queue at hand.
    pub(crate) fn take_in_all(&self, cell: &Cell, owned: &mut Owned, mut queue: Guard<'_, SignalQueue>) {
        // Under the lock, or a signal that comes right after it would not be urgent.
        cell.urgent.store(false, Ordering::Relaxed);
        queue.note_taken();
        if queue.signals.len() == 1 {
            let signal = queue.signals.pop();
            drop(queue);
            return signal.into_iter().for_each(|signal| self.take_in(cell, owned, signal));
        }
        let mut signals = std::mem::take(&mut owned.spare);
        std::mem::swap(&mut queue.signals, &mut signals);
        drop(queue);
        for signal in signals.drain(..) {
            self.take_in(cell, owned, signal);
        }
        if signals.capacity() <= crate::limits::QUEUE_KEEP {
            owned.spare = signals;
        }
    }

    fn take_in(&self, cell: &Cell, owned: &mut Owned, signal: Signal) {
        match signal {
            Signal::Message(envelope) => owned.mailbox.push(envelope),
            Signal::Reply(envelope) => self.take_reply(cell, owned, envelope),
            Signal::Timer { envelope, repeats } => self.take_tick(cell, owned, envelope, repeats),
            Signal::TimerDone { reference } => close_timer(owned, reference),
            Signal::Timeout { reference } => self.take_timeout(owned, reference),
            Signal::Selected(envelope) => self.take_selected(owned, envelope),
            Signal::Room { reference, of } => self.take_room(owned, reference, of),
            Signal::Resolved { reference, found } => take_resolved(owned, reference, *found),
            Signal::Stop { from } => take_stop(owned, from),
            Signal::Exit { from, reason, link } => take_exit(owned, from, reason, link),
            Signal::Kill => take_kill(owned),
            Signal::Link { from, id } => owned.links.entry(from).or_default().push(id),
            Signal::Unlink { from, ids } => take_unlink(owned, from, &ids),
            Signal::Monitor { from, reference } => {
                owned.watchers.insert((from, reference), ());
            }
            Signal::Demonitor { from, reference } => {
                owned.watchers.remove(&(from, reference));
            }
            Signal::Down { from, reference, reason } => self.take_down(owned, from, reference, reason),
            Signal::Ready { handle } => self.read_active(cell, owned, handle),
            Signal::Watch(watcher) => owned.native_watchers.push(watcher),
        }
    }

    /// A reply completes its request, or is dropped when nobody waits any more.
    fn take_reply(&self, cell: &Cell, owned: &mut Owned, envelope: Box<Envelope>) {
        let from = envelope.sender;
        let Some(&Reference::Request { to, .. }) = owned.references.get(envelope.reference) else {
            self.counters.add(Count::DroppedLate);
            return self.note_left(cell, &envelope);
        };
        if from != to {
            // Somebody else answered: the one who was asked need not tell of its end any more.
            let signal = Signal::Demonitor { from: owned.id(), reference: envelope.reference };
            self.signal(to, signal);
        }
        self.complete(owned, envelope.reference, |_| envelope);
    }

    /// The end of an actor completes a monitor or a request; the flag tells which.
    fn take_down(&self, owned: &mut Owned, from: ActorId, reference: u64, reason: Arc<ExitReason>) {
        let request = matches!(owned.references.get(reference), Some(Reference::Request { .. }));
        let down = |reference| {
            let mut down = Envelope::down(from, reference, reason);
            down.request = request;
            down
        };
        self.complete(owned, reference, down);
    }

    fn take_timeout(&self, owned: &mut Owned, reference: u64) {
        match owned.references.get(reference) {
            Some(&Reference::Request { to, .. }) => {
                self.signal(to, Signal::Demonitor { from: owned.id(), reference });
                self.complete(owned, reference, |reference| Envelope::system(Kind::Timeout, to, reference));
            }
            // One that was claimed is about to be completed.
            Some(Reference::Select(selecting)) if selecting.waiter.claim() => {
                owned.references.close(reference);
                owned.mailbox.push(Envelope::system(Kind::Timeout, owned.id(), reference));
            }
            _ => {}
        }
    }

    /// A select is done: the one that the actor is parked in, or one that it has started.
    fn take_selected(&self, owned: &mut Owned, envelope: Box<Envelope>) {
        if envelope.reference == 0 {
            match &mut owned.wait {
                Wait::Select(selecting) => return selecting.complete(envelope),
                other => unreachable!("a select is completed by one, and waited for: {other:?}"),
            }
        }
        // One that was done at once has no reference.
        if let Some(Reference::Select(selecting)) = owned.references.close(envelope.reference) {
            selecting.timer.map(|key| self.timers.cancel(key));
            selecting.leave(envelope.arm);
        }
        owned.mailbox.push(envelope);
    }

    /// Whoever gave up meanwhile lets the next one have the room.
    fn take_room(&self, owned: &mut Owned, reference: u64, of: ActorId) {
        match owned.references.close(reference) {
            Some(Reference::Room { parked: true, .. }) => {}
            Some(_) => owned.mailbox.push(Envelope::system(Kind::Room, of, reference)),
            None => self.offer_room(self.table.cell(of.slot)),
        }
    }

    /// A tick is left out if the one before is still unread, or if its timer was cancelled while it came.
    fn take_tick(&self, cell: &Cell, owned: &mut Owned, envelope: Box<Envelope>, repeats: bool) {
        let is_own = envelope.sender == owned.id();
        let cancelled = is_own && owned.references.get(envelope.reference).is_none();
        if cancelled || (repeats && owned.mailbox.has_tick(&envelope)) {
            self.counters.add(if cancelled { Count::DroppedLate } else { Count::DroppedOverflow });
            return self.note_left(cell, &envelope);
        }
        if is_own && !repeats {
            close_timer(owned, envelope.reference);
        }
        owned.mailbox.push(envelope);
    }

    /// Closes a reference and puts its completion where it was asked for.
    fn complete(&self, owned: &mut Owned, reference: u64, make: impl FnOnce(u64) -> Box<Envelope>) {
        let delivery = match owned.references.get(reference) {
            Some(Reference::Request { delivery, timer, .. }) => {
                timer.map(|key| self.timers.cancel(key));
                *delivery
            }
            Some(Reference::Monitor { delivery, .. }) => *delivery,
            _ => return,
        };
        owned.references.close(reference);
        match delivery {
            Delivery::Held => drop(owned.held.insert(reference, make(reference))),
            Delivery::Message => owned.mailbox.push(make(reference)),
        }
    }

    /// Counts a message that its receiver takes, and tells who waits for the room it leaves.
    pub(crate) fn note_received(&self, cell: &Cell, envelope: &Envelope) {
        if envelope.is_counted() {
            self.counters.add(Count::Received);
            cell.note_handled();
            self.note_left(cell, envelope);
        }
    }

    /// The same for a message that leaves the mailbox otherwise. Those who wait for room hear of it when half
    /// of it is there, or the owner waits: one told at each place that becomes free would send one message,
    /// and wait again.
    pub(crate) fn note_left(&self, cell: &Cell, envelope: &Envelope) {
        cell.note_taken(1, envelope.size());
        if cell.room_wanted.load(Ordering::Acquire) {
            self.tell_room(cell, Cell::is_half_empty);
        }
    }

    /// Tells as many of those who wait for room as there is room for: the owner takes nothing for now, be it
    /// because nothing is there or because it looks for something else.
    pub(crate) fn offer_room(&self, cell: &Cell) {
        if !cell.room_wanted.load(Ordering::Acquire) {
            return;
        }
        let free = cell.free_places(&cell.gate.lock());
        for _ in 0..free {
            if !self.tell_room(cell, |_, _| true) {
                return;
            }
        }
    }

    /// Tells the first that waits for no more room than there is, if that is enough; false if nobody was told.
    fn tell_room(&self, cell: &Cell, is_enough: impl Fn(&Cell, &SignalQueue) -> bool) -> bool {
        loop {
            let (waiter, of) = {
                let mut queue = cell.gate.lock();
                if !is_enough(cell, &queue) {
                    return false;
                }
                let mut first = queue.room_waiters.iter().take(ROOM_WAITERS_LOOKED_AT);
                let waiter = first.position(|waiter| cell.has_room(&queue, waiter.size));
                let waiter = waiter.and_then(|at| queue.room_waiters.remove(at));
                cell.room_wanted.store(!queue.room_waiters.is_empty(), Ordering::Release);
                (waiter, queue.meta.as_ref().map(|meta| meta.id))
            };
            let (Some(RoomWaiter { actor, reference, .. }), Some(of)) = (waiter, of) else { return false };
            // A waiter that has gone must not use up the notice of the next.
            if self.signal(actor, Signal::Room { reference, of }) {
                return true;
            }
        }
    }

    /// Gives up a reference, and whatever would have completed it. A select that was done already stays done.
    pub(crate) fn cancel(&self, cell: &Cell, owned: &mut Owned, reference: u64) -> bool {
        let me = owned.id();
        if let Some(Reference::Select(selecting)) = owned.references.get(reference)
            && !selecting.waiter.claim()
        {
            return false;
        }
        match owned.references.close(reference) {
            Some(Reference::Select(selecting)) => {
                selecting.timer.map(|key| self.timers.cancel(key));
                return true;
            }
            Some(Reference::Timer { key }) => {
                let was_armed = self.cancel_timer(owned, key);
                self.drop_unread(cell, owned, reference);
                return was_armed;
            }
            Some(Reference::Request { to, timer, .. }) => {
                timer.map(|key| self.timers.cancel(key));
                self.signal(to, Signal::Demonitor { from: me, reference });
                return true;
            }
            Some(Reference::Monitor { of, .. }) => {
                self.signal(of, Signal::Demonitor { from: me, reference });
                return true;
            }
            Some(Reference::Room { of, .. }) => {
                self.unwant_room(of, (me, reference));
                return true;
            }
            Some(Reference::Lookup(lookup)) if !lookup.is_over() => return true,
            Some(Reference::Lookup(_)) | None => {}
        }
        self.drop_unread(cell, owned, reference);
        false
    }

    /// Drops what a reference that was given up has brought already.
    fn drop_unread(&self, cell: &Cell, owned: &mut Owned, reference: u64) {
        let unread = owned.held.remove(&reference).or_else(|| owned.mailbox.remove_reference(reference));
        if let Some(envelope) = unread.filter(|envelope| envelope.is_counted()) {
            self.counters.add(Count::DroppedLate);
            self.note_left(cell, &envelope);
        }
    }
}

/// A timer that is done makes room for another.
fn close_timer(owned: &mut Owned, reference: u64) {
    if let Some(Reference::Timer { .. }) = owned.references.get(reference) {
        owned.references.close(reference);
        owned.charge.remove(Resource::Timers, 1);
    }
}

/// What was found is kept until it is asked for, unless nobody will.
fn take_resolved(owned: &mut Owned, reference: u64, found: NetResult<Vec<SocketAddr>>) {
    if let Some(Reference::Lookup(lookup)) = owned.references.get_mut(reference) {
        lookup.end(found);
        owned.mailbox.push(Envelope::ready(reference, 0, SocketEvent::Resolved));
    }
}

/// A stop takes its place among the messages, and so comes after those that were sent before.
fn take_stop(owned: &mut Owned, from: ActorId) {
    owned.mailbox.push(Envelope::system(Kind::Stop, from, 0));
}

/// Whatever has been decided before stays: a later kill is one of a dead actor.
fn take_kill(owned: &mut Owned) {
    owned.dying.get_or_insert_with(|| Arc::new(ExitReason::Killed));
}

fn take_exit(owned: &mut Owned, from: ActorId, reason: Arc<ExitReason>, link: Option<u64>) {
    if let Some(id) = link {
        let linked = owned.links.get(&from).is_some_and(|ids| ids.contains(&id));
        if !linked {
            return;
        }
        owned.links.remove(&from);
    }
    if owned.trap_exit {
        owned.mailbox.push(Envelope::exit(from, reason, link.is_some()));
    } else if !matches!(*reason, ExitReason::Normal(_)) || from == owned.id() {
        owned.dying.get_or_insert(reason);
    }
}

fn take_unlink(owned: &mut Owned, from: ActorId, ids: &SmallVec<[u64; 1]>) {
    if let Some(mine) = owned.links.get_mut(&from) {
        mine.retain(|id| !ids.contains(id));
        if mine.is_empty() {
            owned.links.remove(&from);
        }
    }
}

/// What an actor that does not trap `stop` ends with.
pub(crate) fn stopped() -> Arc<ExitReason> {
    Arc::new(ExitReason::Shutdown(Value::default()))
}

/// The status that tells a caller of the end of the one it called.
pub(crate) fn completion_status(envelope: &Envelope, is_call: bool) -> Status {
    match envelope.kind {
        Kind::Down if is_call => Status::ACTOR_DIED,
        Kind::Timeout => Status::TIMED_OUT,
        _ => Status::OK,
    }
}

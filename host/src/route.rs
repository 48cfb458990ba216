//! The one route from an actor to another: every send, signal and lookup goes through here.
//!
//! It is local now. What it answers is what can be known on this side: accepted (never processed),
//! or a refusal; a route that crosses to another node will answer the same, and `NO_CONNECTION`.

use flower_abi::{Pid, Rights, Status};

use crate::actor::{Cell, RoomWaiter, SignalQueue};
use crate::gate::Guard;
use crate::observe::Count;
use crate::pid::ActorId;
use crate::shared::Shared;
use crate::signal::{Envelope, Signal};

impl Shared {
    /// The actor that a pid names, if the pid is true and carries these rights.
    pub(crate) fn resolve(&self, pid: &Pid, needed: Rights) -> Result<ActorId, Status> {
        self.mint.check(pid, needed)
    }

    /// Delivers a message unless the receiver is dead or its mailbox full; counts either way.
    pub(crate) fn send(&self, to: ActorId, envelope: Box<Envelope>) -> Result<(), Status> {
        self.counters.add(Count::Sent);
        let size = envelope.size();
        let mut envelope = Some(envelope);
        let sent = self.deliver(to, |cell, queue| {
            if cell.has_room(queue, size) {
                queue.accept(Signal::Message(envelope.take().expect("it is there")));
                Ok(())
            } else {
                Err(Status::MAILBOX_FULL)
            }
        });
        if sent.is_err() {
            self.counters.add(Count::Refused);
        }
        sent
    }

    /// Reserves a message's place; [`Shared::send_reserved`] or [`Shared::release`] follows.
    pub(crate) fn reserve(&self, to: ActorId, envelope: &Envelope) -> Result<(), Status> {
        let size = envelope.size();
        let reserved = self.deliver_quietly(to, |cell, queue| {
            let has_room = cell.has_room(queue, size);
            if has_room {
                queue.accepted_len += 1;
                queue.accepted_bytes += size;
            }
            has_room
        });
        let refused = match reserved {
            Ok(true) => return Ok(()),
            Ok(false) => Status::MAILBOX_FULL,
            Err(status) => status,
        };
        self.counters.add_many(Count::Sent, 1);
        self.counters.add_many(Count::Refused, 1);
        Err(refused)
    }

    /// Delivers a message whose place is reserved; a receiver that has ended meanwhile drops it.
    pub(crate) fn send_reserved(&self, to: ActorId, mut envelope: Box<Envelope>) {
        self.counters.add(Count::Sent);
        let delivered = self.deliver(to, |_, queue| {
            envelope.commit_handles();
            queue.signals.push(Signal::Message(envelope));
            Ok(())
        });
        if delivered.is_err() {
            self.counters.add(Count::DroppedDead);
        }
    }

    /// Gives back the place of a message that will not come.
    pub(crate) fn release(&self, to: ActorId, envelope: &Envelope) {
        // A receiver that has ended has nothing to give back.
        let _ = self.deliver_quietly(to, |_, queue| {
            queue.accepted_len -= 1;
            queue.accepted_bytes -= envelope.size();
        });
    }

    /// Delivers the reply to a request; its place was reserved when the request was made, and nobody else's
    /// is taken by one that answers again and again.
    pub(crate) fn reply(&self, to: ActorId, envelope: Box<Envelope>) -> Result<(), Status> {
        self.counters.add(Count::Sent);
        let sent = self.unless_flooded(to, Signal::Reply(envelope));
        if sent.is_err() {
            self.counters.add(Count::Refused);
        }
        sent
    }

    /// Delivers a signal for which nobody has reserved a place, unless the receiver has too many of all
    /// kinds to take in.
    pub(crate) fn unless_flooded(&self, to: ActorId, signal: Signal) -> Result<(), Status> {
        let limits = &self.limits;
        let most = [limits.mailbox_len_max, limits.references_max, limits.timers_max, limits.links_max];
        let most: usize = most.into_iter().map(|max| max as usize).sum();
        let mut signal = Some(signal);
        self.deliver(to, |cell, queue| {
            if queue.signals.len() > most {
                return Err(Status::MAILBOX_FULL);
            }
            queue.accept_signal(cell, signal.take().expect("delivered once"));
            Ok(())
        })
    }

    /// Delivers a message, or notes under the same lock that the sender waits for room and gives the
    /// message back.
    pub(crate) fn send_or_wait(
        &self,
        to: ActorId,
        envelope: Box<Envelope>,
        waiter: (ActorId, u64),
    ) -> Result<(), (Status, Box<Envelope>)> {
        let size = envelope.size();
        let mut envelope = Some(envelope);
        let sent = self.deliver(to, |cell, queue| {
            if cell.has_room(queue, size) {
                self.counters.add(Count::Sent);
                queue.accept(Signal::Message(envelope.take().expect("it is there")));
                return Ok(());
            }
            queue.want_room(cell, waiter, size);
            Err(Status::MAILBOX_FULL)
        });
        sent.map_err(|status| (status, envelope.expect("a message that is refused was not taken")))
    }

    /// Asks for a `Room` signal; at once if there is room.
    pub(crate) fn want_room(&self, to: ActorId, waiter: (ActorId, u64)) -> Result<(), Status> {
        let has_room = self.deliver_quietly(to, |cell, queue| {
            let has_room = cell.has_room(queue, 0);
            if !has_room {
                queue.want_room(cell, waiter, 0);
            }
            has_room
        });
        if has_room? {
            self.signal(waiter.0, Signal::Room { reference: waiter.1, of: to });
        }
        Ok(())
    }

    /// Takes back the wish for a `Room` signal; a place that this waiter was told of, or kept others from, is theirs.
    pub(crate) fn unwant_room(&self, of: ActorId, (actor, reference): (ActorId, u64)) {
        // An actor that has ended has told all that waited.
        let taken_back = self.deliver_quietly(of, |_, queue| {
            queue.room_waiters.retain(|other| (other.actor, other.reference) != (actor, reference));
        });
        if taken_back.is_ok() {
            self.offer_room(self.table.cell(of.slot));
        }
    }

    /// Delivers a system signal, which no full mailbox refuses; false if the actor is dead.
    pub(crate) fn signal(&self, to: ActorId, signal: Signal) -> bool {
        self.try_signal(to, signal).is_ok()
    }

    /// The same, giving the signal back if the actor is dead.
    pub(crate) fn try_signal(&self, to: ActorId, signal: Signal) -> Result<(), Signal> {
        let mut signal = Some(signal);
        let delivered = self.deliver(to, |cell, queue| {
            queue.accept_signal(cell, signal.take().expect("delivered once"));
            Ok(())
        });
        delivered.map_err(|_| signal.expect("a dead actor's queue took nothing"))
    }

    /// Whether an actor lives and its mailbox has room for a message of this size.
    pub(crate) fn has_room(&self, id: ActorId, size: u64) -> bool {
        self.deliver_quietly(id, |cell, queue| cell.has_room(queue, size)).unwrap_or(false)
    }

    /// Whether the actor has not ended.
    pub(crate) fn is_alive(&self, id: ActorId) -> bool {
        self.deliver_quietly(id, |_, _| ()).is_ok()
    }

    /// Lets an actor run, because something has come for it.
    pub(crate) fn wake(&self, slot: u32) {
        if self.table.cell(slot).gate.wake() {
            self.scheduler.enqueue(slot, self.table.cell(slot).tree());
        }
    }

    /// Puts something into a live actor's queue and wakes it. What `put` does not accept it leaves to be dropped by
    /// its caller: with a message an endpoint of a channel may go, and its drop tells others.
    fn deliver(
        &self,
        to: ActorId,
        put: impl FnOnce(&Cell, &mut SignalQueue) -> Result<(), Status>,
    ) -> Result<(), Status> {
        let (cell, mut queue) = self.open(to)?;
        put(cell, &mut queue)?;
        let must_run = queue.note_signal();
        if let Some(native) = &queue.native {
            let native = native.clone();
            drop(queue);
            native.notify_one();
            return Ok(());
        }
        drop(queue);
        if must_run {
            self.scheduler.enqueue(to.slot, cell.tree());
        }
        Ok(())
    }

    /// Looks into a live actor's queue.
    fn deliver_quietly<R>(
        &self,
        to: ActorId,
        look: impl FnOnce(&Cell, &mut SignalQueue) -> R,
    ) -> Result<R, Status> {
        let (cell, mut queue) = self.open(to)?;
        Ok(look(cell, &mut queue))
    }

    /// Locks a live actor's queue.
    fn open(&self, id: ActorId) -> Result<(&Cell, Guard<'_, SignalQueue>), Status> {
        let cell = self.table.get(id.slot).ok_or(Status::NO_ACTOR)?;
        let queue = cell.gate.lock();
        if queue.serial != id.serial || id.serial == 0 {
            return Err(Status::NO_ACTOR);
        }
        Ok((cell, queue))
    }
}

impl SignalQueue {
    /// Puts a signal behind all others; what the accounts know counts as queued from here on.
    fn accept(&mut self, mut signal: Signal) {
        if let Signal::Message(envelope)
        | Signal::Reply(envelope)
        | Signal::Timer { envelope, .. }
        | Signal::Selected(envelope) = &mut signal
            && envelope.is_counted()
        {
            envelope.commit_handles();
            self.accepted_len += 1;
            self.accepted_bytes += envelope.size();
        }
        self.signals.push(signal);
    }

    /// The same for any signal: one that is urgent interrupts the actor.
    fn accept_signal(&mut self, cell: &Cell, signal: Signal) {
        if signal.is_urgent() {
            cell.urgent.store(true, std::sync::atomic::Ordering::Release);
        }
        self.accept(signal);
    }

    /// Notes who waits for room.
    fn want_room(&mut self, cell: &Cell, (actor, reference): (ActorId, u64), size: u64) {
        self.room_waiters.push_back(RoomWaiter { actor, reference, size });
        cell.room_wanted.store(true, std::sync::atomic::Ordering::Release);
    }
}

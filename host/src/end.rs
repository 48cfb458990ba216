//! The end of an actor: one path, one order, whatever the reason.
//!
//! Stop; close the mailbox; report a crash; free the names; leave the groups; cancel the timers; tell the links; tell
//! the monitors and the callers that wait; tell native code; free. Nobody is told before the names are free and
//! the groups are left, and the linear memory is gone before anybody is told. Every end that is told is the same reason.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::actor::{Cell, Owned, RoomWaiter, Wait};
use crate::crash::{Crashed, Remains, shown};
use crate::exit::ExitReason;
use crate::instance::Ended;
use crate::observe::Count;
use crate::pid::ActorId;
use crate::reference::Reference;
use crate::shared::Shared;
use crate::signal::{Envelope, Signal};

impl Shared {
    /// Ends the actor that this worker runs, and frees its cell.
    pub(crate) fn end(&self, slot: u32, ended: Ended) {
        let cell = self.table.cell(slot);
        let mut owned = cell.move_out().expect("an actor ends once");
        let memory_bytes = cell.memory_bytes.load(Ordering::Relaxed);
        // A kill, or an exit signal, decides over whatever the dying body came back with.
        let remains = ended.remains.filter(|_| owned.dying.is_none());
        let reason = owned.dying.clone().unwrap_or(ended.reason);
        let (left, room_waiters) = close(cell);
        let end = Crashed { owned: &owned, cell, reason: &reason, left: &left, memory_bytes };
        self.log_end(&end, remains);
        self.names.remove_all(owned.id());
        self.groups.remove_all(owned.id());
        self.end_references(&mut owned);
        // Whoever is told may start another in this one's place.
        owned.charge.give_back();
        self.tell_links(&mut owned, &reason);
        self.tell_watchers(&mut owned, &reason);
        self.answer_left(cell, &mut owned, left, &reason);
        for waiter in room_waiters {
            let reference = waiter.reference;
            self.signal(waiter.actor, Signal::Room { reference, of: owned.id() });
        }
        cell.reset_accounts();
        self.counters.add(Count::Ended);
        if reason.is_crash() {
            self.counters.add(Count::Crashed);
        }
        for watcher in owned.native_watchers.drain(..) {
            // The native side may have stopped waiting.
            let _ = watcher.send(reason.clone());
        }
        drop(owned);
        cell.gate.free();
        self.table.release(slot);
        if self.is_closing() {
            self.ended.notify_waiters();
        }
    }

    /// A crash is shown and kept; of other ends a log tells that is asked to.
    fn log_end(&self, end: &Crashed<'_>, remains: Option<Box<Remains>>) {
        if let Some(remains) = remains {
            // A bug of a report's is not to take the worker with it.
            let reported = catch_unwind(AssertUnwindSafe(|| self.report_crash(end, *remains)));
            if reported.is_err() {
                tracing::error!(target: "flower", "host error: no report could be made of a crash");
            }
            return;
        }
        let meta = &end.owned.meta;
        tracing::debug!(
            target: "flower",
            "actor {} <0.{}> ended: {}",
            shown(meta.label.as_bytes(), meta.label.len()),
            meta.id.serial,
            shown(end.reason.to_string().as_bytes(), usize::MAX),
        );
    }

    /// Timers are cancelled; those that this actor watched or asked need not remember it. It waits at no channel any
    /// more, and its endpoints are gone.
    fn end_references(&self, owned: &mut Owned) {
        let me = owned.id();
        owned.wait_timer.take().map(|key| self.timers.cancel(key));
        for (reference, open) in owned.references.drain() {
            match open {
                Reference::Timer { key } => _ = self.disarm(key),
                Reference::Request { to, timer, .. } => {
                    timer.map(|key| self.timers.cancel(key));
                    self.signal(to, Signal::Demonitor { from: me, reference });
                }
                Reference::Monitor { of, .. } => {
                    self.signal(of, Signal::Demonitor { from: me, reference });
                }
                Reference::Room { of, .. } => self.unwant_room(of, (me, reference)),
                // It leaves all queues by its drop.
                Reference::Select(selecting) => _ = selecting.timer.map(|key| self.timers.cancel(key)),
                // So is what nobody will ask for.
                Reference::Lookup(_) => {}
            }
        }
        if let Wait::Select(mut selecting) = std::mem::take(&mut owned.wait)
            && let Some(completion) = selecting.take_completion()
        {
            owned.mailbox.push(completion);
        }
        owned.handles.clear();
    }

    fn tell_links(&self, owned: &mut Owned, reason: &Arc<ExitReason>) {
        let me = owned.id();
        let mut links: Vec<_> = owned.links.drain().collect();
        links.sort_unstable_by_key(|(peer, _)| *peer);
        for (peer, ids) in links {
            for id in ids {
                self.signal(peer, Signal::Exit { from: me, reason: reason.clone(), link: Some(id) });
            }
        }
    }

    fn tell_watchers(&self, owned: &mut Owned, reason: &Arc<ExitReason>) {
        let me = owned.id();
        let mut watchers: Vec<_> = owned.watchers.drain().map(|(watcher, ())| watcher).collect();
        watchers.sort_unstable();
        for (watcher, reference) in watchers {
            self.signal(watcher, Signal::Down { from: me, reference, reason: reason.clone() });
        }
    }

    /// What nobody will take any more: requests, links and monitors get their answer.
    fn answer_left(&self, cell: &Cell, owned: &mut Owned, left: Vec<Signal>, reason: &Arc<ExitReason>) {
        let me = owned.id();
        let unread: Vec<Box<Envelope>> =
            owned.mailbox.drain().chain(owned.held.drain().map(|(_, held)| held)).collect();
        for envelope in &unread {
            self.drop_dead(cell, me, envelope, reason);
        }
        for signal in left {
            match signal {
                Signal::Message(envelope)
                | Signal::Reply(envelope)
                | Signal::Timer { envelope, .. }
                | Signal::Selected(envelope) => {
                    self.drop_dead(cell, me, &envelope, reason);
                }
                Signal::Link { from, id } => {
                    let reason = Arc::new(ExitReason::NoProcess);
                    self.signal(from, Signal::Exit { from: me, reason, link: Some(id) });
                }
                Signal::Monitor { from, reference } => {
                    self.signal(from, Signal::Down { from: me, reference, reason: reason.clone() });
                }
                Signal::Watch(watcher) => owned.native_watchers.push(watcher),
                _ => {}
            }
        }
    }

    fn drop_dead(&self, cell: &Cell, me: ActorId, envelope: &Envelope, reason: &Arc<ExitReason>) {
        if envelope.is_counted() {
            self.counters.add(Count::DroppedDead);
            cell.note_taken(1, envelope.size());
        }
        if envelope.wants_reply() {
            let (reference, reason) = (envelope.reference, reason.clone());
            self.signal(envelope.sender, Signal::Down { from: me, reference, reason });
        }
    }
}

/// Closes the queue, so that later signals find nobody; takes what is in it, and who waits for room.
fn close(cell: &Cell) -> (Vec<Signal>, VecDeque<RoomWaiter>) {
    let mut queue = cell.gate.lock();
    queue.serial = 0;
    queue.meta = None;
    queue.native = None;
    cell.room_wanted.store(false, Ordering::Relaxed);
    cell.urgent.store(false, Ordering::Relaxed);
    cell.memory_bytes.store(0, Ordering::Relaxed);
    (std::mem::take(&mut queue.signals), std::mem::take(&mut queue.room_waiters))
}

//! What an actor keeps of a select that waits, until it is completed or given up.

use std::sync::Arc;

use smallvec::SmallVec;

use super::queue::Ticket;
use super::state::Line;
use super::{Channel, Waiter, bury};
use crate::mailbox::{Filters, Mailbox};
use crate::signal::Envelope;
use crate::timer::TimerKey;

/// Where somebody stands in the queues of channels. Whoever drops it has left all of them.
#[derive(Debug, Default)]
pub(crate) struct Places(SmallVec<[Place; 1]>);

#[derive(Debug)]
struct Place {
    channel: Arc<Channel>,
    line: Line,
    ticket: Ticket,
    arm: u8,
}

impl Places {
    /// One more.
    pub(crate) fn add(&mut self, channel: &Arc<Channel>, line: Line, ticket: Ticket, arm: u8) {
        self.0.push(Place { channel: channel.clone(), line, ticket, arm });
    }

    /// The place of this arm is left already: who completed it took it out.
    fn forget(&mut self, arm: u8) {
        self.0.retain(|place| place.arm != arm);
    }
}

impl Drop for Places {
    fn drop(&mut self) {
        for place in self.0.drain(..) {
            let left = place.channel.lock().leave(place.line, place.ticket);
            if let Some(value) = left.and_then(|parked| parked.value) {
                bury([value]);
            }
        }
    }
}

/// The arms of a select that are about the actor's own mailbox.
#[derive(Debug, Default)]
pub(crate) struct Mailboxes(SmallVec<[(u8, Filters); 1]>);

impl Mailboxes {
    /// One more.
    pub(crate) fn add(&mut self, arm: u8, filters: Filters) {
        self.0.push((arm, filters));
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Where the first message stands that an arm wants, from a place on; or, where `stops`, a request to stop that
    /// comes before it.
    pub(crate) fn find(&self, mailbox: &Mailbox, from: usize, stops: bool) -> Option<usize> {
        if self.is_empty() {
            return None;
        }
        self.0.iter().filter_map(|(_, filters)| mailbox.find(filters, from, stops)).min()
    }

    /// The arm that wants this message.
    pub(crate) fn arm(&self, message: &Envelope) -> Option<u8> {
        self.0.iter().find(|(_, filters)| filters.matches(message)).map(|(arm, _)| *arm)
    }
}

/// A select that waits: parked in it or not, there is just one that completes it.
#[derive(Debug)]
pub(crate) struct Selecting {
    pub(crate) waiter: Arc<Waiter>,
    places: Places,
    /// What has completed it, if the actor is parked in it.
    completion: Option<Box<Envelope>>,
    mailboxes: Mailboxes,
    /// How many messages of the mailbox were looked at.
    seen: usize,
    /// Tells of the deadline, if the actor is not parked in it.
    pub(crate) timer: Option<TimerKey>,
}

impl Selecting {
    /// One that waits at these places, and for a message behind the first `seen`.
    pub(crate) fn new(waiter: Arc<Waiter>, places: Places, mailboxes: Mailboxes, seen: usize) -> Selecting {
        Selecting { waiter, places, completion: None, mailboxes, seen, timer: None }
    }

    /// Whether it is over, or a message has come that it wants.
    pub(crate) fn is_ready(&mut self, mailbox: &Mailbox, stops: bool) -> bool {
        if self.completion.is_some() {
            return true;
        }
        let found = self.mailboxes.find(mailbox, self.seen, stops);
        self.seen = found.unwrap_or(mailbox.len());
        found.is_some()
    }

    /// Notes what has completed it.
    pub(crate) fn complete(&mut self, completion: Box<Envelope>) {
        self.places.forget(completion.arm);
        self.completion = Some(completion);
    }

    /// What has completed it.
    pub(crate) fn take_completion(&mut self) -> Option<Box<Envelope>> {
        self.completion.take()
    }

    /// Where a message stands that it wants.
    pub(crate) fn find(&self, mailbox: &Mailbox, stops: bool) -> Option<usize> {
        self.mailboxes.find(mailbox, self.seen, stops)
    }

    /// The arms that are about the mailbox; it does not look there any more.
    pub(crate) fn take_mailboxes(&mut self) -> Mailboxes {
        std::mem::take(&mut self.mailboxes)
    }

    /// Leaves all places but that of the arm that was done.
    pub(crate) fn leave(mut self, arm: u8) {
        self.places.forget(arm);
    }
}

impl Drop for Selecting {
    /// Nobody completes it any more, before the places are left.
    fn drop(&mut self) {
        self.waiter.claim();
    }
}

//! Who waits at several channels while others send, receive, and give up.

use std::sync::Arc;

use flower_abi::Overflow;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;

use crate::channel::Rent;
use crate::channel::state::{Bounds, Line, Offered, Parked, State, Taken, Trash};
use crate::channel::waiter::Waiter;
use crate::model;
use crate::pid::ActorId;
use crate::signal::Envelope;
use crate::sync::Mutex;

/// Two channels without a buffer, and how often somebody was completed.
struct Channels {
    states: [Mutex<State>; 2],
    handed: AtomicUsize,
}

impl Channels {
    fn new(capacity: usize) -> Arc<Channels> {
        let bounds = Bounds { capacity, overflow: Overflow::Block, bytes_max: 100, waiters_max: 10 };
        let state = || Mutex::new(State::new(bounds, Rent));
        Arc::new(Channels { states: [state(), state()], handed: AtomicUsize::new(0) })
    }

    /// Sends, and counts whom it was handed to; true if it was accepted.
    fn send(&self, channel: usize) -> bool {
        let offered = self.states[channel].lock().offer(Box::new(Envelope));
        match offered {
            Offered::Handed(..) => {
                self.handed.fetch_add(1, Ordering::AcqRel);
                true
            }
            Offered::Accepted(_) => true,
            _ => false,
        }
    }

    /// Waits at both for a value, unless one is there.
    fn select(&self) -> Option<Arc<Waiter>> {
        let mut trash = Trash::new();
        let mut first = self.states[0].lock();
        let mut second = self.states[1].lock();
        for state in [&mut first, &mut second] {
            if let Taken::Value(..) = state.take(&mut trash) {
                return None;
            }
        }
        let waiter = Arc::new(Waiter::new(ActorId, 0));
        for (arm, state) in [&mut first, &mut second].into_iter().enumerate() {
            let parked = Parked { waiter: waiter.clone(), arm: arm as u8, value: None };
            state.park(Line::Receiving, parked);
        }
        Some(waiter)
    }
}

/// One of two senders at different channels completes it, and the other finds nobody.
pub(crate) fn a_select_is_completed_once() {
    model(|| {
        let channels = Channels::new(0);
        assert!(channels.select().is_some());
        let senders = [0, 1].map(|channel| {
            let channels = channels.clone();
            thread::spawn(move || channels.send(channel))
        });
        let accepted = senders.map(|sender| sender.join().expect("it sends"));
        assert_eq!(accepted.iter().filter(|accepted| **accepted).count(), 1);
        assert_eq!(channels.handed.load(Ordering::Acquire), 1);
    });
}

/// Who gives up either does, or is completed: never both, and never neither.
pub(crate) fn who_gives_up_has_got_nothing() {
    model(|| {
        let channels = Channels::new(0);
        let waiter = channels.select().expect("nothing is there");
        let sending = channels.clone();
        let sender = thread::spawn(move || sending.send(1));
        let gave_up = waiter.claim();
        assert_eq!(sender.join().expect("it sends"), !gave_up);
        assert_eq!(channels.handed.load(Ordering::Acquire), usize::from(!gave_up));
    });
}

/// A value that is sent while somebody lines up is taken, or handed over: it does not stay unseen.
pub(crate) fn a_value_is_not_missed_by_who_lines_up() {
    model(|| {
        let channels = Channels::new(1);
        let sending = channels.clone();
        let sender = thread::spawn(move || assert!(sending.send(1)));
        let waits = channels.select().is_some();
        sender.join().expect("it sends");
        assert_eq!(channels.handed.load(Ordering::Acquire), usize::from(waits));
        assert_eq!(channels.states[1].lock().len(), 0);
    });
}

/// A close tells who waits, unless a sender has.
pub(crate) fn a_close_and_a_send_do_not_both_complete() {
    model(|| {
        let channels = Channels::new(0);
        assert!(channels.select().is_some());
        let closing = channels.clone();
        let closer = thread::spawn(move || closing.states[0].lock().close().waiters.len());
        let sent = channels.send(1);
        assert_eq!(closer.join().expect("it closes") + usize::from(sent), 1);
    });
}

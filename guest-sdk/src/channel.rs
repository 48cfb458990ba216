//! Channels: values of one type, from those that send to those that receive, in order.
//!
//! A channel begins in the memory of the actor that made it, where its use costs no host call. Each operation that waits
//! has two forms: one that blocks the actor, and one that ends in `_async`, for [tasks](crate::task). Called outside of
//! a task, the first runs the tasks while it waits.
//!
//! ```no_run
//! use flower::{channel, task};
//!
//! let (tx, rx) = channel::<u32>(0);
//! task::spawn(async move {
//!     for n in 0..3 {
//!         tx.send_async(n).await.expect("somebody receives");
//!     }
//! });
//! assert_eq!(rx.iter().sum::<u32>(), 3);
//! ```

mod receiver;
mod sender;

mod error;
mod made;

mod queue;
mod state;

mod promote;
mod remote;

mod batch;
mod split;

pub mod select;

mod ops;

use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;

use flower_abi::{Codec, Status};

pub use error::{RecvTimeoutError, SendError, SendTimeoutError, TryRecvError, TrySendError};
pub use made::{after, interval, spawn_actor_channel, spawn_channel, tick};
pub use ops::{Mix, Modes, Mult, Pub, SoloMode, SourceId, Sub, Tap, merge};
pub use receiver::{IntoIter, IntoStream, Iter, Receiver, Receiving, Stream, TryIter};
pub use select::Select;
pub use sender::{Ended, Sender, Sending};
pub use split::{Selected, StartSelect};
pub use state::Overflow;

pub(crate) use queue::{Claim, Owner};

use queue::{NONE, Outcome};
use remote::{Refusal, Remote, Started, says_closed};
use state::{Offer, State, Take};

use crate::envelope::Envelope;

/// Makes a channel that holds `capacity` values; where that is full, a send waits. With capacity 0 it is a rendezvous: a
/// send waits until somebody receives.
pub fn channel<T>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    channel_with(capacity, Overflow::Block)
}

/// Makes a channel, and says what a send does when it is full.
///
/// ```no_run
/// use flower::{Overflow, channel_with};
///
/// let (tx, rx) = channel_with(2, Overflow::DropOldest);
/// for n in 0..5 {
///     tx.send(n).expect("open");
/// }
/// assert_eq!(rx.try_iter().collect::<Vec<i32>>(), [3, 4]);
/// ```
pub fn channel_with<T>(capacity: usize, overflow: Overflow) -> (Sender<T>, Receiver<T>) {
    let chan = Rc::new(Chan::new(capacity, overflow));
    (Sender::new(chan.clone()), Receiver::new(chan))
}

/// What the endpoints share.
struct Chan<T> {
    senders: Cell<usize>,
    receivers: Cell<usize>,
    state: RefCell<State<T>>,
    /// There once an endpoint was sent away: the channel is in the host then, and the state has only who waits and what
    /// has come back.
    remote: OnceCell<Box<Remote<T>>>,
    /// Its values travel in the compact form.
    binary: Cell<bool>,
}

impl<T> Chan<T> {
    fn new(capacity: usize, overflow: Overflow) -> Chan<T> {
        Chan {
            senders: Cell::new(0),
            receivers: Cell::new(0),
            state: RefCell::new(State::new(capacity, overflow)),
            remote: OnceCell::new(),
            binary: Cell::new(false),
        }
    }

    /// Sends the value if that needs no wait; else gives it back.
    #[inline]
    fn offer(&self, value: T) -> Offer<T> {
        if let Some(remote) = self.remote.get() {
            return self.offer_remote(remote, value);
        }
        let offer = self.state.borrow_mut().offer(value);
        match offer {
            Offer::Sent(taker, dropped) => {
                if let Some(taker) = taker {
                    taker.wake();
                }
                Offer::Sent(None, dropped)
            }
            refused => refused,
        }
    }

    /// Takes a value if there is one.
    #[inline]
    fn take(&self) -> Take<T> {
        if let Some(remote) = self.remote.get() {
            return self.take_remote(remote);
        }
        let take = self.state.borrow_mut().take();
        match take {
            Take::Value(value, giver) => {
                if let Some(giver) = giver {
                    giver.wake();
                }
                Take::Value(value, None)
            }
            nothing => nothing,
        }
    }

    #[cold]
    fn offer_remote(&self, remote: &Remote<T>, value: T) -> Offer<T> {
        match remote.write(self.codec(), &value).and_then(|written| remote.try_send(&written)) {
            Ok(()) => Offer::Sent(None, Some(value)),
            Err(refusal) => refusal.of(value),
        }
    }

    #[cold]
    fn take_remote(&self, remote: &Remote<T>) -> Take<T> {
        let left = self.state.borrow_mut().take_left();
        match left.map_or_else(|| remote.try_recv(), Ok) {
            Ok(value) => Take::Value(value, None),
            Err(Status::NONE) => Take::Empty,
            Err(_) => Take::Closed,
        }
    }

    /// Waits for a value at a place of its own.
    ///
    /// # Panics
    /// When too many wait already.
    fn park_taker(&self, owner: Owner) -> u32 {
        let mut state = self.state.borrow_mut();
        assert!(!state.takers.is_full(), "too many receivers wait on this channel");
        state.takers.push(owner, None)
    }

    /// Leaves the place of a receiver that does not want its value any more: the next gets it.
    fn leave_taker(&self, at: u32) {
        let (owner, next) = {
            let mut state = self.state.borrow_mut();
            let (outcome, _, owner) = state.takers.leave(at);
            (owner, if outcome == Outcome::Served { state.release_reserved() } else { None })
        };
        next.into_iter().for_each(Owner::wake);
        drop(owner);
    }

    /// Leaves the place of a sender; its value, if nobody has taken it.
    fn leave_giver(&self, at: u32) -> Option<T> {
        let (_, value, owner) = self.state.borrow_mut().givers.leave(at);
        drop(owner);
        value
    }

    /// Gives up a receive that was started in the host; a value that it has brought is for who comes next.
    fn give_up(&self, started: Started) {
        if let Some(completion) = started.give_up() {
            self.put_back(&completion);
        }
    }

    /// Lets the next have the value that a completion has brought.
    fn put_back(&self, completion: &Envelope) {
        if let Some(value) = self.arrived(completion) {
            let taker = self.state.borrow_mut().put_back(value);
            taker.into_iter().for_each(Owner::wake);
        }
    }

    /// The value that a completion has brought.
    fn arrived(&self, envelope: &Envelope) -> Option<T> {
        if says_closed(envelope) { None } else { self.remote.get()?.read(envelope) }
    }

    fn codec(&self) -> Codec {
        if self.binary.get() { Codec::BINARY } else { Codec::JSON }
    }

    fn is_closed(&self) -> bool {
        self.remote.get().map_or_else(|| self.state.borrow().closed, |remote| remote.info().closed != 0)
    }

    fn close(&self) -> bool {
        if let Some(remote) = self.remote.get() {
            return remote.close();
        }
        let mut state = self.state.borrow_mut();
        if state.closed {
            return false;
        }
        let owners = state.close();
        drop(state);
        owners.into_iter().for_each(Owner::wake);
        true
    }

    fn drop_sender(&self) {
        self.senders.set(self.senders.get() - 1);
        if self.senders.get() > 0 {
            return;
        }
        match self.remote.get() {
            Some(remote) => drop(remote.sender.take()),
            None => drop(self.close()),
        }
    }

    fn drop_receiver(&self) {
        self.receivers.set(self.receivers.get() - 1);
        if self.receivers.get() > 0 {
            return;
        }
        match self.remote.get() {
            Some(remote) => drop(remote.receiver.take()),
            None => drop(self.close()),
        }
        let left = self.state.borrow_mut().abandon();
        drop(left);
    }
}

impl Refusal {
    fn of<T>(self, value: T) -> Offer<T> {
        match self {
            Refusal::Full => Offer::Full(value),
            Refusal::Closed => Offer::Closed(value),
            Refusal::Limit => Offer::Limit(value),
            Refusal::Unfit => Offer::Unfit(value),
        }
    }
}

/// What both kinds of endpoints can be asked.
macro_rules! endpoint {
    ($name:ident) => {
        impl<T> $name<T> {
            /// Closes the channel for everybody; whether it was open. What it holds stays and can be received;
            /// senders that wait get their value back.
            pub fn close(&self) -> bool {
                self.chan.close()
            }

            /// Whether nothing can be sent any more.
            pub fn is_closed(&self) -> bool {
                self.chan.is_closed()
            }

            /// How many values it holds, not counting those of senders that wait.
            pub fn len(&self) -> usize {
                let held = self.chan.state.borrow().held();
                held + self.chan.remote.get().map_or(0, |remote| remote.info().len as usize)
            }

            /// Whether it holds nothing.
            pub fn is_empty(&self) -> bool {
                self.len() == 0
            }

            /// Whether a send would have to wait for room; of a rendezvous always.
            pub fn is_full(&self) -> bool {
                self.len() >= self.capacity()
            }

            /// How many values it has room for.
            pub fn capacity(&self) -> usize {
                match self.chan.remote.get() {
                    Some(remote) => remote.capacity() as usize,
                    None => self.chan.state.borrow().capacity,
                }
            }

            /// How many sending endpoints there are; those that another actor has count once for each time that
            /// it was sent one.
            pub fn sender_count(&self) -> usize {
                let own = self.chan.senders.get();
                let all = self.chan.remote.get().map(|remote| remote.info().senders as usize);
                all.map_or(own, |all| all - usize::from(own > 0) + own)
            }

            /// How many receiving endpoints there are, counted as by [`sender_count`](Self::sender_count).
            pub fn receiver_count(&self) -> usize {
                let own = self.chan.receivers.get();
                let all = self.chan.remote.get().map(|remote| remote.info().receivers as usize);
                all.map_or(own, |all| all - usize::from(own > 0) + own)
            }

            /// Whether this is an endpoint of the same channel.
            pub fn same_channel(&self, other: &$name<T>) -> bool {
                Rc::ptr_eq(&self.chan, &other.chan)
                    || match (self.chan.remote.get(), other.chan.remote.get()) {
                        (Some(one), Some(other)) => one.info().id == other.info().id,
                        _ => false,
                    }
            }
        }

        impl<T> std::fmt::Debug for $name<T> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name))
                    .field("len", &self.len())
                    .field("capacity", &self.capacity())
                    .field("closed", &self.is_closed())
                    .finish()
            }
        }
    };
}

endpoint!(Sender);
endpoint!(Receiver);

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;

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

pub mod select;

mod ops;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

pub use error::{RecvTimeoutError, SendError, SendTimeoutError, TryRecvError, TrySendError};
pub use made::{after, interval, spawn_actor_channel, spawn_channel, tick};
pub use ops::{Mix, Modes, Mult, Pub, SoloMode, SourceId, Sub, Tap, merge};
pub use receiver::{IntoIter, IntoStream, Iter, Receiver, Receiving, Stream, TryIter};
pub use select::Select;
pub use sender::{Ended, Sender, Sending};
pub use state::Overflow;

pub(crate) use queue::{Claim, Owner};

use queue::NONE;
use state::{Offer, State, Take};

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
    let chan = Rc::new(Chan {
        senders: Cell::new(0),
        receivers: Cell::new(0),
        state: RefCell::new(State::new(capacity, overflow)),
    });
    (Sender::new(chan.clone()), Receiver::new(chan))
}

/// What the endpoints share.
struct Chan<T> {
    senders: Cell<usize>,
    receivers: Cell<usize>,
    state: RefCell<State<T>>,
}

impl<T> Chan<T> {
    /// Sends the value if that needs no wait; else gives it back.
    #[inline]
    fn offer(&self, value: T) -> Offer<T> {
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

    #[inline]
    fn take(&self) -> Take<T> {
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
            let served = outcome == queue::Outcome::Served;
            (owner, if served { state.release_reserved() } else { None })
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

    fn close(&self) -> bool {
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
        if self.senders.get() == 0 {
            self.close();
        }
    }

    fn drop_receiver(&self) {
        self.receivers.set(self.receivers.get() - 1);
        if self.receivers.get() == 0 {
            self.close();
            let left = self.state.borrow_mut().abandon();
            drop(left);
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
                self.chan.state.borrow().closed
            }

            /// How many values it holds, not counting those of senders that wait.
            pub fn len(&self) -> usize {
                self.chan.state.borrow().held()
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
                self.chan.state.borrow().capacity
            }

            /// How many sending endpoints there are.
            pub fn sender_count(&self) -> usize {
                self.chan.senders.get()
            }

            /// How many receiving endpoints there are.
            pub fn receiver_count(&self) -> usize {
                self.chan.receivers.get()
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

impl<T> Sender<T> {
    /// Whether the other endpoint is of the same channel.
    pub fn same_channel(&self, other: &Sender<T>) -> bool {
        Rc::ptr_eq(&self.chan, &other.chan)
    }
}

impl<T> Receiver<T> {
    /// Whether the other endpoint is of the same channel.
    pub fn same_channel(&self, other: &Receiver<T>) -> bool {
        Rc::ptr_eq(&self.chan, &other.chan)
    }
}

#[cfg(test)]
mod tests;

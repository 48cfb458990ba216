//! The receiving endpoint.

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use flower_abi::{NEVER, Status};

use super::batch::Room;
use super::queue::Outcome;
use super::remote::TOO_MANY;
use super::{Chan, NONE, Owner, RecvTimeoutError, Remote, Started, Take, TryRecvError, says_closed};
use crate::clock::deadline;
use crate::task;

/// Receives values from a [channel](crate::channel()).
///
/// A clone is another endpoint of the same channel; each value goes to one of them. When the last one is gone, senders find the
/// channel closed, and what it holds is dropped.
pub struct Receiver<T> {
    pub(super) chan: Rc<Chan<T>>,
}

impl<T> Receiver<T> {
    pub(super) fn new(chan: Rc<Chan<T>>) -> Receiver<T> {
        chan.receivers.set(chan.receivers.get() + 1);
        Receiver { chan }
    }

    /// Takes the next value, and blocks until there is one; `None` when the channel is closed and drained.
    ///
    /// # Panics
    /// Inside a task, when it would have to wait for other tasks; or when too many receivers wait already.
    #[track_caller]
    pub fn recv(&self) -> Option<T> {
        // At a rendezvous there is seldom a sender already.
        if let Some(remote) = self.direct().filter(|remote| remote.capacity() == 0) {
            let left = self.chan.state.borrow_mut().take_left();
            return left.or_else(|| remote.recv(NEVER).ok());
        }
        match self.try_recv() {
            Ok(value) => Some(value),
            Err(TryRecvError::Closed) => None,
            Err(TryRecvError::Empty) => match self.direct() {
                Some(remote) => remote.recv(NEVER).ok(),
                None => task::wait(self.recv_async(), "`recv_async().await`"),
            },
        }
    }

    /// The next value of a loop.
    fn next(&self, room: &mut Room) -> Option<T> {
        if let Some(remote) = self.chan.remote.get() {
            let left = self.chan.state.borrow_mut().take_left();
            if left.is_some() {
                return left;
            }
            room.fill(&self.chan, remote);
        }
        self.recv()
    }

    /// The channel of the host, if a call of it may park the actor because no task could run meanwhile.
    fn direct(&self) -> Option<&Remote<T>> {
        self.chan.remote.get().filter(|_| task::is_alone()).map(|remote| &**remote)
    }

    /// Takes the next value, as [`recv`](Self::recv), in a task.
    ///
    /// A future that is dropped before it is ready has taken nothing.
    pub fn recv_async(&self) -> Receiving<'_, T> {
        Receiving { chan: &self.chan, wait: Wait::default() }
    }

    /// Takes the next value if there is one.
    ///
    /// # Errors
    /// When there is none now, or never will be.
    #[inline]
    pub fn try_recv(&self) -> Result<T, TryRecvError> {
        match self.chan.take() {
            Take::Value(value, _) => Ok(value),
            Take::Empty => Err(TryRecvError::Empty),
            Take::Closed => Err(TryRecvError::Closed),
        }
    }

    /// Takes the next value, and blocks no longer than `timeout`.
    ///
    /// # Errors
    /// When the time is over, or the channel is closed and drained.
    ///
    /// # Panics
    /// As [`recv`](Self::recv).
    #[track_caller]
    pub fn recv_timeout(&self, timeout: Duration) -> Result<T, RecvTimeoutError> {
        match self.try_recv() {
            Ok(value) => Ok(value),
            Err(TryRecvError::Closed) => Err(RecvTimeoutError::Closed),
            Err(TryRecvError::Empty) if timeout.is_zero() => Err(RecvTimeoutError::Timeout),
            Err(TryRecvError::Empty) => match self.direct() {
                Some(remote) => remote.recv(deadline(timeout)).map_err(|status| match status {
                    Status::TIMED_OUT => RecvTimeoutError::Timeout,
                    _ => RecvTimeoutError::Closed,
                }),
                None => task::wait(self.recv_timeout_async(timeout), "`recv_timeout_async(..).await`"),
            },
        }
    }

    /// Takes the next value, as [`recv_timeout`](Self::recv_timeout), in a task.
    ///
    /// # Errors
    /// As [`recv_timeout`](Self::recv_timeout).
    pub async fn recv_timeout_async(&self, timeout: Duration) -> Result<T, RecvTimeoutError> {
        match task::timeout(timeout, self.recv_async()).await {
            Ok(value) => value.ok_or(RecvTimeoutError::Closed),
            Err(_) => Err(RecvTimeoutError::Timeout),
        }
    }

    /// Every value until the channel is closed and drained; blocks as [`recv`](Self::recv).
    pub fn iter(&self) -> Iter<'_, T> {
        Iter { receiver: self, room: Room::default() }
    }

    /// The values that are there; never waits.
    pub fn try_iter(&self) -> TryIter<'_, T> {
        TryIter(self)
    }

    /// Every value until the channel is closed and drained, in a task.
    pub fn stream(&self) -> Stream<'_, T> {
        Stream(self.recv_async())
    }

    /// Every value until the channel is closed and drained, in a task; it keeps the endpoint.
    pub fn into_stream(self) -> IntoStream<T> {
        IntoStream { receiver: self, wait: Wait::default() }
    }
}

impl<T> Clone for Receiver<T> {
    fn clone(&self) -> Receiver<T> {
        Receiver::new(self.chan.clone())
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        self.chan.drop_receiver();
    }
}

/// A receive under way: see [`Receiver::recv_async`].
#[must_use = "nothing is received unless it is awaited"]
pub struct Receiving<'a, T> {
    chan: &'a Rc<Chan<T>>,
    wait: Wait,
}

impl<T> Future for Receiving<'_, T> {
    type Output = Option<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let chan = self.chan;
        self.wait.poll(chan, cx)
    }
}

impl<T> Drop for Receiving<'_, T> {
    fn drop(&mut self) {
        self.wait.leave(self.chan);
    }
}

/// Where a receive waits.
struct Wait {
    /// Its place among the receivers that wait.
    at: u32,
    /// The receive in the host, if the channel is there: it waits at both, as a value can come back to this actor.
    started: Option<Box<Started>>,
}

impl Default for Wait {
    fn default() -> Wait {
        Wait { at: NONE, started: None }
    }
}

impl Wait {
    /// Takes a value, or waits for one.
    #[inline]
    fn poll<T>(&mut self, chan: &Chan<T>, cx: &Context<'_>) -> Poll<Option<T>> {
        if self.at != NONE {
            match self.settle(chan, cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Some(value)) => return Poll::Ready(value),
                Poll::Ready(None) => {}
            }
        }
        match chan.take() {
            Take::Value(value, _) => Poll::Ready(Some(value)),
            Take::Closed => Poll::Ready(None),
            Take::Empty => {
                self.at = chan.park_taker(Owner::Single(cx.waker().clone()));
                if let Some(remote) = chan.remote.get() {
                    self.start(remote, cx);
                }
                Poll::Pending
            }
        }
    }

    /// What has become of the wait; nothing inside if it is to try again.
    fn settle<T>(&mut self, chan: &Chan<T>, cx: &Context<'_>) -> Poll<Option<Option<T>>> {
        let mut state = chan.state.borrow_mut();
        if state.takers.renew(self.at, cx.waker()) == Outcome::Waiting {
            drop(state);
            return self.settle_remote(chan, cx);
        }
        let (outcome, ..) = state.takers.leave(std::mem::replace(&mut self.at, NONE));
        let value = if outcome == Outcome::Served { state.take_reserved() } else { None };
        drop(state);
        if let Some(started) = self.started.take() {
            chan.give_up(*started);
        }
        Poll::Ready(value.map(Some))
    }

    fn settle_remote<T>(&mut self, chan: &Chan<T>, cx: &Context<'_>) -> Poll<Option<Option<T>>> {
        let Some(completion) = self.started.as_mut().and_then(|started| started.poll(cx.waker())) else {
            return Poll::Pending;
        };
        self.started = None;
        chan.leave_taker(std::mem::replace(&mut self.at, NONE));
        let value = chan.arrived(&completion);
        Poll::Ready(if value.is_some() || says_closed(&completion) { Some(value) } else { None })
    }

    #[cold]
    fn start<T>(&mut self, remote: &Remote<T>, cx: &Context<'_>) {
        let owner = Owner::Single(cx.waker().clone());
        match Started::new(&[remote.recv_arm()], false, owner) {
            Ok(started) => self.started = Some(Box::new(started)),
            Err(status) => panic!("{TOO_MANY} ({status:?})"),
        }
    }

    fn leave<T>(&mut self, chan: &Chan<T>) {
        if self.at != NONE {
            chan.leave_taker(std::mem::replace(&mut self.at, NONE));
        }
        if let Some(started) = self.started.take() {
            chan.give_up(*started);
        }
    }
}

/// See [`Receiver::iter`].
pub struct Iter<'a, T> {
    receiver: &'a Receiver<T>,
    room: Room,
}

impl<T> Iterator for Iter<'_, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.receiver.next(&mut self.room)
    }
}

/// See [`Receiver::try_iter`].
pub struct TryIter<'a, T>(&'a Receiver<T>);

impl<T> Iterator for TryIter<'_, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.0.try_recv().ok()
    }
}

/// Every value until the channel is closed and drained; keeps the endpoint.
pub struct IntoIter<T> {
    receiver: Receiver<T>,
    room: Room,
}

impl<T> Iterator for IntoIter<T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.receiver.next(&mut self.room)
    }
}

impl<T> IntoIterator for Receiver<T> {
    type Item = T;
    type IntoIter = IntoIter<T>;

    fn into_iter(self) -> IntoIter<T> {
        IntoIter { receiver: self, room: Room::default() }
    }
}

impl<'a, T> IntoIterator for &'a Receiver<T> {
    type Item = T;
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

/// See [`Receiver::stream`].
pub struct Stream<'a, T>(Receiving<'a, T>);

impl<T> futures_core::Stream for Stream<'_, T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        Pin::new(&mut self.0).poll(cx)
    }
}

/// See [`Receiver::into_stream`].
pub struct IntoStream<T> {
    receiver: Receiver<T>,
    wait: Wait,
}

impl<T> futures_core::Stream for IntoStream<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let this = &mut *self;
        this.wait.poll(&this.receiver.chan, cx)
    }
}

impl<T> Drop for IntoStream<T> {
    fn drop(&mut self) {
        self.wait.leave(&self.receiver.chan);
    }
}

//! The sending endpoint.

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use flower_abi::NEVER;

use super::queue::{Outcome, Queue};
use super::remote::TOO_MANY;
use super::{
    Chan, NONE, Offer, Owner, Refusal, Remote, SendError, SendTimeoutError, Started, TrySendError, batch,
    says_closed,
};
use crate::clock::deadline;
use crate::task;

/// Sends values into a [channel](crate::channel()).
///
/// A clone is another endpoint of the same channel. When the last one is gone, receivers find the channel closed once they have
/// taken what it holds.
pub struct Sender<T> {
    pub(super) chan: Rc<Chan<T>>,
}

impl<T> Sender<T> {
    pub(super) fn new(chan: Rc<Chan<T>>) -> Sender<T> {
        chan.senders.set(chan.senders.get() + 1);
        Sender { chan }
    }

    /// Sends a value, and blocks until there is room for it, or somebody has received it if the channel has none.
    ///
    /// # Errors
    /// The value, when the channel is closed, or is closed meanwhile.
    ///
    /// # Panics
    /// Inside a task, when it would have to wait for other tasks.
    #[track_caller]
    pub fn send(&self, value: T) -> Result<(), SendError<T>> {
        // At a rendezvous there is seldom a receiver already.
        if let Some(remote) = self.direct().filter(|remote| remote.capacity() == 0) {
            return self.send_direct(remote, value, NEVER).map_err(sent_or);
        }
        match self.try_send(value) {
            Ok(()) => Ok(()),
            Err(TrySendError::Closed(value)) => Err(SendError::Closed(value)),
            Err(TrySendError::Limit(value)) => Err(SendError::Limit(value)),
            Err(TrySendError::Unfit(value)) => Err(SendError::Unfit(value)),
            Err(TrySendError::Full(value)) => match self.direct() {
                Some(remote) => self.send_direct(remote, value, NEVER).map_err(sent_or),
                None => task::wait(self.send_async(value), "`send_async(..).await`"),
            },
        }
    }

    /// The channel of the host, if a call of it may park the actor because no task could run meanwhile.
    fn direct(&self) -> Option<&Remote<T>> {
        self.chan.remote.get().filter(|_| task::is_alone()).map(|remote| &**remote)
    }

    fn send_direct(&self, remote: &Remote<T>, value: T, deadline: u64) -> Result<(), SendTimeoutError<T>> {
        let sent =
            remote.write(self.chan.codec(), &value).and_then(|written| remote.send(&written, deadline));
        sent.map_err(|refusal| match refusal {
            Refusal::Full => SendTimeoutError::Timeout(value),
            Refusal::Closed => SendTimeoutError::Closed(value),
            Refusal::Limit => SendTimeoutError::Limit(value),
            Refusal::Unfit => SendTimeoutError::Unfit(value),
        })
    }

    /// Sends a value, as [`send`](Self::send), in a task.
    ///
    /// A future that is dropped before it is ready has sent nothing.
    pub fn send_async(&self, value: T) -> Sending<'_, T> {
        Sending { chan: &self.chan, value: Some(value), at: NONE, started: None }
    }

    /// Sends a value if that needs no wait.
    ///
    /// # Errors
    /// The value, when there is no room or the channel is closed.
    #[inline]
    pub fn try_send(&self, value: T) -> Result<(), TrySendError<T>> {
        match self.chan.offer(value) {
            Offer::Sent(..) => Ok(()),
            Offer::Full(value) => Err(TrySendError::Full(value)),
            Offer::Closed(value) => Err(TrySendError::Closed(value)),
            Offer::Limit(value) => Err(TrySendError::Limit(value)),
            Offer::Unfit(value) => Err(TrySendError::Unfit(value)),
        }
    }

    /// Sends a value, and blocks no longer than `timeout`.
    ///
    /// # Errors
    /// The value, when the time is over or the channel is closed.
    ///
    /// # Panics
    /// As [`send`](Self::send).
    #[track_caller]
    pub fn send_timeout(&self, value: T, timeout: Duration) -> Result<(), SendTimeoutError<T>> {
        match self.try_send(value) {
            Ok(()) => Ok(()),
            Err(TrySendError::Closed(value)) => Err(SendTimeoutError::Closed(value)),
            Err(TrySendError::Limit(value)) => Err(SendTimeoutError::Limit(value)),
            Err(TrySendError::Unfit(value)) => Err(SendTimeoutError::Unfit(value)),
            Err(TrySendError::Full(value)) if timeout.is_zero() => Err(SendTimeoutError::Timeout(value)),
            Err(TrySendError::Full(value)) => match self.direct() {
                Some(remote) => self.send_direct(remote, value, deadline(timeout)),
                None => task::wait(self.send_timeout_async(value, timeout), "`send_timeout_async(..).await`"),
            },
        }
    }

    /// Sends a value, as [`send_timeout`](Self::send_timeout), in a task.
    ///
    /// # Errors
    /// As [`send_timeout`](Self::send_timeout).
    pub async fn send_timeout_async(&self, value: T, timeout: Duration) -> Result<(), SendTimeoutError<T>> {
        let mut sending = self.send_async(value);
        match task::timeout(timeout, &mut sending).await {
            Ok(sent) => Ok(sent?),
            Err(_) => match sending.withdraw() {
                Some(value) => Err(SendTimeoutError::Timeout(value)),
                None => Ok(()),
            },
        }
    }

    /// Sends all values, one after the other; the channel stays open.
    ///
    /// # Errors
    /// The first that could not be sent.
    ///
    /// # Panics
    /// As [`send`](Self::send).
    #[track_caller]
    pub fn send_all(&self, values: impl IntoIterator<Item = T>) -> Result<(), SendError<T>> {
        match self.direct() {
            Some(remote) => batch::send_all(self, remote, values),
            None => values.into_iter().try_for_each(|value| self.send(value)),
        }
    }

    /// Sends all values, as [`send_all`](Self::send_all), in a task.
    ///
    /// # Errors
    /// The first that could not be sent.
    pub async fn send_all_async(&self, values: impl IntoIterator<Item = T>) -> Result<(), SendError<T>> {
        for value in values {
            self.send_async(value).await?;
        }
        Ok(())
    }

    /// Waits until the channel is closed or its last receiver is gone.
    pub fn closed_async(&self) -> Ended<'_, T> {
        Ended { chan: &self.chan, at: NONE, started: None }
    }

    /// Lets values travel to other actors in a compact form, as those of [`Binary`](crate::Binary), instead of JSON: from this
    /// endpoint, its clones, and those that are sent away from now on.
    pub fn binary(self) -> Sender<T> {
        self.chan.binary.set(true);
        self
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Sender<T> {
        Sender::new(self.chan.clone())
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        self.chan.drop_sender();
    }
}

/// A send under way: see [`Sender::send_async`].
#[must_use = "nothing is sent unless it is awaited"]
pub struct Sending<'a, T> {
    chan: &'a Rc<Chan<T>>,
    /// The value, while it does not wait.
    value: Option<T>,
    /// Its place among the senders that wait.
    at: u32,
    /// The send in the host, while it waits there; the value is kept.
    started: Option<Box<Started>>,
}

impl<T> Sending<'_, T> {
    /// Gives it up: the value, unless it is sent.
    fn withdraw(&mut self) -> Option<T> {
        if let Some(started) = self.started.take()
            && let Some(completion) = started.give_up()
        {
            return self.value.take().filter(|_| says_closed(&completion));
        }
        match std::mem::replace(&mut self.at, NONE) {
            NONE => self.value.take(),
            at => self.chan.leave_giver(at),
        }
    }

    /// What has become of the wait, if it is over; a value to try again with is put back.
    fn settle(&mut self, cx: &Context<'_>) -> Poll<Option<Result<(), SendError<T>>>> {
        let mut state = self.chan.state.borrow_mut();
        if state.givers.renew(self.at, cx.waker()) == Outcome::Waiting {
            return Poll::Pending;
        }
        let (outcome, value, _) = state.givers.leave(std::mem::replace(&mut self.at, NONE));
        Poll::Ready(match (outcome, value) {
            (Outcome::Closed, Some(value)) => Some(Err(SendError::Closed(value))),
            (Outcome::Moved, value) => {
                self.value = value;
                None
            }
            _ => Some(Ok(())),
        })
    }

    fn start(&mut self, cx: &Context<'_>) -> Poll<Result<(), SendError<T>>> {
        let value = self.value.take().expect("a send is not awaited again");
        match self.chan.offer(value) {
            Offer::Sent(..) => Poll::Ready(Ok(())),
            Offer::Closed(value) => Poll::Ready(Err(SendError::Closed(value))),
            Offer::Limit(value) => Poll::Ready(Err(SendError::Limit(value))),
            Offer::Unfit(value) => Poll::Ready(Err(SendError::Unfit(value))),
            Offer::Full(value) if self.chan.remote.get().is_some() => self.start_remote(value, cx),
            Offer::Full(value) => {
                let givers = &mut self.chan.state.borrow_mut().givers;
                if givers.is_full() {
                    return Poll::Ready(Err(SendError::Limit(value)));
                }
                self.at = givers.push(Owner::Single(cx.waker().clone()), Some(value));
                Poll::Pending
            }
        }
    }

    fn start_remote(&mut self, value: T, cx: &Context<'_>) -> Poll<Result<(), SendError<T>>> {
        let Some(remote) = self.chan.remote.get() else { return Poll::Ready(Err(SendError::Closed(value))) };
        let owner = Owner::Single(cx.waker().clone());
        let started = remote
            .write(self.chan.codec(), &value)
            .and_then(|written| Ok(Started::new(&[remote.send_arm(&written)], false, owner)?));
        match started {
            Ok(started) => self.started = Some(Box::new(started)),
            Err(Refusal::Unfit) => return Poll::Ready(Err(SendError::Unfit(value))),
            Err(Refusal::Closed) => return Poll::Ready(Err(SendError::Closed(value))),
            Err(_) => return Poll::Ready(Err(SendError::Limit(value))),
        }
        self.value = Some(value);
        Poll::Pending
    }
}

/// Without a deadline there is no timeout.
fn sent_or<T>(error: SendTimeoutError<T>) -> SendError<T> {
    match error {
        SendTimeoutError::Timeout(value) | SendTimeoutError::Closed(value) => SendError::Closed(value),
        SendTimeoutError::Limit(value) => SendError::Limit(value),
        SendTimeoutError::Unfit(value) => SendError::Unfit(value),
    }
}

impl<T> Future for Sending<'_, T> {
    type Output = Result<(), SendError<T>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if let Some(started) = &mut self.started {
            let Some(completion) = started.poll(cx.waker()) else { return Poll::Pending };
            self.started = None;
            let refused = self.value.take().filter(|_| says_closed(&completion));
            return Poll::Ready(refused.map_or(Ok(()), |value| Err(SendError::Closed(value))));
        }
        if self.at != NONE {
            match self.settle(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Some(result)) => return Poll::Ready(result),
                Poll::Ready(None) => {}
            }
        }
        self.start(cx)
    }
}

/// The value is moved in and out, and never pinned.
impl<T> Unpin for Sending<'_, T> {}

impl<T> Drop for Sending<'_, T> {
    fn drop(&mut self) {
        if self.at != NONE {
            drop(self.withdraw());
        }
    }
}

/// The end of a channel: see [`Sender::closed_async`].
#[must_use = "nothing waits unless it is awaited"]
pub struct Ended<'a, T> {
    chan: &'a Rc<Chan<T>>,
    at: u32,
    /// The wait in the host, if the channel is there.
    started: Option<Box<Started>>,
}

impl<T> Future for Ended<'_, T> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        if let Some(remote) = this.chan.remote.get() {
            this.leave();
            return this.poll_remote(remote, cx);
        }
        let state = &mut *this.chan.state.borrow_mut();
        if state.closed {
            return Poll::Ready(());
        }
        let watchers = state.watchers.get_or_insert_with(|| Box::new(Queue::new()));
        match this.at {
            NONE => this.at = watchers.push(Owner::Single(cx.waker().clone()), None),
            at => drop(watchers.renew(at, cx.waker())),
        }
        Poll::Pending
    }
}

impl<T> Ended<'_, T> {
    #[cold]
    fn poll_remote(&mut self, remote: &Remote<T>, cx: &Context<'_>) -> Poll<()> {
        if let Some(started) = &mut self.started {
            return started.poll(cx.waker()).map_or(Poll::Pending, |_| Poll::Ready(()));
        }
        if self.chan.is_closed() {
            return Poll::Ready(());
        }
        match Started::new(&[remote.closed_arm()], false, Owner::Single(cx.waker().clone())) {
            Ok(started) => self.started = Some(Box::new(started)),
            Err(status) => panic!("{TOO_MANY} ({status:?})"),
        }
        Poll::Pending
    }

    /// Leaves its place among those that wait in the actor.
    fn leave(&mut self) {
        let at = std::mem::replace(&mut self.at, NONE);
        if at != NONE
            && let Some(watchers) = &mut self.chan.state.borrow_mut().watchers
        {
            watchers.leave(at);
        }
    }
}

impl<T> Drop for Ended<'_, T> {
    fn drop(&mut self) {
        self.leave();
    }
}

//! Values on their way: from one channel to another, from many into one, in pairs.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use super::{next, stage, unheard};
use crate::channel::{Overflow, Receiver, SendError, Sender, channel, channel_with};
use crate::task::{self, JoinHandle};

impl<T: 'static> Receiver<T> {
    /// Sends all that it receives to `to`, until there is nothing more or `to` is closed, and drops both ends: if
    /// `to` was the last sender, that channel closes.
    ///
    /// The task gives an error with the value that was on its way when `to` was closed, if there was one.
    pub fn pipe(self, to: Sender<T>) -> JoinHandle<Result<(), SendError<T>>> {
        task::spawn(async move {
            let mut unheard = pin!(unheard(&to));
            while let Some(value) = next(&self, unheard.as_mut()).await {
                to.send_async(value).await?;
            }
            Ok(())
        })
    }

    /// The same values, with room for `capacity` of them in between.
    #[must_use]
    pub fn buffered(self, capacity: usize) -> Receiver<T> {
        self.buffered_with(capacity, Overflow::Block)
    }

    /// The same values, with room for `capacity` of them in between, and this policy when it is full.
    #[must_use]
    pub fn buffered_with(self, capacity: usize, overflow: Overflow) -> Receiver<T> {
        let (sender, receiver) = channel_with(capacity, overflow);
        drop(self.pipe(sender));
        receiver
    }

    /// The first values of both, then the second ones, and so on.
    ///
    /// The result closes when one of the two does; a value of the other that has no partner is lost. Both are
    /// received from at once, in whatever order they come. That nobody can receive any more is seen with the next
    /// pair.
    #[must_use]
    pub fn zip<U: 'static>(self, other: Receiver<U>) -> Receiver<(T, U)> {
        stage(|out| async move {
            while let Some(pair) = both(self.recv_async(), other.recv_async()).await {
                if out.send_async(pair).await.is_err() {
                    break;
                }
            }
        })
    }
}

/// The values of all these channels as they come; those of one channel keep their order.
///
/// The result closes when all of them are closed and drained. Each source has a task of its own, which is at
/// most one value ahead.
#[must_use]
pub fn merge<T: 'static>(sources: impl IntoIterator<Item = Receiver<T>>) -> Receiver<T> {
    let (sender, receiver) = channel(0);
    for source in sources {
        drop(source.pipe(sender.clone()));
    }
    receiver
}

/// Waits for both; for nothing more once one of them has come to nothing.
async fn both<A, B>(
    left: impl Future<Output = Option<A>>,
    right: impl Future<Output = Option<B>>,
) -> Option<(A, B)> {
    let (mut left, mut right) = (pin!(left), pin!(right));
    let (mut first, mut second) = (None, None);
    poll_fn(|context| {
        if first.is_none()
            && let Poll::Ready(value) = left.as_mut().poll(context)
        {
            let Some(value) = value else { return Poll::Ready(None) };
            first = Some(value);
        }
        if second.is_none()
            && let Poll::Ready(value) = right.as_mut().poll(context)
        {
            let Some(value) = value else { return Poll::Ready(None) };
            second = Some(value);
        }
        match (first.take(), second.take()) {
            (Some(first), Some(second)) => Poll::Ready(Some((first, second))),
            one => {
                (first, second) = one;
                Poll::Pending
            }
        }
    })
    .await
}

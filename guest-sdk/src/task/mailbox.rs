//! The mailbox and its completions, for tasks.

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use flower_abi::{AT_ONCE, Delivery};

use super::outside::{CompletionWait, MessageWait};
use super::timeout_at;
use crate::channel::Owner;
use crate::clock::{Instant, deadline};
use crate::envelope::Envelope;
use crate::event::answer;
use crate::message::outgoing;
use crate::receive::Receive;
use crate::{Address, CallError, Message, ReceiveError, call as calls, host};

/// Takes the next message of the actor's mailbox, as [`receive`](crate::receive()). Of several tasks that wait for the
/// same type, the first gets it.
///
/// # Errors
/// As [`receive`](crate::receive()).
///
/// # Panics
/// When the tasks of the actor wait for too many types at once.
pub async fn receive<T: Receive>() -> Result<T, ReceiveError> {
    Ok(T::from_envelope(next::<T>().await)?)
}

/// Takes the next message, no later than in this time.
///
/// # Errors
/// [`ReceiveError::Timeout`] when none came in time; else as [`receive`].
pub async fn receive_timeout<T: Receive>(timeout: Duration) -> Result<T, ReceiveError> {
    let envelope = timeout_at(Instant::now() + timeout, next::<T>()).await;
    Ok(T::from_envelope(envelope.map_err(|_| ReceiveError::Timeout)?)?)
}

async fn next<T: Receive>() -> Envelope {
    if let Ok(envelope) = host::receive(&[T::next()], AT_ONCE) {
        return envelope;
    }
    let mut wait: Option<MessageWait> = None;
    poll_fn(|cx| {
        let wait =
            wait.get_or_insert_with(|| MessageWait::start(T::next(), Owner::Single(cx.waker().clone())));
        wait.renew(cx.waker());
        wait.take().map_or(Poll::Pending, Poll::Ready)
    })
    .await
}

/// Asks an actor and waits for the answer, no longer than `timeout`, as [`call`](crate::call()).
///
/// # Errors
/// As [`call`](crate::call()).
pub async fn call<'a, Req: Message + ?Sized, Resp: Message>(
    to: impl Into<Address<'a>>,
    request: &Req,
    timeout: Duration,
) -> Result<Resp, CallError> {
    let (body, options) = outgoing(request)?;
    let reference = calls::open_with(to.into(), &body, options, Delivery::Message, deadline(timeout))?;
    drop(body);
    let _cancel = Cancel(reference);
    calls::read(&answer(completion(reference).await)?)
}

/// Gives up a request that nobody waits for any more.
struct Cancel(u64);

impl Drop for Cancel {
    fn drop(&mut self) {
        host::cancel(self.0);
    }
}

/// The end of an actor that was monitored under this reference.
pub(crate) async fn end_of(monitor: u64) -> Envelope {
    let _cancel = Cancel(monitor);
    completion(monitor).await
}

/// What completes a reference.
pub(crate) async fn completion(reference: u64) -> Envelope {
    let mut wait: Option<CompletionWait> = None;
    poll_fn(|cx| {
        let wait =
            wait.get_or_insert_with(|| CompletionWait::start(reference, Owner::Single(cx.waker().clone())));
        wait.renew(cx.waker());
        wait.take().map_or(Poll::Pending, Poll::Ready)
    })
    .await
}

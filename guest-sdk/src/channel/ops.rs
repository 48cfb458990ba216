//! Operations on channels. Each is a task of the actor that calls it, and a channel between it and the next.
//!
//! What they have in common:
//!
//! - They take the receivers they read and the senders they write; a clone keeps a channel open for others.
//! - A channel that they make has no room, so an operation is at most one value ahead of who receives from it;
//!   [`Receiver::buffered`] puts room in between. [`Mult`] and [`Pub`] are told the room of each.
//! - When the source is closed and drained, they send what they still hold, and what they made closes.
//! - When nobody can receive from what they made any more, they end and let go of the source, so that whoever
//!   sends into it is told. The value that they hold then is lost.
//! - Local channels, and those that others hold ends of, are the same to them; that nobody receives from one of
//!   the latter is found out with the next value.

mod time;
mod transform;

mod flow;
mod fold;

mod mix;
mod mult;
mod publish;

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::Poll;

use super::{Receiver, Sender, channel};
use crate::task;

pub use flow::merge;
pub use mix::{Mix, Modes, SoloMode, SourceId};
pub use mult::{Mult, Tap};
pub use publish::{Pub, Sub};

/// A channel without room and the task that fills it; it closes when the task ends.
fn stage<T: 'static, F: Future<Output = ()> + 'static>(fill: impl FnOnce(Sender<T>) -> F) -> Receiver<T> {
    let (sender, receiver) = channel(0);
    drop(task::spawn(fill(sender)));
    receiver
}

/// The next value of a source; `None` when there is no more, or nobody who could receive what becomes of it.
async fn next<T>(source: &Receiver<T>, unheard: Pin<&mut impl Future<Output = ()>>) -> Option<T> {
    let (mut receiving, mut unheard) = (pin!(source.recv_async()), unheard);
    let either = poll_fn(|context| match receiving.as_mut().poll(context) {
        Poll::Pending => unheard.as_mut().poll(context).map(|()| None),
        received => received,
    });
    either.await
}

/// Waits until nobody can receive any more; of a channel that others hold ends of, for ever: a send finds it out.
async fn unheard<T>(out: &Sender<T>) {
    let mut ended = out.closed_async();
    let local = poll_fn(|context| match out.chan.remote.get() {
        None => Pin::new(&mut ended).poll(context),
        Some(_) => Poll::Pending,
    });
    local.await;
}

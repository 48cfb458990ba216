//! Tasks: futures that take turns on the one thread of an actor, and share its memory.
//!
//! They cost no host call among themselves. When none can go on, the actor parks in one host call until what they wait
//! for has come: a time, a message, an answer. They end with the actor.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use flower::task;
//!
//! #[flower::main]
//! async fn main() {
//!     let sum = task::spawn(async { 1 + 2 });
//!     task::sleep(Duration::from_millis(10)).await;
//!     println!("{}", sum.await.expect("nobody aborts it"));
//! }
//! ```
//!
//! # What blocks
//!
//! A call that parks the actor, [`receive`](crate::receive()), [`call`](crate::call()) or [`sleep`](crate::sleep) of the crate's
//! root, parks all its tasks. In a task, use the form of this module.
//!
//! The blocking forms of [channels](mod@crate::channel), [`JoinHandle`], [`JoinSet`] and [`WaitGroup`] run the tasks while they wait,
//! where they are called outside of a task. Inside a task they block the actor, too; and where only another task could
//! end that, they panic and name what to use instead.

mod join;
mod join_set;
mod timer;
mod wait_group;

mod mailbox;

pub mod sync;

mod executor;

mod cell;
mod outside;
mod waker;

use std::pin::Pin;
use std::task::{Context, Poll};

pub use executor::count;
pub use join::{AbortOnDrop, Aborted, JoinHandle};
pub use join_set::JoinSet;
pub use mailbox::{call, receive, receive_timeout};
pub use timer::{Elapsed, Sleep, Timeout, sleep, sleep_until, timeout, timeout_at};
pub use wait_group::{NegativeCounter, WaitGroup};

pub(crate) use executor::is_alone;
pub(crate) use mailbox::{completion, end_of};
pub(crate) use outside::{CompletionWait, MessageWait};

use cell::TaskCell;

/// Starts a task. It runs when the caller waits: at an `.await`, in [`block_on`], or in a blocking call of a
/// channel.
///
/// It goes on by itself when the handle is dropped; [`JoinHandle::abort_on_drop`] makes one that takes it along.
pub fn spawn<F: Future + 'static>(future: F) -> JoinHandle<F::Output> {
    let cell = TaskCell::new(future);
    cell.set_number(executor::add(cell.clone()));
    JoinHandle::new(cell)
}

/// Runs a future, and the tasks meanwhile, until the future is ready. Tasks that are not over then go on with the next
/// call that waits.
///
/// # Panics
/// Inside a task.
#[track_caller]
pub fn block_on<F: Future>(future: F) -> F::Output {
    executor::block_on(future)
}

/// Lets the other tasks that can run do so first.
pub fn yield_now() -> impl Future<Output = ()> {
    Yield(false)
}

/// See [`yield_now`].
struct Yield(bool);

impl Future for Yield {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.0, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

/// Blocks until a future is ready: with the tasks running, or, inside a task, without.
///
/// # Panics
/// Inside a task, when nothing outside of the actor could make it ready; the message says to use `instead`.
#[track_caller]
pub(crate) fn wait<F: Future>(future: F, instead: &str) -> F::Output {
    if executor::in_task() { executor::block_task(future, instead) } else { executor::block_on(future) }
}

#[cfg(test)]
mod tests;

//! Handles of tasks.

use std::fmt;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use super::cell::Join;

/// A task, and what it will return: a future of it.
///
/// Dropping the handle lets the task go on by itself.
pub struct JoinHandle<T> {
    task: Rc<dyn Join<T>>,
}

impl<T> JoinHandle<T> {
    pub(super) fn new(task: Rc<impl Join<T> + 'static>) -> JoinHandle<T> {
        JoinHandle { task }
    }

    /// Blocks until the task is over, and gives what it has returned.
    ///
    /// # Errors
    /// When it was aborted.
    ///
    /// # Panics
    /// Inside a task: await the handle there.
    #[track_caller]
    pub fn join(self) -> Result<T, Aborted> {
        super::wait(self, "`.await`")
    }

    /// Drops the future of the task, which goes no further; at once, unless it is the task that calls this: then when it
    /// waits next. Does nothing to a task that is over.
    pub fn abort(&self) {
        self.task.abort();
    }

    /// Whether the task is over.
    pub fn is_finished(&self) -> bool {
        self.task.is_finished()
    }

    /// The same handle, that aborts the task when it is dropped.
    pub fn abort_on_drop(self) -> AbortOnDrop<T> {
        AbortOnDrop(self)
    }
}

impl<T> Future for JoinHandle<T> {
    type Output = Result<T, Aborted>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if let Some(end) = self.task.take() {
            return Poll::Ready(end);
        }
        assert!(!self.task.is_finished(), "a task is not joined again");
        self.task.set_joiner(cx.waker());
        Poll::Pending
    }
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinHandle").field("is_finished", &self.is_finished()).finish()
    }
}

/// A task that is aborted when this is dropped: a future of what it returns.
#[derive(Debug)]
#[must_use = "dropping it aborts the task"]
pub struct AbortOnDrop<T>(JoinHandle<T>);

impl<T> AbortOnDrop<T> {
    /// The handle within.
    pub fn handle(&self) -> &JoinHandle<T> {
        &self.0
    }
}

impl<T> Future for AbortOnDrop<T> {
    type Output = Result<T, Aborted>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(cx)
    }
}

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The task was aborted before it returned anything.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Aborted;

impl fmt::Display for Aborted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the task was aborted")
    }
}

impl std::error::Error for Aborted {}

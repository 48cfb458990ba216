//! The cell of a task: its future first, its output afterwards, in one allocation that the executor and the
//! handle share.

use std::cell::{Cell, UnsafeCell};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use super::executor;
use super::join::Aborted;

/// What the executor sees of a task.
pub(super) trait Run {
    /// Polls the future once; whether it is over.
    fn run(&self, cx: &mut Context<'_>) -> bool;
}

/// What a handle sees of it.
pub(super) trait Join<T> {
    /// What it has returned, once.
    fn take(&self) -> Option<Result<T, Aborted>>;

    fn is_finished(&self) -> bool;

    /// Who is woken when it is over.
    fn set_joiner(&self, waker: &Waker);

    fn abort(&self);
}

pub(super) struct TaskCell<F: Future> {
    stage: UnsafeCell<Stage<F>>,
    /// The future runs right now, so nobody else may touch the stage.
    running: Cell<bool>,
    /// To be dropped as soon as it does not run.
    doomed: Cell<bool>,
    number: Cell<u32>,
    joiner: Cell<Option<Waker>>,
}

enum Stage<F: Future> {
    Future(F),
    Over(Result<F::Output, Aborted>),
    Taken,
}

impl<F: Future> TaskCell<F> {
    pub(super) fn new(future: F) -> Rc<TaskCell<F>> {
        Rc::new(TaskCell {
            stage: UnsafeCell::new(Stage::Future(future)),
            running: Cell::new(false),
            doomed: Cell::new(false),
            number: Cell::new(0),
            joiner: Cell::new(None),
        })
    }

    /// The number under which the executor runs it.
    pub(super) fn set_number(&self, number: u32) {
        self.number.set(number);
    }

    /// Puts the end in the future's place, and wakes who waits for it.
    fn finish(&self, end: Result<F::Output, Aborted>) {
        self.running.set(true);
        // SAFETY: `running` keeps everybody else away, also what the drop of the future calls.
        unsafe { *self.stage.get() = Stage::Over(end) };
        self.running.set(false);
        if let Some(joiner) = self.joiner.take() {
            joiner.wake();
        }
    }

    /// Whether the future is still there; false while it runs, too, for those who may not touch it then.
    fn at_rest(&self) -> bool {
        // SAFETY: it does not run, so nobody has a reference to the stage.
        !self.running.get() && matches!(unsafe { &*self.stage.get() }, Stage::Future(_))
    }
}

impl<F: Future> Run for TaskCell<F> {
    fn run(&self, cx: &mut Context<'_>) -> bool {
        if !self.at_rest() {
            return true;
        }
        self.running.set(true);
        // SAFETY: it does not run, so nobody else has a reference, and `running` keeps it so until the poll is over.
        let stage = unsafe { &mut *self.stage.get() };
        let Stage::Future(future) = stage else { return true };
        // SAFETY: the cell is in an `Rc` and does not move; the future is dropped in its place.
        let polled = unsafe { Pin::new_unchecked(future) }.poll(cx);
        self.running.set(false);
        match polled {
            Poll::Ready(value) => self.finish(Ok(value)),
            Poll::Pending if self.doomed.get() => self.finish(Err(Aborted)),
            Poll::Pending => return false,
        }
        true
    }
}

impl<F: Future> Join<F::Output> for TaskCell<F> {
    fn take(&self) -> Option<Result<F::Output, Aborted>> {
        if !self.is_finished() {
            return None;
        }
        // SAFETY: it is over and does not run, so nobody has a reference to the stage.
        let stage = unsafe { &mut *self.stage.get() };
        match std::mem::replace(stage, Stage::Taken) {
            Stage::Over(end) => Some(end),
            _ => None,
        }
    }

    fn is_finished(&self) -> bool {
        !self.running.get() && !self.at_rest()
    }

    fn set_joiner(&self, waker: &Waker) {
        self.joiner.set(Some(waker.clone()));
    }

    fn abort(&self) {
        if self.running.get() {
            self.doomed.set(true);
        } else if self.at_rest() {
            let freed = executor::forget(self.number.get());
            self.finish(Err(Aborted));
            drop(freed);
        }
    }
}

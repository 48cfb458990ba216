//! Waiting until several things are done.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

/// A counter that tasks wait for to be zero. A clone is the same counter.
///
/// ```no_run
/// use flower::task::{self, WaitGroup};
///
/// let group = WaitGroup::new();
/// for _ in 0..3 {
///     group.add(1);
///     let group = group.clone();
///     task::spawn(async move { group.done().expect("added before") });
/// }
/// group.wait();
/// ```
#[derive(Clone, Default)]
pub struct WaitGroup(Rc<Shared>);

#[derive(Default)]
struct Shared {
    count: Cell<usize>,
    /// How often the counter has come to zero.
    rounds: Cell<u64>,
    waiting: RefCell<Vec<Waker>>,
}

impl WaitGroup {
    /// At zero.
    pub fn new() -> WaitGroup {
        WaitGroup::default()
    }

    /// Counts up.
    pub fn add(&self, n: usize) {
        self.0.count.set(self.0.count.get() + n);
    }

    /// Counts down by one; at zero, everybody who waits goes on.
    ///
    /// # Errors
    /// When it is at zero already: it stays so.
    pub fn done(&self) -> Result<(), NegativeCounter> {
        let left = self.0.count.get().checked_sub(1).ok_or(NegativeCounter)?;
        self.0.count.set(left);
        if left == 0 {
            self.0.rounds.set(self.0.rounds.get() + 1);
            self.0.waiting.take().into_iter().for_each(Waker::wake);
        }
        Ok(())
    }

    /// Where the counter stands.
    pub fn count(&self) -> usize {
        self.0.count.get()
    }

    /// Blocks until the counter is at zero.
    ///
    /// # Panics
    /// Inside a task, unless it is at zero: use [`wait_async`](Self::wait_async) there.
    #[track_caller]
    pub fn wait(&self) {
        super::wait(self.wait_async(), "`wait_async().await`");
    }

    /// Waits until the counter is at zero.
    pub async fn wait_async(&self) {
        let round = self.0.rounds.get();
        poll_fn(|cx| {
            if self.count() == 0 || self.0.rounds.get() != round {
                return Poll::Ready(());
            }
            let mut waiting = self.0.waiting.borrow_mut();
            if !waiting.last().is_some_and(|last| last.will_wake(cx.waker())) {
                waiting.push(cx.waker().clone());
            }
            Poll::Pending
        })
        .await;
    }
}

impl fmt::Debug for WaitGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("WaitGroup").field(&self.count()).finish()
    }
}

/// More was done than was added to a [`WaitGroup`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NegativeCounter;

impl fmt::Display for NegativeCounter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("negative waitgroup counter")
    }
}

impl std::error::Error for NegativeCounter {}

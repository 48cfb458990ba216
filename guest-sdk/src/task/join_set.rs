//! Several tasks, joined as they end.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

use super::join::{Aborted, JoinHandle};

/// Tasks that are joined in the order in which they end. Dropping it aborts those that are left.
///
/// ```no_run
/// use flower::task::JoinSet;
///
/// let mut squares = JoinSet::new();
/// for n in 1..=3_u32 {
///     squares.spawn(async move { n * n });
/// }
/// let mut sum = 0;
/// while let Some(square) = squares.join_next() {
///     sum += square.expect("nobody aborts them");
/// }
/// assert_eq!(sum, 14);
/// ```
pub struct JoinSet<T> {
    running: BTreeMap<u64, JoinHandle<()>>,
    ended: Rc<RefCell<Ended<T>>>,
    next: u64,
}

/// What the tasks leave behind.
struct Ended<T> {
    results: VecDeque<(u64, Result<T, Aborted>)>,
    waker: Option<Waker>,
}

impl<T: 'static> JoinSet<T> {
    /// Without tasks.
    pub fn new() -> JoinSet<T> {
        let ended = Ended { results: VecDeque::new(), waker: None };
        JoinSet { running: BTreeMap::new(), ended: Rc::new(RefCell::new(ended)), next: 0 }
    }

    /// Starts a task.
    pub fn spawn<F: Future<Output = T> + 'static>(&mut self, future: F) {
        let (number, ended) = (self.next, self.ended.clone());
        let task = super::spawn(async move {
            let result = future.await;
            let waker = {
                let mut ended = ended.borrow_mut();
                ended.results.push_back((number, Ok(result)));
                ended.waker.take()
            };
            waker.into_iter().for_each(Waker::wake);
        });
        self.running.insert(number, task);
        self.next += 1;
    }

    /// How many have not been joined.
    pub fn len(&self) -> usize {
        self.running.len()
    }

    /// Whether all have been joined.
    pub fn is_empty(&self) -> bool {
        self.running.is_empty()
    }

    /// Blocks until one of the tasks has ended; `None` when all have been joined.
    ///
    /// # Panics
    /// Inside a task: use [`join_next_async`](Self::join_next_async) there.
    #[track_caller]
    pub fn join_next(&mut self) -> Option<Result<T, Aborted>> {
        super::wait(self.join_next_async(), "`join_next_async().await`")
    }

    /// Waits until one of the tasks has ended; `None` when all have been joined.
    pub async fn join_next_async(&mut self) -> Option<Result<T, Aborted>> {
        if self.running.is_empty() {
            return None;
        }
        let (number, result) = poll_fn(|cx| {
            let ended = &mut *self.ended.borrow_mut();
            match ended.results.pop_front() {
                Some(first) => Poll::Ready(first),
                None => {
                    ended.waker = Some(cx.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await;
        self.running.remove(&number);
        Some(result)
    }

    /// Waits until all have ended; the results in the order in which they did.
    pub async fn join_all_async(&mut self) -> Vec<Result<T, Aborted>> {
        let mut results = Vec::with_capacity(self.len());
        while let Some(result) = self.join_next_async().await {
            results.push(result);
        }
        results
    }

    /// Aborts those that have not ended; each is still joined, as [`Aborted`].
    pub fn abort_all(&mut self) {
        for (&number, task) in &self.running {
            if !task.is_finished() {
                task.abort();
                self.ended.borrow_mut().results.push_back((number, Err(Aborted)));
            }
        }
    }
}

impl<T: 'static> Default for JoinSet<T> {
    fn default() -> JoinSet<T> {
        JoinSet::new()
    }
}

impl<T> Drop for JoinSet<T> {
    fn drop(&mut self) {
        self.running.values().for_each(JoinHandle::abort);
    }
}

impl<T> fmt::Debug for JoinSet<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinSet").field("len", &self.running.len()).finish()
    }
}

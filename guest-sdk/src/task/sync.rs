//! What tasks of one actor order their work with: locks, semaphores, barriers and notices.
//!
//! `Mutex`, `RwLock`, `Semaphore`, `Barrier` and `OnceCell` are those of the crate `async-lock`.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

pub use async_lock::{
    Barrier, BarrierWaitResult, Mutex, MutexGuard, OnceCell, RwLock, RwLockReadGuard,
    RwLockUpgradableReadGuard, RwLockWriteGuard, Semaphore, SemaphoreGuard,
};

/// A notice from one task to another.
///
/// A notice that finds nobody waiting is kept for the next who does; there is one at most.
#[derive(Default)]
pub struct Notify {
    kept: Cell<bool>,
    waiting: RefCell<VecDeque<Rc<Waiting>>>,
}

struct Waiting {
    notice: Cell<Notice>,
    waker: RefCell<Waker>,
}

/// What somebody who waits was given.
#[derive(Clone, Copy, PartialEq)]
enum Notice {
    Nothing,
    /// A notice of its own, which is somebody else's if it is not seen.
    One,
    /// What all got.
    All,
}

impl Notify {
    /// Without a notice.
    pub const fn new() -> Notify {
        Notify { kept: Cell::new(false), waiting: RefCell::new(VecDeque::new()) }
    }

    /// Lets the one go on who has waited longest, or else the next who comes.
    pub fn notify_one(&self) {
        if !self.pass_on(Notice::One) {
            self.kept.set(true);
        }
    }

    /// Lets all go on who wait.
    pub fn notify_all(&self) {
        while self.pass_on(Notice::All) {}
    }

    /// Waits for a notice.
    pub async fn notified(&self) {
        if self.kept.replace(false) {
            return;
        }
        let mut wait = None;
        poll_fn(|cx| {
            let wait = wait.get_or_insert_with(|| Wait::start(self, cx.waker()));
            wait.waiting.waker.replace(cx.waker().clone());
            if wait.waiting.notice.get() == Notice::Nothing { Poll::Pending } else { Poll::Ready(()) }
        })
        .await;
        if let Some(wait) = &mut wait {
            wait.taken = true;
        }
    }

    fn pass_on(&self, notice: Notice) -> bool {
        let Some(first) = self.waiting.borrow_mut().pop_front() else { return false };
        first.notice.set(notice);
        first.waker.borrow().wake_by_ref();
        true
    }
}

impl fmt::Debug for Notify {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notify").field("waiting", &self.waiting.borrow().len()).finish_non_exhaustive()
    }
}

/// One that waits; when it is dropped with a notice that it has not seen, the next gets it.
struct Wait<'a> {
    notify: &'a Notify,
    waiting: Rc<Waiting>,
    taken: bool,
}

impl<'a> Wait<'a> {
    fn start(notify: &'a Notify, waker: &Waker) -> Wait<'a> {
        let waiting =
            Rc::new(Waiting { notice: Cell::new(Notice::Nothing), waker: RefCell::new(waker.clone()) });
        notify.waiting.borrow_mut().push_back(waiting.clone());
        Wait { notify, waiting, taken: false }
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        match self.waiting.notice.get() {
            Notice::Nothing => {
                self.notify.waiting.borrow_mut().retain(|other| !Rc::ptr_eq(other, &self.waiting));
            }
            Notice::One if !self.taken => self.notify.notify_one(),
            Notice::One | Notice::All => {}
        }
    }
}

/// Something that is done once, and whose end the others wait for.
#[derive(Debug)]
pub struct Once(OnceCell<()>);

impl Once {
    /// Not done yet.
    pub const fn new() -> Once {
        Once(OnceCell::new())
    }

    /// Does it, unless it is done; waits while somebody else does it. When that one is dropped before the end, the next
    /// tries.
    pub async fn call<F: Future<Output = ()>>(&self, f: impl FnOnce() -> F) {
        self.0.get_or_init(f).await;
    }

    /// Whether it is done.
    pub fn is_done(&self) -> bool {
        self.0.is_initialized()
    }
}

impl Default for Once {
    fn default() -> Once {
        Once::new()
    }
}

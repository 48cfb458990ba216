//! Cores without work: who sleeps, who is woken, and when the whole host has nothing left to do.

use std::sync::OnceLock;
use std::time::Duration;

use flower_abi::NEVER;

use crate::sync::{AtomicBool, AtomicUsize, Condvar, Mutex, Notify, Ordering, fence};

/// The sleeping cores of one scheduler.
pub(crate) struct Idle {
    cores: usize,
    sleeping: Mutex<Vec<usize>>,
    /// Length of `sleeping`, so that nobody takes the lock while all are busy.
    count: AtomicUsize,
    beds: Box<[Bed]>,
    /// Wakes the ticker, which rests while every core sleeps.
    busy: Condvar,
    quiet: Notify,
    /// The last core to lie down found nothing that could happen.
    silent: AtomicBool,
    /// Gets a core out of its wait for the outside.
    interrupt: OnceLock<Box<dyn Fn() + Send + Sync>>,
}

/// Where one core sleeps.
#[derive(Default)]
struct Bed {
    woken: Mutex<bool>,
    changed: Condvar,
    /// The core sleeps where the outside wakes it; changed under the lock of `woken`.
    outside: AtomicBool,
}

impl Idle {
    /// All awake.
    pub(crate) fn new(cores: usize) -> Idle {
        Idle {
            cores,
            sleeping: Mutex::default(),
            count: AtomicUsize::new(0),
            beds: (0..cores).map(|_| Bed::default()).collect(),
            busy: Condvar::new(),
            quiet: Notify::new(),
            silent: AtomicBool::new(false),
            interrupt: OnceLock::new(),
        }
    }

    /// Wakes one core if one sleeps. Whoever calls this has published its work before.
    pub(crate) fn wake_one(&self) {
        fence(Ordering::SeqCst);
        if self.count.load(Ordering::Relaxed) > 0 {
            self.wake(|sleeping| sleeping.len().checked_sub(1));
        }
    }

    /// Wakes every core.
    pub(crate) fn wake_all(&self) {
        while self.wake(|sleeping| sleeping.len().checked_sub(1)) {}
        self.busy.notify_all();
        self.quiet.notify_waiters();
    }

    /// Says that a core is about to sleep; true if it is the last one awake.
    pub(crate) fn lie_down(&self, core: usize) -> bool {
        let mut sleeping = self.sleeping.lock();
        *self.beds[core].woken.lock() = false;
        debug_assert!(!sleeping.contains(&core), "a core lies down once");
        sleeping.push(core);
        debug_assert!(sleeping.len() <= self.cores, "there are no more cores");
        self.count.store(sleeping.len(), Ordering::Relaxed);
        fence(Ordering::SeqCst);
        sleeping.len() == self.cores
    }

    /// Says that a core that lay down goes on at once.
    pub(crate) fn get_up(&self, core: usize) {
        self.wake(|sleeping| sleeping.iter().position(|sleeper| *sleeper == core));
    }

    /// Sleeps until woken, or for `nanos` if that is less than [`NEVER`].
    pub(crate) fn sleep(&self, core: usize, nanos: u64) {
        let bed = &self.beds[core];
        let mut woken = bed.woken.lock();
        if nanos == NEVER {
            bed.changed.wait_while(&mut woken, |woken| !*woken);
        } else {
            let timeout = Duration::from_nanos(nanos);
            bed.changed.wait_while_for(&mut woken, |woken| !*woken, timeout);
        }
        let by_timeout = !*woken;
        drop(woken);
        if by_timeout {
            self.get_up(core);
        }
    }

    /// Says how a core is got out of [`Idle::sleep_outside`].
    pub(crate) fn set_interrupt(&self, interrupt: impl Fn() + Send + Sync + 'static) {
        let _ = self.interrupt.set(Box::new(interrupt));
    }

    /// The same as [`Idle::sleep`] by waiting for the outside, which whoever wakes this core interrupts.
    pub(crate) fn sleep_outside(&self, core: usize, wait: impl FnOnce()) {
        let bed = &self.beds[core];
        let woken = bed.woken.lock();
        if *woken {
            return;
        }
        bed.outside.store(true, Ordering::Relaxed);
        drop(woken);
        wait();
        let woken = bed.woken.lock();
        bed.outside.store(false, Ordering::Relaxed);
        let by_itself = !*woken;
        drop(woken);
        if by_itself {
            self.get_up(core);
        }
    }

    /// Blocks the ticker while every core sleeps, or for `limit`; true if a core is awake.
    pub(crate) fn wait_until_busy(&self, limit: Option<Duration>, stopping: impl Fn() -> bool) -> bool {
        let mut sleeping = self.sleeping.lock();
        let all_sleep = |sleeping: &mut Vec<usize>| sleeping.len() == self.cores && !stopping();
        match limit {
            None => self.busy.wait_while(&mut sleeping, all_sleep),
            Some(limit) => drop(self.busy.wait_while_for(&mut sleeping, all_sleep, limit)),
        }
        sleeping.len() < self.cores
    }

    /// Says that nothing can happen any more unless it comes from outside.
    pub(crate) fn note_quiet(&self) {
        let sleeping = self.sleeping.lock();
        if sleeping.len() == self.cores {
            self.silent.store(true, Ordering::Release);
        }
        drop(sleeping);
        self.quiet.notify_waiters();
    }

    /// Waits until the host falls quiet, or is quiet already.
    pub(crate) async fn quiescent(&self, stopping: impl Fn() -> bool) {
        loop {
            let notified = self.quiet.notified();
            let mut notified = std::pin::pin!(notified);
            notified.as_mut().enable();
            if self.is_quiet() || stopping() {
                return;
            }
            notified.await;
        }
    }

    fn is_quiet(&self) -> bool {
        let sleeping = self.sleeping.lock();
        sleeping.len() == self.cores && self.silent.load(Ordering::Acquire)
    }

    /// Wakes one of the sleeping cores; false if it is none of them. Its bed is told under the lock: a
    /// core that got up by itself and lies again would else be woken without leaving the list.
    fn wake(&self, which: impl FnOnce(&Vec<usize>) -> Option<usize>) -> bool {
        let mut sleeping = self.sleeping.lock();
        let was_quiet = sleeping.len() == self.cores;
        let Some(at) = which(&sleeping) else { return false };
        debug_assert_eq!(self.count.load(Ordering::Relaxed), sleeping.len(), "the sleeping are counted");
        let core = sleeping.swap_remove(at);
        if self.beds[core].wake()
            && let Some(interrupt) = self.interrupt.get()
        {
            interrupt();
        }
        self.count.store(sleeping.len(), Ordering::Relaxed);
        if was_quiet {
            self.silent.store(false, Ordering::Release);
            self.busy.notify_all();
        }
        true
    }
}

impl Bed {
    /// True if the core waits for the outside.
    fn wake(&self) -> bool {
        let mut woken = self.woken.lock();
        *woken = true;
        self.changed.notify_one();
        self.outside.load(Ordering::Relaxed)
    }
}

//! The gate of an actor's cell: its run state and the lock of its signal queue, in one word.
//!
//! A send has to lock the queue, put something in, and find out whether the actor must be queued to run.
//! With both in one word that is one atomic exchange to lock; unlocking is a plain store, since nobody
//! else changes a locked word. Critical sections are a few instructions long, so whoever finds the
//! gate locked spins, and gives its thread up when that does not help.
//!
//! The run state follows an actor through the scheduler: idle, queued, running. Signals that come while
//! it runs, and wakes by a future, are noted in bits of their own; [`Gate::finish`] sees both.

use std::cell::UnsafeCell;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicU8, Ordering};

use crossbeam_utils::Backoff;

/// Somebody is in the queue.
const LOCKED: u8 = 1;
/// Signals have come that the owner has not taken.
const SIGNALLED: u8 = 1 << 1;
/// A future woke the actor while it ran.
const WOKEN: u8 = 1 << 2;
/// Where the actor stands with the scheduler.
const STATE: u8 = !(LOCKED | SIGNALLED | WOKEN);

const FREE: u8 = 0;
const IDLE: u8 = 1 << 3;
const QUEUED: u8 = 2 << 3;
const RUNNING: u8 = 3 << 3;

/// A run state, and what it guards.
pub(crate) struct Gate<T> {
    word: AtomicU8,
    inside: UnsafeCell<T>,
}

// SAFETY: `inside` is reached through a `Guard` only, of which the bit `LOCKED` allows one at a time;
// locking acquires what the unlock before has released.
unsafe impl<T: Send> Sync for Gate<T> {}

/// The right to use what a gate guards. Dropping it unlocks.
pub(crate) struct Guard<'a, T> {
    gate: &'a Gate<T>,
    /// What the word becomes.
    word: u8,
}

/// How an actor stands with the scheduler, for observers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Standing {
    Idle,
    Queued,
    Running,
}

impl<T> Gate<T> {
    /// A gate that nobody lives behind.
    pub(crate) fn new(inside: T) -> Gate<T> {
        Gate { word: AtomicU8::new(FREE), inside: UnsafeCell::new(inside) }
    }

    /// Waits for the lock, which is never held for long.
    pub(crate) fn lock(&self) -> Guard<'_, T> {
        let word = self.exchange(|word| Some(word | LOCKED)).expect("a lock is never refused");
        Guard { gate: self, word }
    }

    /// A new actor lives here.
    pub(crate) fn occupy(&self) {
        self.set_state(IDLE);
    }

    /// Native code lives here: it counts as running for good, so that no worker ever takes it.
    pub(crate) fn occupy_native(&self) {
        self.set_state(RUNNING);
    }

    /// The actor is gone, and the cell may serve another.
    pub(crate) fn free(&self) {
        self.lock().word = FREE;
    }

    /// Something other than a signal has come; true if the caller must put the actor into a run queue.
    pub(crate) fn wake(&self) -> bool {
        let woken = self.exchange(|word| match word & STATE {
            IDLE => Some(word & !STATE | QUEUED),
            RUNNING => Some(word | WOKEN),
            _ => None,
        });
        woken.is_some_and(|before| before & STATE == IDLE)
    }

    /// A worker took the actor out of a run queue; it may take the signals at once. `None` if a host that
    /// stops has retired the actor meanwhile.
    pub(crate) fn start(&self) -> Option<Guard<'_, T>> {
        let running = |word: u8| word & !STATE | RUNNING;
        let before = self.exchange(|word| (word & STATE == QUEUED).then_some(running(word) | LOCKED));
        debug_assert!(before.is_some() || self.standing().is_none(), "only queued actors are run");
        let before = before?;
        Some(Guard { gate: self, word: running(before) })
    }

    /// Takes an actor that no worker runs away from all workers, for good; false if one runs it.
    pub(crate) fn retire(&self) -> bool {
        let waits = |word: u8| matches!(word & STATE, IDLE | QUEUED);
        self.exchange(|word| waits(word).then_some(FREE)).is_some()
    }

    /// Lets the caller stand in for the worker of an actor that waits, until it calls [`Gate::finish`]; false if the
    /// actor does not wait.
    pub(crate) fn visit(&self) -> bool {
        let idle = |word: u8| word & STATE == IDLE;
        self.exchange(|word| idle(word).then_some(word & !STATE | RUNNING)).is_some()
    }

    /// The worker is done for now; false if something came meanwhile, and the actor is queued again.
    pub(crate) fn finish(&self) -> bool {
        let before = self.exchange(|word| {
            let come = word & (SIGNALLED | WOKEN) != 0;
            Some(word & SIGNALLED | if come { QUEUED } else { IDLE })
        });
        before.is_some_and(|word| word & (SIGNALLED | WOKEN) == 0)
    }

    /// The worker gives up its turn; the caller puts the actor into a run queue.
    pub(crate) fn requeue(&self) {
        let _ = self.exchange(|word| Some(word & SIGNALLED | QUEUED));
    }

    /// Whether signals wait for the owner. Sees every signal that was sent before whatever else the
    /// caller has seen of its sender.
    pub(crate) fn is_signalled(&self) -> bool {
        self.word.load(Ordering::Acquire) & SIGNALLED != 0
    }

    /// Whether a worker runs the actor now.
    pub(crate) fn is_running(&self) -> bool {
        self.word.load(Ordering::Relaxed) & STATE == RUNNING
    }

    /// How the actor stands with the scheduler; `None` when there is none.
    pub(crate) fn standing(&self) -> Option<Standing> {
        match self.word.load(Ordering::Acquire) & STATE {
            IDLE => Some(Standing::Idle),
            QUEUED => Some(Standing::Queued),
            RUNNING => Some(Standing::Running),
            _ => None,
        }
    }

    fn set_state(&self, state: u8) {
        let mut guard = self.lock();
        guard.word = guard.word & SIGNALLED | state;
    }

    /// Changes the word once it is not locked; returns what it was, or `None` if `change` does not want to.
    #[inline]
    fn exchange(&self, change: impl Fn(u8) -> Option<u8>) -> Option<u8> {
        let backoff = Backoff::new();
        let mut word = self.word.load(Ordering::Relaxed);
        loop {
            if word & LOCKED != 0 {
                backoff.snooze();
                word = self.word.load(Ordering::Relaxed);
                continue;
            }
            let next = change(word)?;
            match self.word.compare_exchange_weak(word, next, Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) => return Some(word),
                Err(now) => word = now,
            }
        }
    }
}

impl<T> Guard<'_, T> {
    /// Notes that a signal was put in; true if the caller must put the actor into a run queue once it
    /// has let go.
    pub(crate) fn note_signal(&mut self) -> bool {
        self.word |= SIGNALLED;
        let is_idle = self.word & STATE == IDLE;
        if is_idle {
            self.word = SIGNALLED | QUEUED;
        }
        is_idle
    }

    /// Whether signals wait for the owner.
    pub(crate) fn is_signalled(&self) -> bool {
        self.word & SIGNALLED != 0
    }

    /// Notes that the owner has taken all signals.
    pub(crate) fn note_taken(&mut self) {
        self.word &= !SIGNALLED;
    }
}

impl<T> Deref for Guard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: this guard is the only one, see `Gate`.
        unsafe { &*self.gate.inside.get() }
    }
}

impl<T> DerefMut for Guard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as above.
        unsafe { &mut *self.gate.inside.get() }
    }
}

impl<T> Drop for Guard<'_, T> {
    fn drop(&mut self) {
        debug_assert_ne!(self.gate.word.load(Ordering::Relaxed) & LOCKED, 0, "it is unlocked once");
        self.gate.word.store(self.word & !LOCKED, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signal(gate: &Gate<u32>) -> bool {
        let mut guard = gate.lock();
        *guard += 1;
        guard.note_signal()
    }

    #[test]
    fn an_actor_is_queued_once_however_often_it_is_woken() {
        let gate = Gate::new(0);
        assert!(!gate.wake() && !signal(&gate), "nobody lives there");
        gate.free();
        gate.occupy();
        assert!(gate.wake());
        assert!(!gate.wake() && !signal(&gate));
        drop(gate.start().unwrap());
        assert!(!gate.wake());
        assert!(!gate.finish(), "it was woken while it ran");
        gate.start().unwrap().note_taken();
        assert!(gate.finish());
        assert!(gate.wake());
    }

    #[test]
    fn signals_that_come_in_a_run_are_not_slept_over() {
        let gate = Gate::new(0);
        gate.occupy();
        assert!(signal(&gate));
        gate.start().unwrap().note_taken();
        assert!(!gate.is_signalled());
        assert!(!signal(&gate), "it runs");
        assert!(gate.is_signalled());
        assert!(!gate.finish());
        assert_eq!(gate.standing(), Some(Standing::Queued));
        gate.start().unwrap().note_taken();
        assert!(gate.finish());
        assert_eq!(*gate.lock(), 2);
    }

    #[test]
    fn who_visits_hides_no_signal() {
        let gate = Gate::new(0);
        gate.occupy();
        assert!(gate.visit());
        assert!(!gate.visit() && !signal(&gate), "it counts as running");
        assert!(!gate.finish(), "the visitor has to queue it");
        assert_eq!(gate.standing(), Some(Standing::Queued));
        assert!(!gate.visit());
    }

    #[test]
    fn a_signal_before_the_first_run_is_kept() {
        let gate = Gate::new(0);
        assert!(!signal(&gate), "it is not known to the scheduler yet");
        gate.occupy();
        assert!(gate.wake());
        assert!(gate.start().unwrap().is_signalled());
    }

    #[test]
    fn who_is_retired_never_runs() {
        let gate = Gate::new(0);
        gate.occupy();
        assert!(gate.wake());
        assert!(gate.retire());
        assert!(gate.start().is_none());
        gate.occupy();
        assert!(gate.wake());
        drop(gate.start().unwrap());
        assert!(!gate.retire(), "it runs");
    }

    #[test]
    fn the_lock_lets_one_in_at_a_time() {
        let gate = Gate::new(0_u32);
        gate.occupy();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..10_000).for_each(|_| _ = signal(&gate)));
            }
        });
        assert_eq!(*gate.lock(), 40_000);
    }
}

//! What the host has in its own `sync`, made of loom's parts.

use std::future::Future;
use std::ops::{Deref, DerefMut};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

pub(crate) use loom::sync::atomic::{AtomicBool, AtomicUsize, Ordering, fence};

/// A lock with the face of parking_lot's.
#[derive(Default)]
pub(crate) struct Mutex<T>(loom::sync::Mutex<T>);

/// What a wait with a limit answers; nobody asks.
pub(crate) struct WaitTimeoutResult;

/// Taken apart by a condition variable only.
pub(crate) struct MutexGuard<'a, T> {
    mutex: &'a Mutex<T>,
    inner: Option<loom::sync::MutexGuard<'a, T>>,
}

impl<T> Mutex<T> {
    pub(crate) fn new(inside: T) -> Mutex<T> {
        Mutex(loom::sync::Mutex::new(inside))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        MutexGuard { mutex: self, inner: Some(self.0.lock().expect("nobody panics with it")) }
    }
}

impl<T> Deref for MutexGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.inner.as_ref().expect("nobody waits")
    }
}

impl<T> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.inner.as_mut().expect("nobody waits")
    }
}

/// A condition variable with the face of parking_lot's.
pub(crate) struct Condvar(loom::sync::Condvar);

impl Default for Condvar {
    fn default() -> Condvar {
        Condvar::new()
    }
}

impl Condvar {
    pub(crate) fn new() -> Condvar {
        Condvar(loom::sync::Condvar::new())
    }

    pub(crate) fn notify_one(&self) {
        self.0.notify_one();
    }

    pub(crate) fn notify_all(&self) {
        self.0.notify_all();
    }

    pub(crate) fn wait_while<T>(
        &self,
        guard: &mut MutexGuard<'_, T>,
        mut condition: impl FnMut(&mut T) -> bool,
    ) {
        while condition(guard) {
            let inner = guard.inner.take().expect("nobody waits");
            guard.inner = Some(self.0.wait(inner).expect("nobody panics with it"));
        }
    }

    /// The time may be over at any moment: the lock is given up once.
    pub(crate) fn wait_while_for<T>(
        &self,
        guard: &mut MutexGuard<'_, T>,
        mut condition: impl FnMut(&mut T) -> bool,
        _: Duration,
    ) -> WaitTimeoutResult {
        if condition(guard) {
            guard.inner = None;
            loom::thread::yield_now();
            *guard = guard.mutex.lock();
        }
        WaitTimeoutResult
    }
}

/// Who waits for quiet is not modelled: it is tokio's, and only looks again.
pub(crate) struct Notify;

/// See [`Notify`].
pub(crate) struct Notified;

impl Notify {
    pub(crate) fn new() -> Notify {
        Notify
    }

    pub(crate) fn notify_waiters(&self) {}

    pub(crate) fn notified(&self) -> Notified {
        Notified
    }
}

impl Notified {
    pub(crate) fn enable(self: Pin<&mut Notified>) -> bool {
        true
    }
}

impl Future for Notified {
    type Output = ();

    fn poll(self: Pin<&mut Notified>, _: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }
}

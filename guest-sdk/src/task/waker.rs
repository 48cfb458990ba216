//! Wakers without an allocation: a task is woken by its number.
//!
//! A number may be that of a later task when a waker is used; then that one is polled once for nothing.

use std::ptr;
use std::task::{RawWaker, RawWakerVTable, Waker};

use super::executor;

/// The number of what runs in `block_on`, outside of all tasks.
pub(super) const ROOT: u32 = u32::MAX;
/// The number of a blocking call inside a task, during which no task runs.
pub(super) const NESTED: u32 = u32::MAX - 1;

static VTABLE: RawWakerVTable = RawWakerVTable::new(clone, wake, wake, forget);

/// The waker of a task.
pub(super) fn waker(task: u32) -> Waker {
    // SAFETY: the pointer is a number and never followed. Whichever thread wakes, it touches its own executor only.
    unsafe { Waker::from_raw(raw(ptr::without_provenance(task as usize))) }
}

fn raw(task: *const ()) -> RawWaker {
    RawWaker::new(task, &VTABLE)
}

unsafe fn clone(task: *const ()) -> RawWaker {
    raw(task)
}

unsafe fn wake(task: *const ()) {
    executor::wake(task.addr() as u32);
}

unsafe fn forget(_: *const ()) {}

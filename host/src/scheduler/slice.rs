//! How long the kernel lets a thread compute before others may.
//!
//! A thread that wakes waits for those that compute on its processor until their slice is over, some
//! milliseconds, unless its own is shorter: then it may interrupt them (EEVDF, since Linux 6.12). So
//! whoever must be prompt asks for short slices before it sleeps: the ticker, and a thread that waits for a
//! core. Elsewhere, and where it is refused, ticks and hand-overs are late when all processors are busy.

use std::time::Duration;

/// The least that Linux grants.
const SHORT: Duration = Duration::from_micros(100);

/// Lets this thread interrupt those that compute when it wakes.
pub(super) fn shorten() {
    ask_for(SHORT);
}

/// Lets this thread compute for as long as any other.
pub(super) fn restore() {
    ask_for(Duration::ZERO);
}

#[cfg(target_os = "linux")]
fn ask_for(slice: Duration) {
    // SAFETY: it reads a number. 0 is this thread, whose niceness must stay what the user gave it.
    let nice = unsafe { libc::getpriority(libc::PRIO_PROCESS, 0) };
    let attributes = libc::sched_attr {
        size: size_of::<libc::sched_attr>() as u32,
        sched_policy: libc::SCHED_OTHER as u32,
        sched_flags: 0,
        sched_nice: nice,
        sched_priority: 0,
        sched_runtime: slice.as_nanos() as u64,
        sched_deadline: 0,
        sched_period: 0,
    };
    // SAFETY: the kernel reads the structure, whose size is in it, during the call; 0 is this thread.
    let _ = unsafe { libc::syscall(libc::SYS_sched_setattr, 0, &raw const attributes, 0) };
}

#[cfg(not(target_os = "linux"))]
fn ask_for(_: Duration) {}

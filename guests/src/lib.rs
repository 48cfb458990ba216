//! What the guests have in common: ends, and short words for times.

pub mod channels;
pub mod supervision;

use std::fmt::Debug;
use std::time::Duration;

use flower::{Down, ExitReason, ExitSignal, JoinError, Pid, monitor, receive};

/// Longer than anything takes that works; what waits for it fails instead of hanging.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// So many milliseconds.
pub const fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// Waits for what never comes; whoever stops the actor need not wait for it, as for one that sleeps.
pub fn wait_for_ever() {
    let _signal: ExitSignal = receive().expect("a signal has nothing to misread");
}

/// Waits for an actor's end and tells its reason.
pub fn end_of(pid: Pid) -> ExitReason {
    monitor(pid).expect("it may be monitored");
    let down: Down = receive().expect("a monitor tells of the end");
    assert_eq!(down.pid, pid, "no other monitor is open");
    down.reason
}

/// The reason for which an actor that was joined did not return.
pub fn died<T: Debug>(joined: Result<T, JoinError>) -> ExitReason {
    match joined {
        Err(JoinError::Died(reason)) => reason,
        other => panic!("it was to die, but the join gave {other:?}"),
    }
}

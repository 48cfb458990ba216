//! Monitors: learning of an end without sharing it.

use flower_abi::Delivery;

use crate::reference::MonitorRef;
use crate::{Pid, PidError, host};

/// Watches an actor: its end comes once, as a [`Down`](crate::Down) with this reference; at once when
/// it has ended already.
///
/// # Errors
/// [`PidError::NotPermitted`] when the pid lacks the right.
pub fn monitor(pid: Pid) -> Result<MonitorRef, PidError> {
    Ok(MonitorRef(host::monitor(pid.0, Delivery::Message)?))
}

/// Removes a monitor: its [`Down`](crate::Down) is not seen any more, even if it has come already.
///
/// Returns whether the actor had not ended yet.
pub fn demonitor(monitor: MonitorRef) -> bool {
    host::cancel(monitor.id())
}

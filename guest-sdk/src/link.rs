//! Links: two actors that end together.

use crate::{Pid, PidError, host};

/// Links the caller with another actor: the end of one is an exit signal to the other, which ends
/// it too unless the reason is normal or it [traps exits](trap_exit).
///
/// Linking with an actor that has ended is an exit signal [`NoProcess`](crate::ExitReason::NoProcess)
/// to the caller. Linking twice is the same as once.
///
/// # Errors
/// [`PidError::NotPermitted`] when the pid lacks the right, as the sender of a message does.
pub fn link(pid: Pid) -> Result<(), PidError> {
    Ok(host::link(pid.0)?)
}

/// Removes a link. Once it has returned, no exit signal of that link is received: one that waits in the
/// mailbox as an [`ExitSignal`](crate::ExitSignal) is dropped.
///
/// # Errors
/// [`PidError::InvalidPid`] when the host did not make this pid.
pub fn unlink(pid: Pid) -> Result<(), PidError> {
    Ok(host::unlink(pid.0)?)
}

/// Chooses whether exit signals come as [`ExitSignal`](crate::ExitSignal) instead of ending the
/// caller. Returns what was chosen before.
pub fn trap_exit(on: bool) -> bool {
    host::trap_exit(on)
}

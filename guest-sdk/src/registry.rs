//! A registry of actors by type, as in pykka: those that enter themselves can be found, told something
//! and stopped together.
//!
//! Nobody can list the actors of a host, as a pid is a capability. An actor that wants to be found says so
//! with [`register_type`], at the start of its function or handler: it joins one [group](crate::join_group)
//! for its type and one for all types, and gives everybody *all* rights to it, so that it can be stopped.
//! To be found with less, join a group of your own choice; to be found by name, [`register`](crate::register).

use std::any::type_name;
use std::time::Duration;

use flower_abi::{Delivery, Rights, fingerprint};

use crate::clock::deadline;
use crate::group::next_member;
use crate::reference::Held;
use crate::{
    Broadcast, GroupError, Message, Pid, SendError, broadcast, host, join_group_as, leave_group, members,
    self_pid, stop,
};

/// The group of all that registered a type.
const ALL: &str = "flower:registry";

/// What the groups of the types begin with.
const TYPE: &str = "flower:registry:";

/// Enters the caller as a `T`: its state, its handler, or any type that stands for what it does.
///
/// It may be several types at once. It is found until it ends.
///
/// ```no_run
/// use flower::registry;
///
/// struct Adder;
///
/// fn adder() {
///     registry::register_type::<Adder>().expect("an actor may be in many groups");
///     // ...
/// }
///
/// registry::broadcast_to::<Adder, _>("clear")?;
/// # Ok::<(), flower::SendError>(())
/// ```
///
/// # Errors
/// [`GroupError::Limit`] when the caller is in too many groups, or too many actors are registered.
pub fn register_type<T: ?Sized>() -> Result<(), GroupError> {
    let of_type = group_of::<T>();
    join_group_as(ALL, self_pid(), Rights::ALL)?;
    join_group_as(&of_type, self_pid(), Rights::ALL).inspect_err(|_| _ = leave_group(ALL))
}

/// Every actor that is registered, in the order of their start.
pub fn all() -> Vec<Pid> {
    members(ALL)
}

/// The registered actors of a type, in the order of their start.
pub fn by_type<T: ?Sized>() -> Vec<Pid> {
    members(&group_of::<T>())
}

/// The registered actor whose pid has this [serial](Pid::serial).
pub fn by_serial(serial: u64) -> Option<Pid> {
    next_member(ALL, serial.checked_sub(1)?).filter(|pid| pid.serial() == serial)
}

/// Sends a message to every registered actor of a type, and to no other.
///
/// # Errors
/// As [`broadcast`].
pub fn broadcast_to<T: ?Sized, M: Message + ?Sized>(message: &M) -> Result<Broadcast, SendError> {
    broadcast(&group_of::<T>(), message)
}

/// Stops every registered actor, the one started last first, and parks the caller until each has ended
/// before it stops the next. The caller itself goes on.
///
/// Each sees the messages sent to it before, as with [`stop`]. Returns how many have ended.
///
/// # Errors
/// [`StopAllError`] with those that have not ended when `timeout` is over: one that is busy, or
/// [traps stops](crate::trap_stop).
pub fn stop_all(timeout: Duration) -> Result<usize, StopAllError> {
    stop_in_order(all(), timeout)
}

/// As [`stop_all`], for the actors of a type.
///
/// # Errors
/// As [`stop_all`].
pub fn stop_type<T: ?Sized>(timeout: Duration) -> Result<usize, StopAllError> {
    stop_in_order(by_type::<T>(), timeout)
}

/// Actors that were asked to stop and have not ended in time; those started before them were not asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StopAllError {
    /// Who lives, in the order of their start.
    pub left: Vec<Pid>,
}

impl std::fmt::Display for StopAllError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} actors have not stopped in time", self.left.len())
    }
}

impl std::error::Error for StopAllError {}

fn stop_in_order(mut pids: Vec<Pid>, timeout: Duration) -> Result<usize, StopAllError> {
    let deadline = deadline(timeout);
    pids.retain(|pid| *pid != self_pid());
    let count = pids.len();
    while let Some(pid) = pids.last() {
        if !stops(*pid, deadline) {
            return Err(StopAllError { left: pids });
        }
        pids.pop();
    }
    Ok(count)
}

/// Whether an actor that is asked to stop ends until then.
fn stops(pid: Pid, deadline: u64) -> bool {
    let Ok(reference) = host::monitor(pid.0, Delivery::Held) else { return false };
    let mut end = Held::new(reference);
    stop(pid).is_ok() && end.wait(deadline).is_some()
}

/// The name of a type's group; a long one is replaced by a number that stands for it.
fn group_of<T: ?Sized>() -> String {
    /// Bytes that a group's name may have.
    const MAX: usize = 255;
    let name = type_name::<T>();
    match TYPE.len() + name.len() <= MAX {
        true => format!("{TYPE}{name}"),
        false => format!("{TYPE}{:016x}", fingerprint(name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_type_has_a_short_group() {
        type Ten<T> = (T, T, T, T, T, T, T, T, T, T);
        assert_eq!(group_of::<u8>(), "flower:registry:u8");
        let (long, other) = (group_of::<Ten<Ten<u64>>>(), group_of::<Ten<Ten<u32>>>());
        assert_eq!((long.len(), long == other), (TYPE.len() + 16, false));
    }
}

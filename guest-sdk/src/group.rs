//! Groups: actors that are listed and sent to together, under a name that they share.
//!
//! They are Erlang's process groups (`pg`): any actor may join any number of them, and has left them all
//! before anybody is told of its end. A group need not be made: it is there while it has members.

use flower_abi::Rights;
use flower_abi::group::Progress;

use crate::message::outgoing;
use crate::{GroupError, Message, Pid, SendError, host, self_pid};

/// Members that one look at a group lists.
const PAGE: usize = 64;

/// Makes the caller a member of a group. Others may then [send](crate::send) to it and
/// [monitor](crate::monitor) it; to give more or less away, use [`join_group_as`].
///
/// An actor that joins several times is one member, which is out once it has [left](leave_group) as often.
///
/// ```no_run
/// flower::join_group("lobby")?;
/// flower::broadcast("lobby", "somebody has come")?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`GroupError::Limit`] when it is in too many groups, or too many are in this one.
pub fn join_group(name: &str) -> Result<(), GroupError> {
    join_group_as(name, self_pid(), Rights::PEER)
}

/// Makes an actor a member of a group: the caller, or another whose pid carries the right to end it.
///
/// Whoever lists the group gets pids with `rights`, as far as `pid` has them. When an actor joins more
/// than once, the latest rights count.
///
/// # Errors
/// As [`join_group`], and [`GroupError::NotPermitted`] when the pid lacks the right.
pub fn join_group_as(name: &str, pid: Pid, rights: Rights) -> Result<(), GroupError> {
    Ok(host::group_join(name, pid.0, rights)?)
}

/// Takes back one time that the caller joined a group.
///
/// # Errors
/// [`GroupError::NoMember`] when it is no member.
pub fn leave_group(name: &str) -> Result<(), GroupError> {
    leave_group_as(name, self_pid())
}

/// Takes back one time that an actor joined a group.
///
/// # Errors
/// As [`leave_group`], and [`GroupError::NotPermitted`] when the pid lacks the right to end the actor.
pub fn leave_group_as(name: &str, pid: Pid) -> Result<(), GroupError> {
    Ok(host::group_leave(name, pid.0)?)
}

/// The members of a group, each once, in the order in which they were spawned. A group that is not there
/// has none.
pub fn members(name: &str) -> Vec<Pid> {
    let mut members = Vec::new();
    loop {
        let mut page = [flower_abi::Pid::NONE; PAGE];
        let after = members.last().map_or(0, |pid: &Pid| pid.serial());
        let count = host::group_members(name, after, &mut page);
        members.extend(page.into_iter().take(count).map(Pid));
        if count < PAGE {
            return members;
        }
    }
}

/// The first member behind a serial.
pub(crate) fn next_member(name: &str, after: u64) -> Option<Pid> {
    let mut member = [flower_abi::Pid::NONE];
    let count = host::group_members(name, after, &mut member);
    (count == 1).then_some(Pid(member[0]))
}

/// What became of a message to several actors.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Broadcast {
    /// How many accepted it, which is not yet processed.
    pub accepted: usize,
    /// How many refused it: because they have ended, have a full mailbox, or may not be sent to.
    pub refused: usize,
}

/// Sends a message to every member of a group, the caller included if it is one. Never waits.
///
/// Each gets a copy, with the caller as its sender. One that is refused keeps it from no other. A group
/// that is not there has no members, which is no error.
///
/// # Errors
/// [`SendError::TooLarge`], [`SendError::Limit`] or [`SendError::Encode`]: then nobody more gets it.
pub fn broadcast<M: Message + ?Sized>(name: &str, message: &M) -> Result<Broadcast, SendError> {
    let (body, options) = outgoing(message)?;
    let mut progress = Progress::default();
    while host::group_broadcast(name, &body, &options, &mut progress)? {}
    Ok(Broadcast { accepted: progress.accepted as usize, refused: progress.refused as usize })
}

//! Groups, from the side of guests.

use flower_abi::group::Progress;
use flower_abi::{Pid, Rights, Status};

use super::message::{Outgoing, dispatch};
use super::{Guest, code, number, resolve, split, text};
use crate::instance::ActorState;
use crate::limits::{BROADCAST_BYTES_MAX, MEMBERS_AT_ONCE_MAX, NAME_BYTES_MAX};
use crate::pid::ActorId;
use crate::signal::Envelope;

pub(super) fn group_join(
    mut guest: Guest<'_>,
    name: u32,
    name_len: u32,
    pid: u32,
    rights: u32,
) -> wasmtime::Result<i32> {
    let (memory, state) = split(&mut guest)?;
    let held = Pid::from_bytes(memory.read_array(pid)?).rights;
    let id = resolve(&memory, state, pid, Rights::EXIT)?;
    let Some(name) = text(&memory, name, name_len, NAME_BYTES_MAX)? else {
        return Ok(Status::INVALID.0);
    };
    let given = held.intersection(Rights(rights as u8));
    let allowed = state.policy().check_name(name).map_err(|refusal| state.refuse(&refusal));
    Ok(code(id.and_then(|id| allowed.and_then(|()| state.shared.join_group(name, id, given)))))
}

pub(super) fn group_leave(mut guest: Guest<'_>, name: u32, name_len: u32, pid: u32) -> wasmtime::Result<i32> {
    let (memory, state) = split(&mut guest)?;
    let id = resolve(&memory, state, pid, Rights::EXIT)?;
    let name = text(&memory, name, name_len, NAME_BYTES_MAX)?;
    Ok(code(id.and_then(|id| {
        let left = name.is_some_and(|name| state.shared.groups.leave(name, id));
        if left { Ok(()) } else { Err(Status::NONE) }
    })))
}

pub(super) fn group_members(
    mut guest: Guest<'_>,
    name: u32,
    name_len: u32,
    after: u64,
    buffer: u32,
    count: u32,
) -> wasmtime::Result<i64> {
    let (mut memory, state) = split(&mut guest)?;
    memory.check(buffer, u64::from(count) * Pid::SIZE as u64)?;
    let Some(name) = text(&memory, name, name_len, NAME_BYTES_MAX)? else { return Ok(0) };
    let members = state.shared.groups.members(name, after, (count as usize).min(MEMBERS_AT_ONCE_MAX));
    let len = (members.len() * Pid::SIZE) as u32;
    let (places, _) = memory.write(buffer, len)?.as_chunks_mut::<{ Pid::SIZE }>();
    for (place, (id, rights)) in places.iter_mut().zip(&members) {
        *place = state.shared.mint.mint(*id, *rights).to_bytes();
    }
    Ok(members.len() as i64)
}

pub(super) fn group_broadcast(
    mut guest: Guest<'_>,
    name: u32,
    name_len: u32,
    body: u32,
    body_len: u32,
    options: u32,
    progress: u32,
) -> wasmtime::Result<i64> {
    let (mut memory, state) = split(&mut guest)?;
    let mut done = Progress::from_bytes(memory.read_array(progress)?);
    let most = members_at_once(body_len);
    let name = text(&memory, name, name_len, NAME_BYTES_MAX)?;
    let members = name.map(|name| state.shared.groups.members(name, done.after, most)).unwrap_or_default();
    let mut message = match (Outgoing { body, body_len, options }).read(&memory, state)? {
        Ok(message) => message,
        Err(status) => return Ok(number(Err(status))),
    };
    // What is charged is the copies.
    message.held = None;
    for (to, rights) in &members {
        match send_copy(state, *to, *rights, &message) {
            Ok(()) => done.accepted = done.accepted.wrapping_add(1),
            Err(_) => done.refused = done.refused.wrapping_add(1),
        }
        done.after = to.serial;
    }
    memory.write_all(progress, &done.to_bytes())?;
    Ok(i64::from(members.len() == most))
}

/// To how many members one call sends a message of this length; to one at least.
fn members_at_once(body_len: u32) -> usize {
    (BROADCAST_BYTES_MAX / body_len.max(1) as usize).clamp(1, MEMBERS_AT_ONCE_MAX)
}

/// Sends a member a copy of its own, which is charged like any other message.
fn send_copy(state: &mut ActorState, to: ActorId, rights: Rights, message: &Envelope) -> Result<(), Status> {
    let copy = if rights.contains(Rights::SEND) { copy(state, message) } else { Err(Status::NOT_PERMITTED) };
    match copy {
        Ok(copy) => dispatch(state, to, copy),
        Err(status) => Err(super::message::refuse(state, status)),
    }
}

fn copy(state: &mut ActorState, message: &Envelope) -> Result<Box<Envelope>, Status> {
    let mut copy = state.envelope();
    if state.charges(message.body.len()) {
        copy.held = Some(state.hold(message.body.len()).ok_or(Status::LIMIT)?);
    }
    copy.codec = message.codec;
    copy.fingerprint = message.fingerprint;
    copy.extra = message.extra.clone();
    copy.body = message.body.clone();
    Ok(copy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_call_copies_a_bounded_number_of_bytes() {
        assert_eq!(members_at_once(0), MEMBERS_AT_ONCE_MAX);
        assert_eq!(members_at_once(u32::MAX), 1);
        for len in [1, 100, 4096, 100_000] {
            assert!(members_at_once(len) * len as usize <= BROADCAST_BYTES_MAX);
        }
    }
}

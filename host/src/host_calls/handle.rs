//! Handles, from the side of guests.

use flower_abi::Status;

use super::{Guest, code, number, split};
use crate::guest_memory::{BadPointer, GuestMemory};
use crate::handle::Attached;
use crate::instance::ActorState;
use crate::limits::MESSAGE_HANDLES_MAX;

/// What the handles in a guest's memory stand for, once more, to travel with a message.
pub(super) fn attach(
    memory: &GuestMemory<'_>,
    state: &ActorState,
    pointer: u32,
    count: u32,
) -> Result<Result<Attached, Status>, BadPointer> {
    if count > MESSAGE_HANDLES_MAX {
        return Ok(Err(Status::LIMIT));
    }
    let (words, _) = memory.read(pointer, count * 8)?.as_chunks::<8>();
    let handles = words.iter().map(|word| u64::from_le_bytes(*word));
    Ok(state.cell().owned().attach(handles))
}

pub(super) fn message_handles(mut guest: Guest<'_>, buffer: u32, count: u32) -> wasmtime::Result<i64> {
    let (mut memory, state) = split(&mut guest)?;
    memory.check(buffer, u64::from(count) * 8)?;
    let Some(extra) = state.current.as_mut().and_then(|current| current.extra.as_mut()) else { return Ok(0) };
    let handles = &mut extra.handles.0;
    let taken = handles.len().min(count as usize);
    let mut owned = state.shared.table.cell(state.id.slot).owned();
    if !owned.has_room_for_handles(taken, state.shared.limits.handles_max) {
        return Ok(number(Err(Status::LIMIT)));
    }
    for (resource, at) in handles.drain(..taken).zip((buffer..).step_by(8)) {
        memory.write_u64(at, owned.install(resource))?;
    }
    Ok(taken as i64)
}

pub(super) fn handle_clone(mut guest: Guest<'_>, handle: u64) -> wasmtime::Result<i64> {
    let (_, state) = split(&mut guest)?;
    let mut owned = state.cell().owned();
    let found = owned.handles.get(handle).ok_or(Status::NO_HANDLE);
    let other = found.and_then(|resource| resource.duplicate().ok_or(Status::INVALID));
    if !owned.has_room_for_handles(1, state.shared.limits.handles_max) {
        return Ok(number(other.and(Err(Status::LIMIT))));
    }
    Ok(number(other.map(|other| owned.install(other))))
}

pub(super) fn handle_close(mut guest: Guest<'_>, handle: u64) -> wasmtime::Result<i32> {
    let (_, state) = split(&mut guest)?;
    let closed = state.cell().owned().handles.remove(handle);
    Ok(code(closed.map(drop).ok_or(Status::NO_HANDLE)))
}

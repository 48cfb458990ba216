//! Who an actor is, and which pids it holds.

use flower_abi::{Pid, Rights, Status};

use super::{Guest, resolve, split};
use crate::pid::ActorId;

pub(super) fn self_pid(mut guest: Guest<'_>, pid: u32) -> wasmtime::Result<i32> {
    let (mut memory, state) = split(&mut guest)?;
    memory.write_all(pid, &state.shared.mint.mint(state.id, Rights::ALL).to_bytes())?;
    Ok(Status::OK.0)
}

pub(super) fn parent(mut guest: Guest<'_>, pid: u32) -> wasmtime::Result<i32> {
    let (mut memory, state) = split(&mut guest)?;
    memory.check(pid, Pid::SIZE as u64)?;
    let parent = state.cell().owned().meta.parent;
    if parent == ActorId::HOST {
        return Ok(Status::NONE.0);
    }
    memory.write_all(pid, &state.shared.mint.mint(parent, Rights::PEER).to_bytes())?;
    Ok(Status::OK.0)
}

pub(super) fn restrict(
    mut guest: Guest<'_>,
    pid: u32,
    rights: u32,
    restricted: u32,
) -> wasmtime::Result<i32> {
    let (mut memory, state) = split(&mut guest)?;
    let held = Pid::from_bytes(memory.read_array(pid)?);
    memory.check(restricted, Pid::SIZE as u64)?;
    let id = match state.shared.resolve(&held, Rights(0)) {
        Ok(id) => id,
        Err(status) => return Ok(status.0),
    };
    let narrowed = held.rights.intersection(Rights(rights as u8));
    memory.write_all(restricted, &state.shared.mint.mint(id, narrowed).to_bytes())?;
    Ok(Status::OK.0)
}

pub(super) fn is_alive(mut guest: Guest<'_>, pid: u32) -> wasmtime::Result<i32> {
    let (memory, state) = split(&mut guest)?;
    let id = resolve(&memory, state, pid, Rights(0))?;
    Ok(match id {
        Ok(id) => i32::from(state.shared.is_alive(id)),
        Err(status) => status.0,
    })
}

pub(super) fn now(guest: Guest<'_>) -> wasmtime::Result<u64> {
    Ok(guest.data().shared.now())
}

//! Names, from the side of guests.

use flower_abi::{Pid, Rights, Status};

use super::{Guest, code, resolve, split, text};
use crate::limits::NAME_BYTES_MAX;
use crate::pid::ActorId;

pub(super) fn register(mut guest: Guest<'_>, name: u32, name_len: u32, pid: u32) -> wasmtime::Result<i32> {
    let (memory, state) = split(&mut guest)?;
    let rights = Pid::from_bytes(memory.read_array(pid)?).rights;
    let id = resolve(&memory, state, pid, Rights(0))?;
    let Some(name) = text(&memory, name, name_len, NAME_BYTES_MAX)? else {
        return Ok(Status::INVALID.0);
    };
    let allowed = state.policy().check_name(name).map_err(|refusal| state.refuse(&refusal));
    let registered =
        id.and_then(|id: ActorId| allowed.and_then(|()| state.shared.register(name, id, rights)));
    Ok(code(registered))
}

pub(super) fn unregister(mut guest: Guest<'_>, name: u32, name_len: u32) -> wasmtime::Result<i32> {
    let (memory, state) = split(&mut guest)?;
    let name = text(&memory, name, name_len, NAME_BYTES_MAX)?;
    if let Some(Err(refusal)) = name.map(|name| state.policy().check_name(name)) {
        return Ok(state.refuse(&refusal).0);
    }
    let holder = name.and_then(|name| state.shared.names.unregister(name));
    Ok(holder.map_or(Status::NO_NAME, |_| Status::OK).0)
}

pub(super) fn whereis(mut guest: Guest<'_>, name: u32, name_len: u32, pid: u32) -> wasmtime::Result<i32> {
    let (mut memory, state) = split(&mut guest)?;
    memory.check(pid, Pid::SIZE as u64)?;
    let holder =
        text(&memory, name, name_len, NAME_BYTES_MAX)?.and_then(|name| state.shared.names.whereis(name));
    let Some((id, rights)) = holder else { return Ok(Status::NO_NAME.0) };
    memory.write_all(pid, &state.shared.mint.mint(id, rights).to_bytes())?;
    Ok(Status::OK.0)
}

pub(super) fn names_of(mut guest: Guest<'_>, pid: u32, buffer: u32, capacity: u32) -> wasmtime::Result<i64> {
    let (mut memory, state) = split(&mut guest)?;
    memory.check(buffer, u64::from(capacity))?;
    let id = match resolve(&memory, state, pid, Rights(0))? {
        Ok(id) => id,
        Err(status) => return Ok(i64::from(status.0)),
    };
    let mut listed = Vec::new();
    for name in state.shared.names.names_of(id) {
        listed.extend_from_slice(name.as_bytes());
        listed.push(0);
    }
    memory.write_prefix(buffer, capacity, &listed)?;
    Ok(listed.len() as i64)
}

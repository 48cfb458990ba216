//! What is asked of a socket, or said to it, beside its bytes: addresses, options, ends, and how its owner hears of it.

use std::net::Shutdown;

use flower_abi::{NetReadiness, Status};

use super::{note, socket};
use crate::host_calls::{Guest, code, number, split, take_in};
use crate::net::{ActiveMode, Interest};

pub(in crate::host_calls) fn net_shutdown(
    mut guest: Guest<'_>,
    handle: u64,
    how: u32,
) -> wasmtime::Result<i32> {
    let (_, state) = split(&mut guest)?;
    let how = match how {
        0 => Ok(Shutdown::Read),
        1 => Ok(Shutdown::Write),
        2 => Ok(Shutdown::Both),
        _ => Err(Status::INVALID),
    };
    let done = how.and_then(|how| {
        let ended = socket(state, handle)?.shutdown(how);
        note(state, ended)
    });
    Ok(code(done))
}

pub(in crate::host_calls) fn net_address(
    mut guest: Guest<'_>,
    handle: u64,
    peer: u32,
    buffer: u32,
    capacity: u32,
) -> wasmtime::Result<i64> {
    let (mut memory, state) = split(&mut guest)?;
    memory.check(buffer, u64::from(capacity))?;
    let address = socket(state, handle).and_then(|socket| {
        let address = if peer == 0 { socket.local_address() } else { socket.peer_address() };
        note(state, address)
    });
    Ok(number(match address {
        Ok(address) => {
            let text = address.to_string();
            memory.write_prefix(buffer, capacity, text.as_bytes())?;
            Ok(text.len() as u64)
        }
        Err(status) => Err(status),
    }))
}

pub(in crate::host_calls) fn net_option(
    mut guest: Guest<'_>,
    handle: u64,
    option: u32,
    value: u64,
) -> wasmtime::Result<i32> {
    let (_, state) = split(&mut guest)?;
    let set = socket(state, handle).and_then(|socket| {
        let set = socket.set_option(option, value);
        note(state, set)
    });
    Ok(code(set))
}

pub(in crate::host_calls) fn net_active(
    mut guest: Guest<'_>,
    handle: u64,
    mode: u32,
    count: u32,
    chunk: u32,
) -> wasmtime::Result<i32> {
    let (_, state) = split(&mut guest)?;
    let mode = match mode {
        0 => Ok(ActiveMode::Off),
        1 if count > 0 => Ok(ActiveMode::Count(count)),
        2 => Ok(ActiveMode::Always),
        _ => Err(Status::INVALID),
    };
    let set = mode.and_then(|mode| {
        let set = socket(state, handle)?.set_active(mode, chunk);
        note(state, set)
    });
    if set == Ok(true) {
        let shared = state.shared.clone();
        let mut owned = take_in(state)?;
        shared.read_active(state.cell(), &mut owned, handle);
    }
    Ok(code(set.map(drop)))
}

pub(in crate::host_calls) fn net_ready(
    mut guest: Guest<'_>,
    handle: u64,
    interest: u32,
) -> wasmtime::Result<i64> {
    let (_, state) = split(&mut guest)?;
    let interest = match interest {
        n if n == NetReadiness::Read as u32 => Ok(Interest::Read),
        n if n == NetReadiness::Write as u32 => Ok(Interest::Write),
        _ => Err(Status::INVALID),
    };
    let asked = interest.and_then(|interest| Ok((socket(state, handle)?, interest)));
    Ok(number(asked.map(|(socket, interest)| {
        let fresh = state.cell().owned().references.number();
        state.shared.tell_ready(state.id, &socket, handle, interest, fresh)
    })))
}

pub(in crate::host_calls) fn net_error(
    mut guest: Guest<'_>,
    buffer: u32,
    capacity: u32,
) -> wasmtime::Result<i64> {
    let (mut memory, state) = split(&mut guest)?;
    memory.write_prefix(buffer, capacity, state.net_error.as_bytes())?;
    Ok(state.net_error.len() as i64)
}

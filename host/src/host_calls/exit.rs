//! Ends: an actor's own, and those it wants for others.

use std::sync::Arc;

use flower_abi::exit::LimitCode;
use flower_abi::{Rights, Status};

use super::{Guest, code, resolve, split, take_in};
use crate::exit::{ActorExit, ExitReason, Value};
use crate::guest_memory::{BadPointer, GuestMemory};
use crate::instance::ActorState;
use crate::signal::Signal;

/// The reason that a guest gives.
fn read_reason(
    memory: &GuestMemory<'_>,
    state: &ActorState,
    (tag, codec, detail, len): (u32, u32, u32, u32),
) -> Result<Result<ExitReason, Status>, BadPointer> {
    let bytes = memory.read(detail, len)?;
    if len > state.shared.limits.reason_bytes_max {
        return Ok(Err(Status::TOO_LARGE));
    }
    let value = Value { codec, bytes: bytes.to_vec() };
    Ok(ExitReason::from_guest(tag, value).ok_or(Status::INVALID))
}

pub(super) fn exit(
    mut guest: Guest<'_>,
    tag: u32,
    codec: u32,
    detail: u32,
    detail_len: u32,
) -> wasmtime::Result<i32> {
    let (memory, state) = split(&mut guest)?;
    match read_reason(&memory, state, (tag, codec, detail, detail_len))? {
        Ok(reason) => Err(ActorExit::error(reason)),
        Err(Status::TOO_LARGE) => {
            let max = state.shared.limits.reason_bytes_max;
            let message = format!("an exit value of {detail_len} bytes; at most {max} are kept");
            Err(ActorExit::error(ExitReason::limit(LimitCode::REASON, message)))
        }
        Err(status) => Ok(status.0),
    }
}

pub(super) fn exit_signal(
    mut guest: Guest<'_>,
    to: u32,
    tag: u32,
    codec: u32,
    detail: u32,
    detail_len: u32,
) -> wasmtime::Result<i32> {
    let (memory, state) = split(&mut guest)?;
    let to = resolve(&memory, state, to, Rights::EXIT)?;
    let reason = read_reason(&memory, state, (tag, codec, detail, detail_len))?;
    let sent = to.and_then(|to| {
        let reason = Arc::new(reason?);
        match state.shared.unless_flooded(to, Signal::Exit { from: state.id, reason, link: None }) {
            // Then it has ended already, which is what was wanted.
            Err(Status::NO_ACTOR) => Ok(()),
            sent => sent,
        }
    });
    settle_own(state)?;
    Ok(code(sent))
}

pub(super) fn kill(mut guest: Guest<'_>, pid: u32) -> wasmtime::Result<i32> {
    let (memory, state) = split(&mut guest)?;
    let to = resolve(&memory, state, pid, Rights::EXIT)?;
    // Whether it is dead does not matter: then it has ended already.
    let sent = to.map(|to| _ = state.shared.signal(to, Signal::Kill));
    settle_own(state)?;
    Ok(code(sent))
}

pub(super) fn stop(mut guest: Guest<'_>, pid: u32) -> wasmtime::Result<i32> {
    let (memory, state) = split(&mut guest)?;
    let to = resolve(&memory, state, pid, Rights::EXIT)?;
    let sent = to.and_then(|to| state.shared.unless_flooded(to, Signal::Stop { from: state.id }));
    Ok(code(sent))
}

/// A signal that an actor sends to itself takes effect before the call returns.
fn settle_own(state: &ActorState) -> wasmtime::Result<()> {
    let cell = state.cell();
    if cell.urgent.load(std::sync::atomic::Ordering::Acquire) {
        drop(take_in(state)?);
    }
    Ok(())
}

pub(super) fn trap_stop(guest: Guest<'_>, on: u32) -> wasmtime::Result<i32> {
    let mut owned = guest.data().cell().owned();
    Ok(i32::from(std::mem::replace(&mut owned.trap_stop, on != 0)))
}

pub(super) fn trap_exit(guest: Guest<'_>, on: u32) -> wasmtime::Result<i32> {
    // What came before is judged by what held before.
    let mut owned = take_in(guest.data())?;
    Ok(i32::from(std::mem::replace(&mut owned.trap_exit, on != 0)))
}

pub(super) fn panic_note(
    mut guest: Guest<'_>,
    message: u32,
    message_len: u32,
    location: u32,
    location_len: u32,
) -> wasmtime::Result<i32> {
    let (memory, state) = split(&mut guest)?;
    let max = state.shared.limits.reason_bytes_max as usize / 2;
    let cut = |bytes: &[u8]| String::from_utf8_lossy(&bytes[..bytes.len().min(max)]).into_owned();
    let message = cut(memory.read(message, message_len)?);
    let location = cut(memory.read(location, location_len)?);
    state.note_panic(message, location);
    Ok(Status::OK.0)
}

//! Sockets: making, reading, writing; what waits parks the actor until the reactor hears of the socket.

mod control;
mod datagram;
mod lookup;
mod open;
mod tls;

use std::sync::Arc;

use flower_abi::{NET_KEPT, Status};

use super::message::has_passed;
use super::park::park;
use super::{Guest, number, split};
use crate::actor::Wait;
use crate::budget::{self, HeldDescriptor};
use crate::guest_memory::GuestMemory;
use crate::handle::Resource;
use crate::instance::ActorState;
use crate::net::{Interest, NetError, NetResult, Seat, Socket};
pub(super) use control::{net_active, net_address, net_error, net_option, net_ready, net_shutdown};
pub(super) use datagram::{net_receive_from, net_send_to};
pub(super) use lookup::{net_connect_next, net_resolve, net_resolve_start, net_resolved};
pub(super) use open::{net_bind, net_connect, net_connect_start, net_connected};
pub(super) use tls::net_tls;

/// Remembers why, for `net_error`, and gives the status.
fn note<T>(state: &mut ActorState, result: NetResult<T>) -> Result<T, Status> {
    result.map_err(|error| {
        state.net_error = error.text.into();
        error.status
    })
}

/// A socket of the caller.
fn socket(state: &ActorState, handle: u64) -> Result<Arc<Socket>, Status> {
    state.cell().owned().handles.socket(handle).ok_or(Status::NO_HANDLE)
}

/// The socket of a call that moves bytes, whose buffer lies in the memory.
fn socket_with_buffer(
    guest: &mut Guest<'_>,
    handle: u64,
    buffer: u32,
    len: u32,
) -> wasmtime::Result<Result<Arc<Socket>, Status>> {
    let (memory, state) = split(guest)?;
    memory.check(buffer, u64::from(len))?;
    Ok(socket(state, handle))
}

/// Gives the caller a socket.
fn install(state: &mut ActorState, socket: NetResult<Socket>) -> Result<u64, Status> {
    let mut socket = note(state, socket)?;
    socket.held = HeldDescriptor::take(state.cell().owned().charge.ledger());
    if socket.held.is_none() {
        return note(state, Err(no_descriptor()));
    }
    let socket = Arc::new(socket);
    let mut owned = state.cell().owned();
    let handle = owned.install(Resource::Socket(Seat::new(socket.clone())));
    socket.source.belong(owned.id(), handle);
    Ok(handle)
}

/// Whether the caller may have one handle more, and the host one socket.
fn check_room(state: &ActorState) -> NetResult<()> {
    let limits = &state.shared.limits;
    if !state.cell().owned().has_room_for_handles(1, limits.handles_max) {
        return Err(NetError::new(
            Status::LIMIT,
            format!("an actor may have {} handles", limits.handles_max),
        ));
    }
    if !state.cell().owned().charge.ledger().has_room(budget::Resource::Descriptors) {
        return Err(no_descriptor());
    }
    if state.shared.reactor.len() as u64 >= limits.host_sockets_max {
        return Err(NetError::new(
            Status::LIMIT,
            format!("the host may have {} sockets", limits.host_sockets_max),
        ));
    }
    Ok(())
}

fn no_descriptor() -> NetError {
    NetError::new(Status::LIMIT, "the budget of its tree has no more descriptors")
}

/// Parks until the socket may be ready.
async fn until_ready(
    guest: &mut Guest<'_>,
    socket: &Socket,
    interest: Interest,
    deadline: u64,
) -> wasmtime::Result<NetResult<()>> {
    let _parked = socket.source.park();
    while socket.source.want(interest) {
        if has_passed(guest.data(), deadline) {
            return Ok(Err(Status::TIMED_OUT.into()));
        }
        park(guest, Wait::Socket(socket.source.clone(), interest), deadline).await;
    }
    Ok(Ok(()))
}

/// Tries again and again, and parks in between.
async fn until_done<T>(
    guest: &mut Guest<'_>,
    socket: &Arc<Socket>,
    interest: impl Fn(&Socket) -> Interest,
    deadline: u64,
    mut attempt: impl FnMut(&mut GuestMemory<'_>, &mut ActorState) -> wasmtime::Result<NetResult<T>>,
) -> wasmtime::Result<Result<T, Status>> {
    loop {
        let (mut memory, state) = split(guest)?;
        let tried = attempt(&mut memory, state)?;
        if !matches!(&tried, Err(error) if *error == NetError::WOULD_PARK) {
            return Ok(note(guest.data_mut(), tried));
        }
        if let Err(error) = until_ready(guest, socket, interest(socket), deadline).await? {
            return Ok(note(guest.data_mut(), Err(error)));
        }
    }
}

/// Accepts, if the caller may have what it accepts.
fn accept(state: &mut ActorState, listener: &Socket) -> NetResult<Socket> {
    check_room(state)?;
    listener.try_accept(&state.shared.reactor)
}

pub(super) async fn net_accept(mut guest: Guest<'_>, handle: u64, deadline: u64) -> wasmtime::Result<i64> {
    let listener = match socket(guest.data(), handle) {
        Ok(listener) => listener,
        Err(status) => return Ok(i64::from(status.0)),
    };
    let attempt = |_: &mut GuestMemory<'_>, state: &mut ActorState| Ok(accept(state, &listener));
    let accepted = until_done(&mut guest, &listener, |_| Interest::Read, deadline, attempt).await?;
    Ok(number(accepted.and_then(|accepted| install(guest.data_mut(), Ok(accepted)))))
}

pub(super) fn net_try_accept(mut guest: Guest<'_>, handle: u64) -> wasmtime::Result<i64> {
    let (_, state) = split(&mut guest)?;
    let accepted = socket(state, handle).and_then(|listener| {
        let accepted = accept(state, &listener);
        install(state, accepted)
    });
    Ok(number(accepted))
}

/// `flags` of a read: leave what is read where it is.
const PEEK: u32 = 1;

pub(super) async fn net_read(
    mut guest: Guest<'_>,
    handle: u64,
    buffer: u32,
    capacity: u32,
    flags: u32,
    deadline: u64,
) -> wasmtime::Result<i64> {
    let socket = match socket_with_buffer(&mut guest, handle, buffer, capacity)? {
        Ok(socket) => socket,
        Err(status) => return Ok(i64::from(status.0)),
    };
    let attempt = |memory: &mut GuestMemory<'_>, _: &mut ActorState| {
        Ok(socket.try_read(memory.write(buffer, capacity)?, flags & PEEK != 0))
    };
    let read = until_done(&mut guest, &socket, Socket::interest_of_read, deadline, attempt).await?;
    Ok(number(read.map(|read| read as u64)))
}

pub(super) fn net_try_read(
    mut guest: Guest<'_>,
    handle: u64,
    buffer: u32,
    capacity: u32,
    flags: u32,
) -> wasmtime::Result<i64> {
    let (mut memory, state) = split(&mut guest)?;
    let into = memory.write(buffer, capacity)?;
    let read = socket(state, handle).and_then(|socket| {
        let read = socket.try_read(into, flags & PEEK != 0);
        note(state, read)
    });
    Ok(number(read.map(|read| read as u64)))
}

pub(super) async fn net_write(
    mut guest: Guest<'_>,
    handle: u64,
    buffer: u32,
    len: u32,
    deadline: u64,
) -> wasmtime::Result<i64> {
    let socket = match socket_with_buffer(&mut guest, handle, buffer, len)? {
        Ok(socket) => socket,
        Err(status) => return Ok(i64::from(status.0)),
    };
    let attempt =
        |memory: &mut GuestMemory<'_>, _: &mut ActorState| Ok(socket.try_write(memory.read(buffer, len)?));
    let written = until_done(&mut guest, &socket, |_| Interest::Write, deadline, attempt).await?;
    if written.is_ok() && socket.keeps_bytes() {
        // Or the end of what an actor writes would be lost with it. In any case it is written, as far as TLS goes.
        let flush = |_: &mut GuestMemory<'_>, _: &mut ActorState| Ok(socket.try_flush());
        let _ = until_done(&mut guest, &socket, |_| Interest::Write, deadline, flush).await?;
    }
    Ok(number(written.map(|written| written as u64)))
}

pub(super) fn net_try_write(
    mut guest: Guest<'_>,
    handle: u64,
    buffer: u32,
    len: u32,
) -> wasmtime::Result<i64> {
    let (memory, state) = split(&mut guest)?;
    let from = memory.read(buffer, len)?;
    let written = socket(state, handle).and_then(|socket| {
        let written = socket.try_write(from);
        let kept = if socket.keeps_bytes() { NET_KEPT } else { 0 };
        note(state, written).map(|written| written as u64 + kept)
    });
    Ok(number(written))
}

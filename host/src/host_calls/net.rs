//! Sockets: making, reading, writing; what waits parks the actor until the reactor hears of the socket.

mod open;

use std::net::{Shutdown, SocketAddr};
use std::sync::Arc;

use flower_abi::{NetReadiness, Status};

use super::message::has_passed;
use super::park::park;
use super::{Guest, code, number, split, take_in};
use crate::actor::Wait;
use crate::guest_memory::GuestMemory;
use crate::handle::Resource;
use crate::instance::ActorState;
use crate::net::{ActiveMode, Address, Interest, NetError, NetResult, Seat, Socket, TlsRole};
use crate::policy::NetOp;
use crate::wasi::WasiActor;
use open::{address_text, permit};
pub(super) use open::{net_bind, net_connect, net_resolve};

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

/// Gives the caller a socket.
fn install(state: &mut ActorState, socket: NetResult<Socket>) -> Result<u64, Status> {
    let socket = Arc::new(note(state, socket)?);
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
    if state.shared.reactor.len() as u64 >= limits.host_sockets_max {
        return Err(NetError::new(
            Status::LIMIT,
            format!("the host may have {} sockets", limits.host_sockets_max),
        ));
    }
    Ok(())
}

/// Parks until the socket may be ready.
async fn until_ready(
    guest: &mut Guest<'_>,
    socket: &Socket,
    interest: Interest,
    deadline: u64,
) -> wasmtime::Result<NetResult<()>> {
    let _io = guest.data_mut().io_started();
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
    let (memory, state) = split(&mut guest)?;
    memory.check(buffer, u64::from(capacity))?;
    let socket = match socket(state, handle) {
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
    let (memory, state) = split(&mut guest)?;
    memory.check(buffer, u64::from(len))?;
    let socket = match socket(state, handle) {
        Ok(socket) => socket,
        Err(status) => return Ok(i64::from(status.0)),
    };
    let attempt =
        |memory: &mut GuestMemory<'_>, _: &mut ActorState| Ok(socket.try_write(memory.read(buffer, len)?));
    let written = until_done(&mut guest, &socket, |_| Interest::Write, deadline, attempt).await?;
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
        note(state, written)
    });
    Ok(number(written.map(|written| written as u64)))
}

pub(super) async fn net_send_to(
    mut guest: Guest<'_>,
    handle: u64,
    address: u32,
    address_len: u32,
    buffer: u32,
    len: u32,
    deadline: u64,
) -> wasmtime::Result<i64> {
    let (memory, state) = split(&mut guest)?;
    memory.check(buffer, u64::from(len))?;
    let to = address_text(&memory, address, address_len)?;
    let to = to.and_then(|text| text.parse::<SocketAddr>().map_err(|_| Status::INVALID));
    let both = socket(state, handle).and_then(|socket| Ok((socket, to?)));
    let both = both.and_then(|(socket, to)| {
        let permitted = permit(state, NetOp::Connect, None, &Address::Ip(to));
        note(state, permitted).map(|()| (socket, to))
    });
    let (socket, to) = match both {
        Ok(both) => both,
        Err(status) => return Ok(i64::from(status.0)),
    };
    let attempt = |memory: &mut GuestMemory<'_>, _: &mut ActorState| {
        Ok(socket.try_send_to(memory.read(buffer, len)?, to))
    };
    let sent = until_done(&mut guest, &socket, |_| Interest::Write, deadline, attempt).await?;
    Ok(number(sent.map(|sent| sent as u64)))
}

pub(super) async fn net_receive_from(
    mut guest: Guest<'_>,
    handle: u64,
    buffer: u32,
    capacity: u32,
    address: u32,
    deadline: u64,
) -> wasmtime::Result<i64> {
    let (memory, state) = split(&mut guest)?;
    memory.check(buffer, u64::from(capacity))?;
    memory.check(address, u64::from(NET_ADDRESS_ROOM))?;
    let socket = match socket(state, handle) {
        Ok(socket) => socket,
        Err(status) => return Ok(i64::from(status.0)),
    };
    let attempt = |memory: &mut GuestMemory<'_>, _: &mut ActorState| {
        Ok(socket.try_receive_from(memory.write(buffer, capacity)?))
    };
    let received = until_done(&mut guest, &socket, |_| Interest::Read, deadline, attempt).await?;
    let (mut memory, _) = split(&mut guest)?;
    let received = match received {
        Ok((received, from)) => {
            let text = from.map(|from| from.to_string()).unwrap_or_default();
            let place = memory.write(address, NET_ADDRESS_ROOM)?;
            place.fill(0);
            place[..text.len()].copy_from_slice(text.as_bytes());
            Ok(received as u64)
        }
        Err(status) => Err(status),
    };
    Ok(number(received))
}

/// Bytes that the text of an address takes at most, with a zero behind it.
const NET_ADDRESS_ROOM: u32 = 64;

pub(super) fn net_shutdown(mut guest: Guest<'_>, handle: u64, how: u32) -> wasmtime::Result<i32> {
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

pub(super) fn net_address(
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

pub(super) fn net_option(
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

pub(super) fn net_active(
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

pub(super) fn net_ready(mut guest: Guest<'_>, handle: u64, interest: u32) -> wasmtime::Result<i64> {
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

#[expect(clippy::too_many_arguments, reason = "one argument per column of the table")]
pub(super) async fn net_tls(
    mut guest: Guest<'_>,
    handle: u64,
    role: u32,
    name: u32,
    name_len: u32,
    pem: u32,
    pem_len: u32,
    deadline: u64,
) -> wasmtime::Result<i32> {
    let (memory, state) = split(&mut guest)?;
    let pem = memory.read(pem, pem_len)?;
    let name = memory.read(name, name_len)?;
    let role = match (role, std::str::from_utf8(name)) {
        (0, Ok(name)) => Ok(TlsRole::Client(name)),
        (1, _) => Ok(TlsRole::Server),
        _ => Err(Status::INVALID),
    };
    let started = socket(state, handle).and_then(|socket| {
        let started = socket.start_tls(&state.shared.tls, &role?, pem);
        note(state, started).map(|()| socket)
    });
    let socket = match started {
        Ok(socket) => socket,
        Err(status) => return Ok(status.0),
    };
    let attempt = |_: &mut GuestMemory<'_>, _: &mut ActorState| Ok(socket.try_handshake());
    let done = until_done(&mut guest, &socket, Socket::interest_of_read, deadline, attempt).await?;
    Ok(code(done))
}

pub(super) fn net_error(mut guest: Guest<'_>, buffer: u32, capacity: u32) -> wasmtime::Result<i64> {
    let (mut memory, state) = split(&mut guest)?;
    memory.write_prefix(buffer, capacity, state.net_error.as_bytes())?;
    Ok(state.net_error.len() as i64)
}

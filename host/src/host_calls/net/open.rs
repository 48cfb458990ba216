//! Making sockets: where the policy is asked.

use std::path::PathBuf;

use flower_abi::Status;

use super::lookup::wait_for_lookup;
use super::{check_room, install, note, socket, until_ready};
use crate::guest_memory::GuestMemory;
use crate::host_calls::{Guest, code, number, split, text};
use crate::instance::ActorState;
use crate::limits::NET_ADDRESS_BYTES_MAX;
use crate::net::{Address, Interest, Kind, NetError, NetResult, Socket, not_found};
use crate::policy::NetOp;

/// An address as the guest writes it: `ADDR:PORT`, `NAME:PORT`, or a path.
pub(super) fn address_text(
    memory: &GuestMemory<'_>,
    pointer: u32,
    len: u32,
) -> wasmtime::Result<Result<String, Status>> {
    let text = text(memory, pointer, len, NET_ADDRESS_BYTES_MAX)?;
    Ok(text.map(str::to_owned).ok_or(Status::INVALID))
}

/// The address in a text that needs no looking up.
fn literal(kind: Kind, text: &str) -> Result<Address, Status> {
    match kind {
        Kind::Unix | Kind::UnixListener => Ok(Address::Unix(PathBuf::from(text))),
        _ => text.parse().map(Address::Ip).map_err(|_| Status::INVALID),
    }
}

/// What is asked for: a kind that fits, and an address or a name.
fn wanted(
    guest: &mut Guest<'_>,
    kind: u32,
    fits: fn(Kind) -> bool,
    (address, address_len): (u32, u32),
) -> wasmtime::Result<Result<(Kind, String), Status>> {
    let (memory, _) = split(guest)?;
    let text = address_text(&memory, address, address_len)?;
    let kind = Kind::from_u32(kind).filter(|kind| fits(*kind)).ok_or(Status::INVALID);
    Ok(text.and_then(|text| Ok((kind?, text))))
}

fn binds(kind: Kind) -> bool {
    matches!(kind, Kind::TcpListener | Kind::Udp | Kind::UnixListener)
}

fn connects(kind: Kind) -> bool {
    matches!(kind, Kind::Tcp | Kind::Udp | Kind::Unix)
}

pub(in crate::host_calls) fn net_bind(
    mut guest: Guest<'_>,
    kind: u32,
    address: u32,
    address_len: u32,
) -> wasmtime::Result<i64> {
    let wanted = wanted(&mut guest, kind, binds, (address, address_len))?;
    let both = wanted.and_then(|(kind, text)| Ok((kind, literal(kind, &text)?)));
    let state = guest.data_mut();
    Ok(number(both.and_then(|(kind, address)| {
        let reactor = state.shared.reactor.clone();
        let bound = check_room(state)
            .and_then(|()| permit(state, NetOp::Bind, None, &address))
            .and_then(|()| Socket::bind(&reactor, kind, &address));
        install(state, bound)
    })))
}

pub(in crate::host_calls) async fn net_connect(
    mut guest: Guest<'_>,
    kind: u32,
    address: u32,
    address_len: u32,
    deadline: u64,
) -> wasmtime::Result<i64> {
    let (kind, text) = match wanted(&mut guest, kind, connects, (address, address_len))? {
        Ok(asked) => asked,
        Err(status) => return Ok(i64::from(status.0)),
    };
    let mut connected = Err(not_found(&text));
    match addresses(&mut guest, kind, &text, deadline).await? {
        Err(error) => connected = Err(error),
        Ok((name, all)) => {
            for address in all {
                connected = connect_one(&mut guest, kind, name, &address, deadline).await?;
                if connected.is_ok() {
                    break;
                }
            }
        }
    }
    Ok(number(install(guest.data_mut(), connected)))
}

/// Where to connect to, and the name if it had to be looked up.
async fn addresses<'a>(
    guest: &mut Guest<'_>,
    kind: Kind,
    text: &'a str,
    deadline: u64,
) -> wasmtime::Result<NetResult<(Option<&'a str>, Vec<Address>)>> {
    if let Err(error) = check_room(guest.data_mut()) {
        return Ok(Err(error));
    }
    if let Ok(address) = literal(kind, text) {
        return Ok(Ok((None, vec![address])));
    }
    let found = wait_for_lookup(guest, text.to_owned(), deadline).await?;
    Ok(found.map(|all| (Some(text), all.into_iter().map(Address::Ip).collect())))
}

pub(in crate::host_calls) fn net_connect_start(
    mut guest: Guest<'_>,
    kind: u32,
    address: u32,
    address_len: u32,
) -> wasmtime::Result<i64> {
    let wanted = wanted(&mut guest, kind, connects, (address, address_len))?;
    let both = wanted.and_then(|(kind, text)| Ok((kind, literal(kind, &text)?)));
    Ok(number(both.and_then(|(kind, address)| start(guest.data_mut(), kind, None, &address))))
}

/// Begins to connect, if there is room for the connection and it is allowed.
pub(super) fn start(
    state: &mut ActorState,
    kind: Kind,
    name: Option<&str>,
    address: &Address,
) -> Result<u64, Status> {
    let begun = check_room(state).and_then(|()| begin(state, kind, name, address));
    install(state, begun)
}

fn begin(state: &mut ActorState, kind: Kind, name: Option<&str>, address: &Address) -> NetResult<Socket> {
    let begun = permit(state, NetOp::Connect, name, address);
    let begun = begun.and_then(|()| Socket::connect(&state.shared.reactor, kind, address));
    begun.map_err(|error| at(error, address))
}

pub(in crate::host_calls) fn net_connected(mut guest: Guest<'_>, handle: u64) -> wasmtime::Result<i32> {
    let (_, state) = split(&mut guest)?;
    Ok(code(socket(state, handle).and_then(|socket| {
        let connected = match socket.source.is_ready(Interest::Write) {
            true => socket.connected(),
            false => Err(NetError::WOULD_PARK),
        };
        note(state, connected)
    })))
}

/// Connects to one address, if that is allowed.
async fn connect_one(
    guest: &mut Guest<'_>,
    kind: Kind,
    name: Option<&str>,
    address: &Address,
    deadline: u64,
) -> wasmtime::Result<NetResult<Socket>> {
    let state = guest.data_mut();
    let socket = match begin(state, kind, name, address) {
        Ok(socket) => socket,
        Err(error) => return Ok(Err(error)),
    };
    socket.source.belong(state.id, 0);
    let connected = match until_ready(guest, &socket, Interest::Write, deadline).await? {
        Ok(()) => socket.connected(),
        Err(error) => Err(error),
    };
    Ok(connected.map(|()| socket).map_err(|error| at(error, address)))
}

/// Says where it went wrong.
fn at(error: NetError, address: &Address) -> NetError {
    if error.status == Status::NOT_PERMITTED {
        return error;
    }
    let text = if error.text.is_empty() { address.to_string() } else { format!("{address}: {}", error.text) };
    NetError { text, ..error }
}

/// Asks the policy.
pub(super) fn permit(
    state: &mut ActorState,
    op: NetOp,
    name: Option<&str>,
    address: &Address,
) -> NetResult<()> {
    check_mode(state)?;
    let allowed = match (address, name) {
        (Address::Unix(path), _) => state.check_unix(op, path),
        (Address::Ip(address), Some(name)) => state.check_resolved(op, host_of(name), *address),
        (Address::Ip(address), None) => state.check_net(op, *address),
    };
    allowed.map_err(|_| denied(state))
}

/// In deterministic mode nothing comes from outside.
pub(super) fn check_mode(state: &ActorState) -> NetResult<()> {
    match state.shared.deterministic {
        true => Err(NetError::new(Status::NOT_PERMITTED, "in deterministic mode there is no network")),
        false => Ok(()),
    }
}

/// The name in `NAME:PORT`.
fn host_of(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(host, _)| host)
}

/// What was just refused, as an error of a socket.
pub(super) fn denied(state: &ActorState) -> NetError {
    NetError::new(Status::NOT_PERMITTED, state.last_refusal().unwrap_or_default())
}

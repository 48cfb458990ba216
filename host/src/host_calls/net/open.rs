//! Making sockets: where the policy is asked, and names are looked up.

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;

use flower_abi::Status;

use super::{check_room, install, note, socket, until_ready};
use crate::guest_memory::GuestMemory;
use crate::host_calls::{Guest, code, number, split, text};
use crate::instance::ActorState;
use crate::limits::NET_ADDRESS_BYTES_MAX;
use crate::net::{Address, Interest, Kind, NetError, NetResult, Socket};
use crate::policy::NetOp;
use crate::wasi::WasiActor;

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

pub(in crate::host_calls) fn net_bind(
    mut guest: Guest<'_>,
    kind: u32,
    address: u32,
    address_len: u32,
) -> wasmtime::Result<i64> {
    let (memory, state) = split(&mut guest)?;
    let text = address_text(&memory, address, address_len)?;
    let kind =
        Kind::from_u32(kind).filter(|kind| !matches!(kind, Kind::Tcp | Kind::Unix)).ok_or(Status::INVALID);
    let both = text.and_then(|text| kind.and_then(|kind| Ok((kind, literal(kind, &text)?))));
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
    let (memory, state) = split(&mut guest)?;
    let text = address_text(&memory, address, address_len)?;
    let (kind, text) = match wanted(kind, text) {
        Ok(asked) => asked,
        Err(status) => return Ok(i64::from(status.0)),
    };
    if let Err(error) = check_room(state) {
        return Ok(number(note(state, Err(error))));
    }
    let addresses = match literal(kind, &text) {
        Ok(address) => Ok(vec![address]),
        Err(_) => look_up(&mut guest, text.clone(), deadline)
            .await?
            .map(|all| all.into_iter().map(Address::Ip).collect()),
    };
    let mut connected =
        addresses.and_then(|all| if all.is_empty() { Err(not_found(&text)) } else { Ok(all) });
    if let Ok(all) = &mut connected {
        // Only what was looked up has a name besides.
        let name = literal(kind, &text).is_err().then(|| text.clone());
        let mut last = Err(not_found(&text));
        for address in std::mem::take(all) {
            last = connect_one(&mut guest, kind, name.as_deref(), &address, deadline).await?;
            if last.is_ok() {
                break;
            }
        }
        let state = guest.data_mut();
        return Ok(number(match last {
            Ok(socket) => install(state, Ok(socket)),
            Err(error) => note(state, Err(error)),
        }));
    }
    Ok(number(note(guest.data_mut(), connected.map(|_| 0))))
}

/// What is asked for: a kind that connects, and where to.
fn wanted(kind: u32, text: Result<String, Status>) -> Result<(Kind, String), Status> {
    let kind = Kind::from_u32(kind).filter(|kind| matches!(kind, Kind::Tcp | Kind::Unix | Kind::Udp));
    Ok((kind.ok_or(Status::INVALID)?, text?))
}

pub(in crate::host_calls) fn net_connect_start(
    mut guest: Guest<'_>,
    kind: u32,
    address: u32,
    address_len: u32,
) -> wasmtime::Result<i64> {
    let (memory, state) = split(&mut guest)?;
    let text = address_text(&memory, address, address_len)?;
    Ok(number(wanted(kind, text).and_then(|(kind, text)| {
        let begun = check_room(state).and_then(|()| begin(state, kind, &text));
        install(state, begun)
    })))
}

/// Begins to connect to an address, or to the next one of the name that was looked up last.
fn begin(state: &mut ActorState, kind: Kind, text: &str) -> NetResult<Socket> {
    let (name, address) = match literal(kind, text) {
        Ok(address) => (None, address),
        Err(_) => (Some(text), next_address(state, text)?),
    };
    let begun = permit(state, NetOp::Connect, name, &address);
    let begun = begun.and_then(|()| Socket::connect(&state.shared.reactor, kind, &address));
    begun.map_err(|error| at(error, &address))
}

/// An address of this name that was found and not tried.
fn next_address(state: &mut ActorState, name: &str) -> NetResult<Address> {
    let found = state.looked_up.as_deref_mut().filter(|(known, _)| known == name);
    match found.and_then(|(_, addresses)| addresses.pop_front()) {
        Some(address) => Ok(Address::Ip(address)),
        None => {
            Err(NetError::new(Status::NAME_NOT_FOUND, format!("{name:?} has no further address: resolve it")))
        }
    }
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

fn not_found(name: &str) -> NetError {
    NetError::new(Status::NAME_NOT_FOUND, format!("{name:?} has no address"))
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
    let begun = permit(state, NetOp::Connect, name, address);
    let begun = begun.and_then(|()| Socket::connect(&state.shared.reactor, kind, address));
    let socket = match begun {
        Ok(socket) => socket,
        Err(error) => return Ok(Err(at(error, address))),
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
    if state.shared.deterministic {
        let why = "in deterministic mode there is no network";
        return Err(NetError::new(Status::NOT_PERMITTED, why));
    }
    let allowed = match (address, name) {
        (Address::Unix(path), _) => state.check_unix(op, path),
        (Address::Ip(address), Some(name)) => state.check_resolved(op, host_of(name), *address),
        (Address::Ip(address), None) => state.check_net(op, *address),
    };
    allowed.map_err(|_| denied(state))
}

/// The name in `NAME:PORT`.
fn host_of(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(host, _)| host)
}

/// What was just refused, as an error of a socket.
fn denied(state: &ActorState) -> NetError {
    NetError::new(Status::NOT_PERMITTED, state.last_refusal().unwrap_or_default())
}

/// The addresses of `NAME:PORT`, looked up on a blocking thread.
async fn look_up(
    guest: &mut Guest<'_>,
    name: String,
    deadline: u64,
) -> wasmtime::Result<NetResult<Vec<SocketAddr>>> {
    let state = guest.data_mut();
    if state.shared.deterministic {
        return Ok(Err(NetError::new(Status::NOT_PERMITTED, "in deterministic mode there is no network")));
    }
    if state.check_lookup(&name).is_err() {
        return Ok(Err(denied(state)));
    }
    let (_io, runtime, asked) = (state.io_started(), state.io_handle(), name.clone());
    let task = runtime.spawn_blocking(move || asked.to_socket_addrs().map(Iterator::collect));
    let limit = match deadline {
        flower_abi::NEVER => std::time::Duration::MAX,
        deadline => std::time::Duration::from_nanos(deadline.saturating_sub(state.shared.now())),
    };
    let found = match limit {
        std::time::Duration::MAX => task.await,
        limit => {
            let entered = runtime.enter();
            let timed = tokio::time::timeout(limit, task);
            drop(entered);
            match timed.await {
                Ok(found) => found,
                Err(_) => return Ok(Err(Status::TIMED_OUT.into())),
            }
        }
    };
    Ok(match found {
        Ok(Ok(all)) => Ok(all),
        Ok(Err(error)) => Err(NetError::new(Status::NAME_NOT_FOUND, format!("{name:?}: {error}"))),
        Err(_) => Err(Status::SHUTTING_DOWN.into()),
    })
}

pub(in crate::host_calls) async fn net_resolve(
    mut guest: Guest<'_>,
    name: u32,
    name_len: u32,
    buffer: u32,
    capacity: u32,
    deadline: u64,
) -> wasmtime::Result<i64> {
    let (memory, _) = split(&mut guest)?;
    memory.check(buffer, u64::from(capacity))?;
    let name = match address_text(&memory, name, name_len)? {
        Ok(name) => name,
        Err(status) => return Ok(i64::from(status.0)),
    };
    let found = look_up(&mut guest, name.clone(), deadline).await?;
    let (mut memory, state) = split(&mut guest)?;
    Ok(number(match note(state, found) {
        Ok(all) => {
            state.looked_up = Some(Box::new((name, all.iter().copied().collect())));
            let text = all.iter().map(SocketAddr::to_string).collect::<Vec<_>>().join("\n");
            memory.write_prefix(buffer, capacity, text.as_bytes())?;
            Ok(text.len() as u64)
        }
        Err(status) => Err(status),
    }))
}

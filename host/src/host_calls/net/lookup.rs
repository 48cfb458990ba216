//! Names: looked up while the actor is parked, or while it goes on.

use std::net::SocketAddr;
use std::sync::Arc;

use flower_abi::Status;
use tokio::sync::Semaphore;

use super::note;
use super::open::{address_text, check_mode, denied, start};
use crate::guest_memory::GuestMemory;
use crate::host_calls::request::room_for_reference;
use crate::host_calls::{Guest, number, split, take_in};
use crate::instance::ActorState;
use crate::limits::{LOOKUPS_OF_ACTOR_MAX, LOOKUPS_QUEUED_MAX};
use crate::net::{Address, Kind, Lookup, NetError, NetResult, look_up};
use crate::reference::Reference;
use crate::shared::Outstanding;
use crate::signal::Signal;
use crate::wasi::WasiActor;

/// What looks a name up, if the actor may have that.
fn permitted(
    state: &mut ActorState,
    name: &str,
) -> NetResult<impl Future<Output = NetResult<Vec<SocketAddr>>> + Send + use<>> {
    check_mode(state)?;
    if state.check_lookup(name).is_err() {
        return Err(denied(state));
    }
    let own = state.lookups.get_or_insert_with(|| Arc::new(Semaphore::new(LOOKUPS_OF_ACTOR_MAX)));
    // Each that is under way has a share in it.
    if Arc::strong_count(own) > LOOKUPS_QUEUED_MAX {
        let why = format!("an actor may have {LOOKUPS_QUEUED_MAX} names looked up at a time");
        return Err(NetError::new(Status::LIMIT, why));
    }
    Ok(look_up(state.shared.tokio.clone(), state.shared.lookups.clone(), own.clone(), name.to_owned()))
}

/// Looks a name up, and parks until that is done.
pub(super) async fn wait_for_lookup(
    guest: &mut Guest<'_>,
    name: String,
    deadline: u64,
) -> wasmtime::Result<NetResult<Vec<SocketAddr>>> {
    let state = guest.data_mut();
    let found = match permitted(state, &name) {
        Ok(found) => found,
        Err(error) => return Ok(Err(error)),
    };
    let _io = state.io_started();
    if deadline == flower_abi::NEVER {
        return Ok(found.await);
    }
    let left = std::time::Duration::from_nanos(deadline.saturating_sub(state.shared.now()));
    let timed = {
        let _entered = state.shared.tokio.enter();
        tokio::time::timeout(left, found)
    };
    Ok(timed.await.unwrap_or_else(|_| Err(Status::TIMED_OUT.into())))
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
    let found = wait_for_lookup(&mut guest, name, deadline).await?;
    let (mut memory, state) = split(&mut guest)?;
    let found = note(state, found);
    write(&mut memory, buffer, capacity, found)
}

/// Writes addresses, one on a line, as far as they fit.
fn write(
    memory: &mut GuestMemory<'_>,
    buffer: u32,
    capacity: u32,
    found: Result<Vec<SocketAddr>, Status>,
) -> wasmtime::Result<i64> {
    let text = found.map(|all| all.iter().map(SocketAddr::to_string).collect::<Vec<_>>().join("\n"));
    if let Ok(text) = &text {
        memory.write_prefix(buffer, capacity, text.as_bytes())?;
    }
    Ok(number(text.map(|text| text.len() as u64)))
}

pub(in crate::host_calls) fn net_resolve_start(
    mut guest: Guest<'_>,
    name: u32,
    name_len: u32,
) -> wasmtime::Result<i64> {
    let (memory, state) = split(&mut guest)?;
    let name = address_text(&memory, name, name_len)?;
    Ok(number(name.and_then(|name| begin(state, name))))
}

/// Has a name looked up; what was found comes as a signal.
fn begin(state: &mut ActorState, name: String) -> Result<u64, Status> {
    room_for_reference(state)?;
    let found = permitted(state, &name);
    let found = note(state, found)?;
    let (shared, id) = (state.shared.clone(), state.id);
    let reference = state.cell().owned().references.number();
    let pending = Outstanding::new(&shared);
    let task = shared.tokio.clone().spawn(async move {
        let found = Box::new(found.await);
        shared.signal(id, Signal::Resolved { reference, found });
        drop(pending);
    });
    let lookup = Lookup::new(name, task.abort_handle());
    state.cell().owned().references.put(reference, Reference::Lookup(Box::new(lookup)));
    Ok(reference)
}

pub(in crate::host_calls) fn net_resolved(
    mut guest: Guest<'_>,
    lookup: u64,
    buffer: u32,
    capacity: u32,
) -> wasmtime::Result<i64> {
    let (mut memory, state) = split(&mut guest)?;
    memory.check(buffer, u64::from(capacity))?;
    let found = with_lookup(state, lookup, |lookup| lookup.found().map(<[SocketAddr]>::to_vec))?;
    let found = note(state, found);
    write(&mut memory, buffer, capacity, found)
}

pub(in crate::host_calls) fn net_connect_next(mut guest: Guest<'_>, lookup: u64) -> wasmtime::Result<i64> {
    let state = guest.data_mut();
    let next = with_lookup(state, lookup, |lookup| Ok((lookup.name.clone(), lookup.next()?)))?;
    let next = note(state, next);
    Ok(number(next.and_then(|(name, address)| start(state, Kind::Tcp, Some(&name), &Address::Ip(address)))))
}

/// Looks at a lookup, after every signal that has come.
fn with_lookup<T>(
    state: &ActorState,
    reference: u64,
    look: impl FnOnce(&mut Lookup) -> NetResult<T>,
) -> wasmtime::Result<NetResult<T>> {
    let mut owned = take_in(state)?;
    Ok(match owned.references.get_mut(reference) {
        Some(Reference::Lookup(lookup)) => look(lookup),
        _ => Err(NetError::from(Status::NO_REFERENCE)),
    })
}

//! Receiving: taking messages out of the mailbox, by header or by looking at one after the other.

use flower_abi::{Filter, Kind, Status};

use super::info::Destination;
use super::message::has_passed;
use super::park::park;
use super::{Guest, split};
use crate::actor::Wait;
use crate::exit::ActorExit;
use crate::guest_memory::{BadPointer, GuestMemory};
use crate::inbound;
use crate::instance::ActorState;
use crate::limits::FILTERS_MAX;
use crate::mailbox::Filters;
use crate::signal::Envelope;

pub(super) async fn receive(
    mut guest: Guest<'_>,
    filters: u32,
    filter_count: u32,
    buffer: u32,
    capacity: u32,
    info: u32,
    deadline: u64,
) -> wasmtime::Result<i32> {
    let destination = Destination { buffer, capacity, info };
    let (memory, _) = split(&mut guest)?;
    destination.check(&memory)?;
    let Some(filters) = read_filters(&memory, filters, filter_count)? else {
        return Ok(Status::INVALID.0);
    };
    let mut seen = 0;
    loop {
        if let Some(status) = try_receive(&mut guest, &filters, seen, destination)? {
            return Ok(status.0);
        }
        if has_passed(guest.data(), deadline) {
            return Ok(Status::TIMED_OUT.0);
        }
        seen = guest.data().cell().owned().mailbox.len();
        park(&mut guest, Wait::Match { filters: filters.clone(), from: seen }, deadline).await;
    }
}

/// Takes a matching message, looking from `seen` on, and writes it.
fn try_receive(
    guest: &mut Guest<'_>,
    filters: &Filters,
    seen: usize,
    destination: Destination,
) -> wasmtime::Result<Option<Status>> {
    let (mut memory, state) = split(guest)?;
    let cell = state.cell();
    let mut owned = cell.owned();
    // A stop ends whoever meets it, whether or not it looks for stops.
    let stops = !owned.trap_stop;
    let mut taken = owned.mailbox.take(filters, seen, stops);
    if taken.is_none() {
        state.shared.drain(cell, &mut owned);
        check_dying(&owned)?;
        taken = owned.mailbox.take(filters, seen, stops);
    }
    drop(owned);
    let Some(message) = taken else { return Ok(None) };
    if stops && message.kind == Kind::Stop {
        return Err(ActorExit(inbound::stopped()).into());
    }
    accept(state, &mut memory, message, destination)?;
    Ok(Some(Status::OK))
}

/// Hands a message over to the guest: accounts, the reply that it may want, and its bytes.
pub(super) fn accept(
    state: &ActorState,
    memory: &mut GuestMemory<'_>,
    message: Envelope,
    destination: Destination,
) -> Result<(), BadPointer> {
    let cell = state.cell();
    state.shared.note_received(cell, &message);
    let whole = destination.write(memory, &state.shared, &message)?;
    let mut owned = cell.owned();
    owned.mailbox.shrink();
    if message.request && message.kind == Kind::Message {
        owned.watchers.insert((message.sender, message.reference), ());
    }
    owned.current = (!whole).then_some(message);
    Ok(())
}

/// Ends the actor if a signal that was just taken in says so.
pub(super) fn check_dying(owned: &crate::actor::Owned) -> wasmtime::Result<()> {
    match &owned.dying {
        Some(reason) => Err(ActorExit(reason.clone()).into()),
        None => Ok(()),
    }
}

fn read_filters(memory: &GuestMemory<'_>, pointer: u32, count: u32) -> Result<Option<Filters>, BadPointer> {
    let mut filters = Filters::default();
    if count == 0 {
        return Ok(Some(filters));
    }
    if count > FILTERS_MAX {
        return Ok(None);
    }
    let bytes = memory.read(pointer, count * Filter::SIZE as u32)?;
    for filter in bytes.chunks_exact(Filter::SIZE) {
        filters.push_bytes(filter.try_into().expect("a chunk of this size"));
    }
    Ok(Some(filters))
}

pub(super) async fn scan(
    mut guest: Guest<'_>,
    buffer: u32,
    capacity: u32,
    info: u32,
    deadline: u64,
) -> wasmtime::Result<i32> {
    let destination = Destination { buffer, capacity, info };
    let (memory, _) = split(&mut guest)?;
    destination.check(&memory)?;
    loop {
        if try_scan(&mut guest, destination)? {
            return Ok(Status::OK.0);
        }
        if has_passed(guest.data(), deadline) {
            return Ok(Status::TIMED_OUT.0);
        }
        park(&mut guest, Wait::Scan, deadline).await;
    }
}

/// Shows the guest the next message; false if there is none.
fn try_scan(guest: &mut Guest<'_>, destination: Destination) -> wasmtime::Result<bool> {
    let (mut memory, state) = split(guest)?;
    let cell = state.cell();
    let mut owned = cell.owned();
    if !owned.mailbox.can_scan() {
        state.shared.drain(cell, &mut owned);
        check_dying(&owned)?;
    }
    let traps_stop = owned.trap_stop;
    let Some(message) = owned.mailbox.scan() else { return Ok(false) };
    if message.kind == Kind::Stop && !traps_stop {
        return Err(ActorExit(inbound::stopped()).into());
    }
    let whole = destination.write(&mut memory, &state.shared, message)?;
    let current = (!whole).then(|| message.clone());
    owned.current = current;
    Ok(true)
}

pub(super) fn scan_end(mut guest: Guest<'_>, take: u32) -> wasmtime::Result<i32> {
    let (_, state) = split(&mut guest)?;
    let cell = state.cell();
    let mut owned = cell.owned();
    let taken = owned.mailbox.end_scan(take != 0);
    let Some(message) = taken else {
        return Ok(if take != 0 { Status::NONE.0 } else { Status::OK.0 });
    };
    if message.request && message.kind == Kind::Message {
        owned.watchers.insert((message.sender, message.reference), ());
    }
    drop(owned);
    state.shared.note_received(cell, &message);
    Ok(Status::OK.0)
}

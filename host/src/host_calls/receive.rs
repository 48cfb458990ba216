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
    let (mut memory, state) = split(&mut guest)?;
    destination.check(&memory)?;
    let Some(mut filters) = read_filters(&memory, filters, filter_count)? else {
        return Ok(Status::INVALID.0);
    };
    let mut tried = try_receive(&mut memory, state, &filters, 0, destination)?;
    loop {
        let Tried::Seen(from) = tried else { return Ok(Status::OK.0) };
        if has_passed(guest.data(), deadline) {
            return Ok(Status::TIMED_OUT.0);
        }
        park(&mut guest, Wait::Match { filters, from }, deadline).await;
        let (mut memory, state) = split(&mut guest)?;
        let from;
        (filters, from) = found(state);
        tried = try_receive(&mut memory, state, &filters, from, destination)?;
    }
}

pub(super) fn poll(
    mut guest: Guest<'_>,
    filters: u32,
    filter_count: u32,
    buffer: u32,
    capacity: u32,
    info: u32,
) -> wasmtime::Result<i32> {
    let destination = Destination { buffer, capacity, info };
    let (mut memory, state) = split(&mut guest)?;
    destination.check(&memory)?;
    let Some(filters) = read_filters(&memory, filters, filter_count)? else {
        return Ok(Status::INVALID.0);
    };
    Ok(match try_receive(&mut memory, state, &filters, 0, destination)? {
        Tried::Received => Status::OK.0,
        Tried::Seen(_) => Status::NONE.0,
    })
}

/// What became of an attempt to receive.
enum Tried {
    Received,
    /// None of the messages up to this place matches.
    Seen(usize),
}

/// What the actor waited for, and where the first match stands, if that is why it goes on.
fn found(state: &ActorState) -> (Filters, usize) {
    match std::mem::take(&mut state.cell().owned().wait) {
        Wait::Match { filters, from } => (filters, from),
        other => unreachable!("a receive waits for a match, not {other:?}"),
    }
}

/// Takes a matching message, looking from `from` on, and writes it.
fn try_receive(
    memory: &mut GuestMemory<'_>,
    state: &mut ActorState,
    filters: &Filters,
    from: usize,
    destination: Destination,
) -> wasmtime::Result<Tried> {
    let cell = state.cell();
    let mut owned = cell.owned();
    // A stop ends whoever meets it, whether or not it looks for stops.
    let stops = !owned.trap_stop;
    let mut taken = owned.mailbox.take(filters, from, stops);
    if taken.is_none() && state.shared.drain(cell, &mut owned) {
        check_dying(&owned)?;
        taken = owned.mailbox.take(filters, from, stops);
    }
    owned.mailbox.shrink();
    let len = owned.mailbox.len();
    let Some(mut message) = taken else { return Ok(Tried::Seen(len)) };
    drop(owned);
    message.more = len > 0;
    if stops && message.kind == Kind::Stop {
        return Err(ActorExit::error(inbound::stopped()));
    }
    accept(state, memory, message, destination)?;
    Ok(Tried::Received)
}

/// Hands a message over to the guest: accounts, the reply that it may want, and its bytes.
pub(super) fn accept(
    state: &mut ActorState,
    memory: &mut GuestMemory<'_>,
    message: Box<Envelope>,
    destination: Destination,
) -> Result<(), BadPointer> {
    state.shared.note_received(state.cell(), &message);
    if message.wants_reply() {
        state.cell().owned().watchers.insert((message.sender, message.reference), ());
    }
    show(state, memory, message, destination)
}

/// Writes a message, which stays the current one if something of it is left to be fetched.
pub(super) fn show(
    state: &mut ActorState,
    memory: &mut GuestMemory<'_>,
    message: Box<Envelope>,
    destination: Destination,
) -> Result<(), BadPointer> {
    let whole = destination.write(memory, state, &message)?;
    state.current = (!whole || message.handle_count() > 0).then_some(message);
    Ok(())
}

/// Ends the actor if a signal that was just taken in says so.
pub(super) fn check_dying(owned: &crate::actor::Owned) -> wasmtime::Result<()> {
    match &owned.dying {
        Some(reason) => Err(ActorExit::error(reason.clone())),
        None => Ok(()),
    }
}

/// The filters in a guest's memory; `None` if they are too many.
pub(super) fn read_filters(
    memory: &GuestMemory<'_>,
    pointer: u32,
    count: u32,
) -> Result<Option<Filters>, BadPointer> {
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
    let shared = state.shared.clone();
    let cell = shared.table.cell(state.id.slot);
    let mut owned = cell.owned();
    if !owned.mailbox.can_scan() {
        shared.drain(cell, &mut owned);
        check_dying(&owned)?;
    }
    let traps_stop = owned.trap_stop;
    let Some(message) = owned.mailbox.scan() else { return Ok(false) };
    if message.kind == Kind::Stop && !traps_stop {
        return Err(ActorExit::error(inbound::stopped()));
    }
    let whole = destination.write(&mut memory, state, message)?;
    state.current = (!whole).then(|| Box::new(message.clone()));
    // What travels with it stays with it until it is taken.
    state.current.as_mut().map(|shown| shown.take_handles());
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
    if message.wants_reply() {
        owned.watchers.insert((message.sender, message.reference), ());
    }
    drop(owned);
    state.shared.note_received(cell, &message);
    if message.handle_count() > 0 {
        state.current = Some(message);
    }
    Ok(Status::OK.0)
}

//! Channels, from the side of guests.

use std::sync::Arc;

use flower_abi::{ChannelInfo, Overflow, Status, ValueHeader};

use super::begun::{Begun, Done};
use super::info::Destination;
use super::message::{Outgoing, next_id, refuse};
use super::select::Single;
use super::{Guest, number, split};
use crate::channel::{Attempt, Channel, Side};
use crate::guest_memory::{BadPointer, GuestMemory};
use crate::handle::Resource;
use crate::instance::ActorState;
use crate::limits::VALUES_AT_ONCE_MAX;
use crate::observe::Count;
use crate::signal::{Envelope, Outcome};

/// The channel of a handle, if it is an endpoint of that side.
pub(super) fn endpoint(state: &ActorState, handle: u64, side: Side) -> Result<Arc<Channel>, Status> {
    let owned = state.cell().owned();
    let channel = match (owned.handles.get(handle), side) {
        (Some(Resource::Sender(sender)), Side::Sending) => sender.channel(),
        (Some(Resource::Receiver(receiver)), Side::Receiving) => receiver.channel(),
        _ => return Err(Status::NO_HANDLE),
    };
    Ok(channel.clone())
}

/// The channel of a handle, and whether that is its receiving endpoint.
pub(super) fn channel_of(state: &ActorState, handle: u64) -> Result<(Arc<Channel>, bool), Status> {
    let owned = state.cell().owned();
    match owned.handles.get(handle) {
        Some(Resource::Sender(sender)) => Ok((sender.channel().clone(), false)),
        Some(Resource::Receiver(receiver)) => Ok((receiver.channel().clone(), true)),
        _ => Err(Status::NO_HANDLE),
    }
}

pub(super) fn channel_new(
    mut guest: Guest<'_>,
    capacity: u32,
    overflow: u32,
    handles: u32,
) -> wasmtime::Result<i32> {
    let (mut memory, state) = split(&mut guest)?;
    memory.check(handles, 16)?;
    let mut owned = state.cell().owned();
    let has_room = owned.has_room_for_handles(2, state.shared.limits.handles_max);
    let overflow = Overflow::from_u32(overflow).ok_or(Status::INVALID);
    let made = overflow.and_then(|overflow| {
        let ledger = owned.charge.ledger();
        if has_room { state.shared.open_channel(capacity, overflow, ledger) } else { Err(Status::LIMIT) }
    });
    let (sender, receiver) = match made {
        Ok(made) => made,
        Err(status) => return Ok(status.0),
    };
    memory.write_u64(handles, owned.install(Resource::Sender(sender)))?;
    memory.write_u64(handles + 8, owned.install(Resource::Receiver(receiver)))?;
    Ok(Status::OK.0)
}

pub(super) fn channel_close(mut guest: Guest<'_>, handle: u64) -> wasmtime::Result<i32> {
    let (_, state) = split(&mut guest)?;
    Ok(match channel_of(state, handle) {
        Ok((channel, _)) => i32::from(channel.close()),
        Err(status) => status.0,
    })
}

pub(super) fn channel_info(mut guest: Guest<'_>, handle: u64, info: u32) -> wasmtime::Result<i32> {
    let (mut memory, state) = split(&mut guest)?;
    memory.check(info, ChannelInfo::SIZE as u64)?;
    let (channel, is_receiver) = match channel_of(state, handle) {
        Ok(found) => found,
        Err(status) => return Ok(status.0),
    };
    let told = ChannelInfo { is_receiver: u32::from(is_receiver), ..channel.info() };
    memory.write_all(info, &told.to_bytes())?;
    Ok(Status::OK.0)
}

/// The status of a send or receive with one arm.
fn status_of(outcome: Outcome) -> i32 {
    if outcome == Outcome::Closed { Status::CLOSED.0 } else { Status::OK.0 }
}

/// What a guest wants to send over a channel.
fn read_send(
    memory: &GuestMemory<'_>,
    state: &mut ActorState,
    handle: u64,
    outgoing: Outgoing,
) -> Result<Result<Single, Status>, BadPointer> {
    let value = outgoing.read(memory, state)?;
    let channel = endpoint(state, handle, Side::Sending);
    Ok(channel.and_then(|channel| Ok(Single::send(channel, value?))))
}

pub(super) async fn channel_send(
    mut guest: Guest<'_>,
    handle: u64,
    body: u32,
    body_len: u32,
    options: u32,
    deadline: u64,
) -> wasmtime::Result<i32> {
    let (memory, state) = split(&mut guest)?;
    let begun = match read_send(&memory, state, handle, Outgoing { body, body_len, options })? {
        Ok(single) => single.begin(state, deadline),
        Err(status) => Begun::Over(Err(status)),
    };
    let sent = begun.end(&mut guest, deadline).await?;
    Ok(sent.map_or_else(|status| refuse(guest.data(), status).0, |done| status_of(done.outcome)))
}

pub(super) fn channel_try_send(
    mut guest: Guest<'_>,
    handle: u64,
    body: u32,
    body_len: u32,
    options: u32,
) -> wasmtime::Result<i32> {
    let (memory, state) = split(&mut guest)?;
    let read = read_send(&memory, state, handle, Outgoing { body, body_len, options })?;
    let attempt = read.map(|mut single| single.attempt(state, false));
    Ok(match attempt {
        Ok(Attempt::Done { outcome, .. }) => status_of(outcome),
        Ok(Attempt::Refused(status)) | Err(status) => refuse(state, status).0,
        Ok(_) => refuse(state, Status::CHANNEL_FULL).0,
    })
}

pub(super) async fn channel_recv(
    mut guest: Guest<'_>,
    handle: u64,
    buffer: u32,
    capacity: u32,
    info: u32,
    deadline: u64,
) -> wasmtime::Result<i32> {
    let destination = Destination { buffer, capacity, info };
    let (memory, state) = split(&mut guest)?;
    destination.check(&memory)?;
    let channel = match endpoint(state, handle, Side::Receiving) {
        Ok(channel) => channel,
        Err(status) => return Ok(status.0),
    };
    let received = Single::receive(channel).begin(state, deadline).end(&mut guest, deadline).await?;
    write_received(&mut guest, received, destination)
}

pub(super) fn channel_try_recv(
    mut guest: Guest<'_>,
    handle: u64,
    buffer: u32,
    capacity: u32,
    info: u32,
) -> wasmtime::Result<i32> {
    let destination = Destination { buffer, capacity, info };
    let (memory, state) = split(&mut guest)?;
    destination.check(&memory)?;
    let channel = match endpoint(state, handle, Side::Receiving) {
        Ok(channel) => channel,
        Err(status) => return Ok(status.0),
    };
    let received = match Single::receive(channel).attempt(state, false) {
        Attempt::Done { outcome, value, .. } => Ok(Done::at_once(0, outcome, value)),
        _ => Err(Status::NONE),
    };
    write_received(&mut guest, received, destination)
}

fn write_received(
    guest: &mut Guest<'_>,
    received: Result<Done, Status>,
    destination: Destination,
) -> wasmtime::Result<i32> {
    let done = match received {
        Ok(done) => done,
        Err(status) => return Ok(status.0),
    };
    let status = status_of(done.outcome);
    let (mut memory, state) = split(guest)?;
    done.write(&mut memory, state, destination)?;
    Ok(status)
}

pub(super) fn channel_fill(
    mut guest: Guest<'_>,
    handle: u64,
    body: u32,
    body_len: u32,
) -> wasmtime::Result<i64> {
    let (memory, state) = split(&mut guest)?;
    let channel = endpoint(state, handle, Side::Sending);
    let mut rest = memory.read(body, body_len)?;
    let channel = match channel {
        Ok(channel) => channel,
        Err(status) => return Ok(number(Err(status))),
    };
    let (mut taken, mut stopped) = (0, Status::OK);
    let mut next = |state: &mut ActorState| {
        let is_over = taken == VALUES_AT_ONCE_MAX || rest.is_empty();
        let read = if is_over { Err(Status::OK) } else { read_value(state, &mut rest) };
        taken += 1;
        read.map_err(|status| stopped = status).ok()
    };
    let sent = channel.fill(state, &mut next);
    Ok(number(match sent {
        Ok(0) if stopped != Status::OK => Err(stopped),
        sent => sent,
    }))
}

/// Reads the next of many values.
fn read_value(state: &mut ActorState, rest: &mut &[u8]) -> Result<Box<Envelope>, Status> {
    let (header, behind) = rest.split_first_chunk().ok_or(Status::INVALID)?;
    let header = ValueHeader::from_bytes(header);
    if header.len > state.shared.limits.message_bytes_max {
        return Err(Status::TOO_LARGE);
    }
    let (body, behind) = behind.split_at_checked(header.len as usize).ok_or(Status::INVALID)?;
    let mut value = state.with_body(body).ok_or(Status::LIMIT)?;
    (value.codec, value.fingerprint, value.id) = (header.codec, header.fingerprint, next_id(state));
    *rest = behind;
    Ok(value)
}

pub(super) fn channel_drain(
    mut guest: Guest<'_>,
    handle: u64,
    buffer: u32,
    capacity: u32,
    max: u32,
) -> wasmtime::Result<i64> {
    let (mut memory, state) = split(&mut guest)?;
    let room = memory.write(buffer, capacity)?;
    let channel = match endpoint(state, handle, Side::Receiving) {
        Ok(channel) => channel,
        Err(status) => return Ok(number(Err(status))),
    };
    let max = VALUES_AT_ONCE_MAX.min(max as usize);
    let values = match channel.drain(&state.shared, max, room.len()) {
        Ok(values) => values,
        Err(status) => return Ok(number(Err(status))),
    };
    let mut rest = &mut *room;
    for value in &values {
        let header =
            ValueHeader { len: value.body.len() as u32, codec: value.codec, fingerprint: value.fingerprint };
        let (place, behind) = rest.split_at_mut(ValueHeader::SIZE + value.body.len());
        place[..ValueHeader::SIZE].copy_from_slice(&header.to_bytes());
        place[ValueHeader::SIZE..].copy_from_slice(&value.body);
        rest = behind;
    }
    state.shared.counters.add_many(Count::Received, values.len() as u64);
    Ok(values.len() as i64)
}

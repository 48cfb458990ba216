//! Sending, and looking at the current message.

use flower_abi::{NEVER, Rights, SendOptions, Status};

use super::park::park;
use super::{Guest, code, number, resolve, split, take_in, text};
use crate::actor::Wait;
use crate::guest_memory::{BadPointer, GuestMemory};
use crate::instance::ActorState;
use crate::limits::NAME_BYTES_MAX;
use crate::observe::Count;
use crate::pid::ActorId;
use crate::reference::Reference;
use crate::signal::{Envelope, Extra};

/// What a guest says about a message, besides its receiver.
#[derive(Clone, Copy)]
pub(super) struct Outgoing {
    pub(super) body: u32,
    pub(super) body_len: u32,
    pub(super) options: u32,
}

impl Outgoing {
    /// The message, or the status that refuses it.
    pub(super) fn read(
        self,
        memory: &GuestMemory<'_>,
        state: &mut ActorState,
    ) -> Result<Result<Box<Envelope>, Status>, BadPointer> {
        let bytes = memory.read(self.body, self.body_len)?;
        if self.body_len > state.shared.limits.message_bytes_max {
            return Ok(Err(Status::TOO_LARGE));
        }
        let Some(mut envelope) = state.with_body(bytes) else { return Ok(Err(Status::LIMIT)) };
        if self.options != 0 {
            let options: &[u8; SendOptions::SIZE] = memory.read_array(self.options)?;
            let read = read_options(options, &mut envelope);
            let attached = match read {
                Ok((_, 0)) => Ok(()),
                Ok((handles, count)) => attach_to(&mut envelope, memory, state, handles, count)?,
                Err(status) => Err(status),
            };
            return Ok(attached.map(|()| envelope));
        }
        Ok(Ok(envelope))
    }
}

/// Lets handles travel with a message.
pub(super) fn attach_to(
    envelope: &mut Envelope,
    memory: &GuestMemory<'_>,
    state: &ActorState,
    handles: u32,
    count: u32,
) -> Result<Result<(), Status>, BadPointer> {
    let attached = super::handle::attach(memory, state, handles, count)?;
    Ok(attached.map(|attached| envelope.extra.get_or_insert_default().handles = attached))
}

/// Reads the options, and returns where its handles stand and how many there are.
fn read_options(bytes: &[u8; SendOptions::SIZE], envelope: &mut Envelope) -> Result<(u32, u32), Status> {
    let word = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().expect("8 bytes"));
    let (version, codec) = (word(0) as u32, (word(0) >> 32) as u32);
    if version > 1 || word(56) != 0 {
        return Err(Status::INVALID);
    }
    envelope.codec = codec;
    envelope.fingerprint = word(8);
    let extra = Extra {
        deadline: word(16),
        trace_id: bytes[24..40].try_into().expect("16 bytes"),
        span_id: bytes[40..48].try_into().expect("8 bytes"),
        ..Extra::default()
    };
    if extra.deadline != 0 || extra.trace_id != [0; 16] || extra.span_id != [0; 8] {
        envelope.extra = Some(Box::new(extra));
    }
    Ok((word(48) as u32, (word(48) >> 32) as u32))
}

/// Gives a message its number among those of its sender, and sends it.
pub(super) fn dispatch(
    state: &mut ActorState,
    to: ActorId,
    mut envelope: Box<Envelope>,
) -> Result<(), Status> {
    envelope.id = next_id(state);
    let ActorState { shared, effects, .. } = state;
    effects.send(shared, to, envelope)
}

/// The number of the next message.
pub(super) fn next_id(state: &mut ActorState) -> u64 {
    state.last_message_id += 1;
    state.last_message_id
}

/// Counts a message that was refused before it had a receiver.
pub(super) fn refuse(state: &ActorState, status: Status) -> Status {
    state.shared.counters.add(Count::Sent);
    state.shared.counters.add(Count::Refused);
    status
}

pub(super) fn send(
    mut guest: Guest<'_>,
    to: u32,
    body: u32,
    body_len: u32,
    options: u32,
) -> wasmtime::Result<i32> {
    let (memory, state) = split(&mut guest)?;
    let to = resolve(&memory, state, to, Rights::SEND)?;
    let message = Outgoing { body, body_len, options }.read(&memory, state)?;
    let sent = match to.and_then(|to| message.map(|message| (to, message))) {
        Ok((to, message)) => dispatch(state, to, message),
        Err(status) => Err(refuse(state, status)),
    };
    Ok(code(sent))
}

pub(super) fn send_named(
    mut guest: Guest<'_>,
    name: u32,
    name_len: u32,
    body: u32,
    body_len: u32,
    options: u32,
) -> wasmtime::Result<i32> {
    let (memory, state) = split(&mut guest)?;
    let holder =
        text(&memory, name, name_len, NAME_BYTES_MAX)?.and_then(|name| state.shared.names.whereis(name));
    let message = Outgoing { body, body_len, options }.read(&memory, state)?;
    let to = match holder {
        Some((to, rights)) if rights.contains(Rights::SEND) => Ok(to),
        Some(_) => Err(Status::NOT_PERMITTED),
        None => Err(Status::NO_NAME),
    };
    let sent = match to.and_then(|to| message.map(|message| (to, message))) {
        Ok((to, message)) => dispatch(state, to, message),
        Err(status) => Err(refuse(state, status)),
    };
    Ok(code(sent))
}

pub(super) async fn send_wait(
    mut guest: Guest<'_>,
    to: u32,
    body: u32,
    body_len: u32,
    options: u32,
    deadline: u64,
) -> wasmtime::Result<i32> {
    let (memory, state) = split(&mut guest)?;
    let to = resolve(&memory, state, to, Rights::SEND)?;
    let message = Outgoing { body, body_len, options }.read(&memory, state)?;
    let (to, mut message) = match to.and_then(|to| message.map(|message| (to, message))) {
        Ok(both) => both,
        Err(status) => return Ok(refuse(state, status).0),
    };
    message.id = next_id(state);
    loop {
        let reference = guest.data().cell().owned().references.open(Reference::Room { of: to, parked: true });
        let sent = guest.data().shared.send_or_wait(to, message, (guest.data().id, reference));
        message = match sent {
            Ok(()) => {
                guest.data().cell().owned().references.close(reference);
                return Ok(Status::OK.0);
            }
            Err((Status::MAILBOX_FULL, message)) => message,
            Err((status, _)) => {
                guest.data().cell().owned().references.close(reference);
                return Ok(refuse(guest.data(), status).0);
            }
        };
        if deadline <= guest.data().shared.now() {
            give_up_room(guest.data(), to, reference);
            return Ok(refuse(guest.data(), Status::TIMED_OUT).0);
        }
        park(&mut guest, Wait::Room(reference), deadline).await;
    }
}

fn give_up_room(state: &ActorState, of: ActorId, reference: u64) {
    state.cell().owned().references.close(reference);
    state.shared.unwant_room(of, (state.id, reference));
}

pub(super) fn notify_room(mut guest: Guest<'_>, to: u32) -> wasmtime::Result<i64> {
    let (memory, state) = split(&mut guest)?;
    let to = match resolve(&memory, state, to, Rights::SEND)? {
        Ok(to) => to,
        Err(status) => return Ok(number(Err(status))),
    };
    let opened = super::request::open(state, Reference::Room { of: to, parked: false });
    let asked = opened.and_then(|reference| {
        let asked = state.shared.want_room(to, (state.id, reference));
        asked.inspect_err(|_| _ = state.cell().owned().references.close(reference)).map(|()| reference)
    });
    Ok(number(asked))
}

pub(super) fn message_read(
    mut guest: Guest<'_>,
    offset: u32,
    buffer: u32,
    len: u32,
) -> wasmtime::Result<i32> {
    let (mut memory, state) = split(&mut guest)?;
    let Some(message) = &state.current else { return Ok(Status::NONE.0) };
    let body = message.bytes();
    let rest = body.get(offset as usize..).unwrap_or_default();
    Ok(memory.write_prefix(buffer, len, rest)? as i32)
}

pub(super) fn message_info(mut guest: Guest<'_>, info: u32) -> wasmtime::Result<i32> {
    let (mut memory, state) = split(&mut guest)?;
    let Some(message) = &state.current else { return Ok(Status::NONE.0) };
    super::info::encode(memory.write_array(info)?, &state.shared, message);
    Ok(Status::OK.0)
}

pub(super) fn flush(mut guest: Guest<'_>) -> wasmtime::Result<i64> {
    let (_, state) = split(&mut guest)?;
    let cell = state.cell();
    let mut owned = take_in(state)?;
    let flushed = owned.mailbox.flush();
    for message in &flushed {
        state.shared.counters.add(Count::DroppedFlushed);
        state.shared.note_left(cell, message);
        if message.wants_reply() {
            owned.watchers.insert((message.sender, message.reference), ());
        }
    }
    Ok(flushed.len() as i64)
}

pub(super) fn mailbox_len(mut guest: Guest<'_>) -> wasmtime::Result<i64> {
    let (_, state) = split(&mut guest)?;
    Ok(take_in(state)?.mailbox.len() as i64)
}

/// The deadline as the worker understands it: at once is in the past, so it never parks.
pub(super) fn has_passed(state: &ActorState, deadline: u64) -> bool {
    deadline != NEVER && deadline <= state.shared.now()
}

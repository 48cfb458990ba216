//! Requests, replies and the references that stand for what is still to come.

use flower_abi::{Delivery, Kind, MessageInfo, NEVER, Pid, Rights, Status};

use super::info::Destination;
use super::message::{Outgoing, dispatch, has_passed};
use super::park::park;
use super::receive::{accept, check_dying};
use super::{Guest, code, number, resolve, split, take_in};
use crate::actor::Wait;
use crate::exit::ExitReason;
use crate::inbound::completion_status;
use crate::instance::ActorState;
use crate::pid::ActorId;
use crate::reference::Reference;
use crate::signal::Envelope;
use crate::timer::Firing;

/// Opens a reference other than a timer, unless the actor has too many.
pub(super) fn open(state: &ActorState, reference: Reference) -> Result<u64, Status> {
    room_for_reference(state)?;
    Ok(state.cell().owned().references.open(reference))
}

/// Fails if the actor has too many references already.
pub(super) fn room_for_reference(state: &ActorState) -> Result<(), Status> {
    let owned = state.cell().owned();
    // A completion keeps its place until it is taken.
    let complete = owned.held.len() + owned.mailbox.system_len();
    let is_full =
        owned.references.others() as usize + complete >= state.shared.limits.references_max as usize;
    if is_full { Err(Status::LIMIT) } else { Ok(()) }
}

/// The delivery with this number.
pub(super) fn delivery(number: u32) -> Result<Delivery, Status> {
    match number {
        0 => Ok(Delivery::Message),
        1 => Ok(Delivery::Held),
        _ => Err(Status::INVALID),
    }
}

/// Sends a request to `to` under a new reference. A deadline that is not the caller's own park
/// gets a timer.
fn begin(
    state: &mut ActorState,
    to: ActorId,
    mut message: Box<Envelope>,
    delivery: Delivery,
    deadline: u64,
) -> Result<u64, Status> {
    if to == state.id {
        return Err(Status::CALLED_SELF);
    }
    let reference = open(state, Reference::Request { to, delivery, timer: None })?;
    message.request = true;
    message.reference = reference;
    if let Err(status) = dispatch(state, to, message) {
        state.cell().owned().references.close(reference);
        return Err(status);
    }
    if deadline != NEVER {
        let actor = state.id;
        let key = state.shared.arm(deadline, Firing::Timeout { actor, reference });
        if let Some(Reference::Request { timer, .. }) = state.cell().owned().references.get_mut(reference) {
            *timer = Some(key);
        }
    }
    Ok(reference)
}

#[expect(clippy::too_many_arguments, reason = "one argument per column of the table")]
pub(super) async fn call(
    mut guest: Guest<'_>,
    to: u32,
    body: u32,
    body_len: u32,
    options: u32,
    buffer: u32,
    capacity: u32,
    info: u32,
    deadline: u64,
) -> wasmtime::Result<i32> {
    let destination = Destination { buffer, capacity, info };
    let (memory, state) = split(&mut guest)?;
    destination.check(&memory)?;
    let to = resolve(&memory, state, to, Rights::SEND)?;
    let message = Outgoing { body, body_len, options }.read(&memory, state)?;
    let both = to.and_then(|to| message.map(|message| (to, message)));
    let begun = both.and_then(|(to, message)| begin(state, to, message, Delivery::Held, NEVER));
    let reference = match begun {
        Ok(reference) => reference,
        Err(status) => return Ok(status.0),
    };
    let status = completion(&mut guest, reference, destination, deadline, true).await?;
    if status == Status::TIMED_OUT {
        give_up(guest.data(), reference);
    }
    Ok(status.0)
}

/// Waits for a completion, and writes it.
async fn completion(
    guest: &mut Guest<'_>,
    reference: u64,
    destination: Destination,
    deadline: u64,
    is_call: bool,
) -> wasmtime::Result<Status> {
    loop {
        if let Some(status) = try_take(guest, reference, destination, is_call)? {
            return Ok(status);
        }
        if has_passed(guest.data(), deadline) {
            return Ok(Status::TIMED_OUT);
        }
        park(guest, Wait::Completion(reference), deadline).await;
    }
}

pub(super) fn request(
    mut guest: Guest<'_>,
    to: u32,
    body: u32,
    body_len: u32,
    options: u32,
    delivery_number: u32,
    deadline: u64,
) -> wasmtime::Result<i64> {
    let (memory, state) = split(&mut guest)?;
    let to = resolve(&memory, state, to, Rights::SEND)?;
    let message = Outgoing { body, body_len, options }.read(&memory, state)?;
    let all = to.and_then(|to| Ok((to, message?, delivery(delivery_number)?)));
    let begun = all.and_then(|(to, message, delivery)| begin(state, to, message, delivery, deadline));
    Ok(number(begun))
}

pub(super) fn reply(
    mut guest: Guest<'_>,
    token: u32,
    body: u32,
    body_len: u32,
    options: u32,
) -> wasmtime::Result<i32> {
    let (memory, state) = split(&mut guest)?;
    let token: [u8; MessageInfo::TOKEN_SIZE] = *memory.read_array(token)?;
    let message = Outgoing { body, body_len, options }.read(&memory, state)?;
    let checked = check_token(state, &token);
    let sent = checked.and_then(|(to, reference)| {
        let mut message = message?;
        message.kind = Kind::Reply;
        message.reference = reference;
        let ActorState { shared, effects, .. } = state;
        effects.reply(shared, to, message)
    });
    Ok(code(sent))
}

/// The caller and the reference that a token stands for, if the host made it.
fn check_token(
    state: &mut ActorState,
    token: &[u8; MessageInfo::TOKEN_SIZE],
) -> Result<(ActorId, u64), Status> {
    let caller = token[..Pid::SIZE].try_into().expect("32 bytes");
    let word = |at: usize| u64::from_le_bytes(token[at..at + 8].try_into().expect("8 bytes"));
    let (reference, tag) = (word(32), word(40));
    let to = state.resolve(caller, Rights(0)).map_err(|_| Status::NOT_PERMITTED)?;
    if tag != state.shared.mint.reply_tag(to, reference) {
        return Err(Status::NOT_PERMITTED);
    }
    Ok((to, reference))
}

pub(super) async fn wait(
    mut guest: Guest<'_>,
    reference: u64,
    buffer: u32,
    capacity: u32,
    info: u32,
    deadline: u64,
) -> wasmtime::Result<i32> {
    let destination = Destination { buffer, capacity, info };
    let (memory, _) = split(&mut guest)?;
    destination.check(&memory)?;
    Ok(completion(&mut guest, reference, destination, deadline, false).await?.0)
}

/// Takes a completion that has come and writes it; `NO_REFERENCE` if none can come.
fn try_take(
    guest: &mut Guest<'_>,
    reference: u64,
    destination: Destination,
    is_call: bool,
) -> wasmtime::Result<Option<Status>> {
    let (mut memory, state) = split(guest)?;
    let cell = state.cell();
    let mut owned = cell.owned();
    let mut held = owned.held.remove(&reference);
    if held.is_none() {
        state.shared.drain(cell, &mut owned);
        check_dying(&owned)?;
        held = owned.held.remove(&reference);
    }
    let Some(message) = held else {
        let is_held = matches!(
            owned.references.get(reference),
            Some(
                Reference::Request { delivery: Delivery::Held, .. }
                    | Reference::Monitor { delivery: Delivery::Held, .. }
            )
        );
        return Ok((!is_held).then_some(Status::NO_REFERENCE));
    };
    drop(owned);
    let status = completion_status(&message, is_call);
    let status = if is_dead_letter(&message) && is_call { Status::NO_ACTOR } else { status };
    accept(state, &mut memory, message, destination)?;
    Ok(Some(status))
}

/// Whether the one that was called had ended before the request came.
fn is_dead_letter(message: &Envelope) -> bool {
    message.kind == Kind::Down && message.reason().is_some_and(|reason| **reason == ExitReason::NoProcess)
}

fn give_up(state: &ActorState, reference: u64) {
    let cell = state.cell();
    state.shared.cancel(cell, &mut cell.owned(), reference);
}

pub(super) fn cancel(mut guest: Guest<'_>, reference: u64) -> wasmtime::Result<i32> {
    let (_, state) = split(&mut guest)?;
    let mut owned = take_in(state)?;
    Ok(i32::from(state.shared.cancel(state.cell(), &mut owned, reference)))
}

pub(super) fn references(mut guest: Guest<'_>, kind: u32, buffer: u32, count: u32) -> wasmtime::Result<i64> {
    let (mut memory, state) = split(&mut guest)?;
    memory.check(buffer, u64::from(count) * 8)?;
    let open = state.cell().owned().references.of_kind(kind);
    for (number, at) in open.iter().zip((buffer..).step_by(8)).take(count as usize) {
        memory.write_u64(at, *number)?;
    }
    Ok(open.len() as i64)
}

//! Timers, from the side of guests.

use flower_abi::{Kind, Rights, Status};

use super::message::Outgoing;
use super::{Guest, number, resolve, split};
use crate::budget::Resource;
use crate::instance::ActorState;
use crate::pid::ActorId;
use crate::reference::Reference;
use crate::signal::Envelope;
use crate::timer::Firing;

pub(super) fn timer_start(
    mut guest: Guest<'_>,
    deadline: u64,
    period: u64,
    to: u32,
    body: u32,
    body_len: u32,
    options: u32,
) -> wasmtime::Result<i64> {
    let (memory, state) = split(&mut guest)?;
    let is_own = to == 0;
    let to = if is_own { Ok(state.id) } else { resolve(&memory, state, to, Rights::SEND)? };
    let message = Outgoing { body, body_len, options }.read(&memory, state)?;
    let started = to.and_then(|to| {
        let mut message = message?;
        if is_own {
            message.kind = Kind::Timer;
        }
        start(state, deadline, period, to, message)
    });
    Ok(number(started))
}

fn start(
    state: &ActorState,
    deadline: u64,
    period_ns: u64,
    to: ActorId,
    mut envelope: Box<Envelope>,
) -> Result<u64, Status> {
    let shared = &state.shared;
    if !shared.is_alive(to) {
        return Err(Status::NO_ACTOR);
    }
    let mut owned = state.cell().owned();
    // A tick keeps its place until it is taken.
    let is_full = owned.mailbox.system_len() >= shared.limits.timers_max as usize;
    if is_full || !owned.charge.add(Resource::Timers, 1, u64::from(shared.limits.timers_max)) {
        return Err(Status::LIMIT);
    }
    if period_ns == 0
        && to != state.id
        && let Err(status) = shared.reserve(to, &envelope)
    {
        owned.charge.remove(Resource::Timers, 1);
        return Err(status);
    }
    let reference = owned.references.next();
    envelope.reference = reference;
    let key = shared.arm(deadline, Firing::Send { owner: state.id, to, period_ns, envelope });
    Ok(owned.references.open(Reference::Timer { key }))
}

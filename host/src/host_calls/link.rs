//! Links and monitors, from the side of the one who makes them.

use std::cell::RefMut;
use std::sync::Arc;

use flower_abi::{Rights, Status};

use super::request::{delivery, open};
use super::{Guest, code, number, resolve, split, take_in};
use crate::actor::Owned;
use crate::exit::ExitReason;
use crate::instance::ActorState;
use crate::pid::ActorId;
use crate::reference::Reference;
use crate::signal::Signal;

pub(super) fn link(mut guest: Guest<'_>, pid: u32) -> wasmtime::Result<i32> {
    let (memory, state) = split(&mut guest)?;
    let to = resolve(&memory, state, pid, Rights::EXIT)?;
    // A link whose other side has removed it already is none.
    let owned = take_in(state)?;
    Ok(code(to.and_then(|to| make_link(state, owned, to))))
}

/// Links with `to`; when that is dead, its exit signal comes back through the queue.
fn make_link(state: &ActorState, mut owned: RefMut<'_, Owned>, to: ActorId) -> Result<(), Status> {
    if to == state.id || owned.links.contains_key(&to) {
        return Ok(());
    }
    // An exit keeps the link's place until it is taken.
    if owned.links.len() + owned.mailbox.system_len() >= state.shared.limits.links_max as usize {
        return Err(Status::LIMIT);
    }
    let id = state.shared.next_link_id();
    owned.links.entry(to).or_default().push(id);
    drop(owned);
    if !state.shared.signal(to, Signal::Link { from: state.id, id }) {
        let reason = Arc::new(ExitReason::NoProcess);
        state.shared.signal(state.id, Signal::Exit { from: to, reason, link: Some(id) });
    }
    Ok(())
}

pub(super) fn unlink(mut guest: Guest<'_>, pid: u32) -> wasmtime::Result<i32> {
    let (memory, state) = split(&mut guest)?;
    let to = match resolve(&memory, state, pid, Rights(0))? {
        Ok(to) => to,
        Err(status) => return Ok(status.0),
    };
    let mut owned = take_in(state)?;
    match owned.links.remove(&to) {
        // As long as a link is there, none with this actor has brought anything.
        Some(ids) => _ = state.shared.signal(to, Signal::Unlink { from: state.id, ids }),
        None => owned.mailbox.remove_link_exits(to),
    }
    Ok(Status::OK.0)
}

pub(super) fn monitor(mut guest: Guest<'_>, pid: u32, delivery_number: u32) -> wasmtime::Result<i64> {
    let (memory, state) = split(&mut guest)?;
    let to = resolve(&memory, state, pid, Rights::MONITOR)?;
    let both = to.and_then(|to| Ok((to, delivery(delivery_number)?)));
    let made = both.and_then(|(of, delivery)| {
        let reference = open(state, Reference::Monitor { of, delivery })?;
        if !state.shared.signal(of, Signal::Monitor { from: state.id, reference }) {
            let reason = Arc::new(ExitReason::NoProcess);
            state.shared.signal(state.id, Signal::Down { from: of, reference, reason });
        }
        Ok(reference)
    });
    Ok(number(made))
}

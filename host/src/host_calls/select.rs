//! Selects, from the side of guests: reading the arms, trying them, waiting, and what comes of it. A send or a receive
//! is a select of one arm.
//!
//! What is to wait is tried before there is a future, which then holds little: wasmtime allocates it and copies it there.

use std::sync::Arc;

use flower_abi::{Arm, NEVER, Status};
use smallvec::SmallVec;

use super::begun::{Begun, check_stop, take_message};
use super::channel::{channel_of, endpoint};
use super::info::Destination;
use super::message::{Outgoing, has_passed, next_id};
use super::receive::read_filters;
use super::request::room_for_reference;
use super::{Guest, number, split, take_in};
use crate::channel::{Arms, Attempt, Channel, Mailboxes, Selecting, Side, Want};
use crate::guest_memory::{BadPointer, GuestMemory};
use crate::instance::ActorState;
use crate::limits::SELECT_ARMS_MAX;
use crate::reference::Reference;
use crate::signal::{Envelope, Signal};
use crate::timer::Firing;

#[expect(clippy::too_many_arguments, reason = "one argument per column of the table")]
pub(super) async fn select(
    mut guest: Guest<'_>,
    arms: u32,
    count: u32,
    flags: u32,
    buffer: u32,
    capacity: u32,
    info: u32,
    deadline: u64,
) -> wasmtime::Result<i32> {
    let destination = Destination { buffer, capacity, info };
    let (memory, state) = split(&mut guest)?;
    destination.check(&memory)?;
    let begun = match Selection::read(&memory, state, arms, count, flags)? {
        Ok(selection) => selection.begin(state, deadline)?,
        Err(status) => return Ok(status.0),
    };
    let done = match begun.end(&mut guest, deadline).await? {
        Ok(done) => done,
        Err(status) => return Ok(status.0),
    };
    let arm = i32::from(done.arm);
    let (mut memory, state) = split(&mut guest)?;
    done.write(&mut memory, state, destination)?;
    Ok(arm)
}

pub(super) fn select_start(
    mut guest: Guest<'_>,
    arms: u32,
    count: u32,
    flags: u32,
    deadline: u64,
) -> wasmtime::Result<i64> {
    let (memory, state) = split(&mut guest)?;
    let selection = Selection::read(&memory, state, arms, count, flags)?;
    Ok(number(selection.and_then(|selection| start(state, selection, deadline))))
}

/// Does an arm, of which the actor is told by a message, or waits for one under a reference.
fn start(state: &mut ActorState, mut selection: Selection, deadline: u64) -> Result<u64, Status> {
    if !selection.mailboxes.is_empty() {
        return Err(Status::INVALID);
    }
    room_for_reference(state)?;
    let reference = state.cell().owned().references.number();
    match selection.attempt(state, None, Some(reference)) {
        Attempt::Done { arm, outcome, value } => {
            let arm = selection.numbers[arm];
            let mut completion = value.unwrap_or_else(|| Envelope::selected(state.id, 0, arm, outcome));
            completion.select(reference, arm, outcome);
            state.shared.signal(state.id, Signal::Selected(completion));
        }
        Attempt::Blocked(Some((waiter, places))) => {
            let mut selecting = Selecting::new(waiter, places, selection.mailboxes, 0);
            let actor = state.id;
            let firing = Firing::Timeout { actor, reference };
            selecting.timer = (deadline != NEVER).then(|| state.shared.arm(deadline, firing));
            state.cell().owned().references.put(reference, Reference::Select(Box::new(selecting)));
        }
        Attempt::Refused(status) => return Err(status),
        Attempt::Blocked(None) | Attempt::Mailbox => unreachable!("it may wait, and looks at no mailbox"),
    }
    Ok(reference)
}

/// The arms of a select, as the host has read them.
#[derive(Default)]
pub(super) struct Selection {
    channels: SmallVec<[Arc<Channel>; 1]>,
    wants: SmallVec<[Want; 1]>,
    /// Which arm of the guest's each of those is.
    numbers: SmallVec<[u8; 4]>,
    mailboxes: Mailboxes,
    biased: bool,
}

impl Selection {
    fn add(&mut self, number: u8, channel: Arc<Channel>, want: Want) {
        self.channels.push(channel);
        self.wants.push(want);
        self.numbers.push(number);
    }

    /// Reads an array of arms.
    fn read(
        memory: &GuestMemory<'_>,
        state: &mut ActorState,
        arms: u32,
        count: u32,
        flags: u32,
    ) -> Result<Result<Selection, Status>, BadPointer> {
        if count > SELECT_ARMS_MAX || flags & !Arm::BIASED != 0 {
            return Ok(Err(Status::INVALID));
        }
        let (arms, _) = memory.read(arms, count * Arm::SIZE as u32)?.as_chunks();
        let mut selection = Selection { biased: flags & Arm::BIASED != 0, ..Selection::default() };
        for (number, arm) in arms.iter().enumerate() {
            if let Err(status) = selection.read_arm(memory, state, number as u8, Arm::from_bytes(arm))? {
                return Ok(Err(status));
            }
        }
        Ok(Ok(selection))
    }

    fn read_arm(
        &mut self,
        memory: &GuestMemory<'_>,
        state: &mut ActorState,
        number: u8,
        arm: Arm,
    ) -> Result<Result<(), Status>, BadPointer> {
        match arm.kind {
            Arm::SEND => {
                let outgoing = Outgoing { body: arm.body, body_len: arm.body_len, options: arm.options };
                let value = outgoing.read(memory, state)?;
                let channel = endpoint(state, arm.handle, Side::Sending);
                let both = channel.and_then(|channel| Ok((channel, value?)));
                Ok(both.map(|(channel, value)| self.add(number, channel, Want::Send(Some(value)))))
            }
            Arm::RECEIVE => {
                let channel = endpoint(state, arm.handle, Side::Receiving);
                Ok(channel.map(|channel| self.add(number, channel, Want::Receive)))
            }
            Arm::CLOSED => {
                let channel = channel_of(state, arm.handle);
                Ok(channel.map(|(channel, _)| self.add(number, channel, Want::Closed)))
            }
            Arm::MAILBOX => {
                let filters = read_filters(memory, arm.body, arm.body_len)?;
                Ok(filters.map(|filters| self.mailboxes.add(number, filters)).ok_or(Status::INVALID))
            }
            _ => Ok(Err(Status::INVALID)),
        }
    }

    /// Does one of them if one can go ahead; else waits for all of them under a reference, if there is one.
    fn attempt(&mut self, state: &mut ActorState, message: Option<u8>, reference: Option<u64>) -> Attempt {
        for want in &mut self.wants {
            if let Want::Send(Some(value)) = want {
                value.id = next_id(state);
            }
        }
        let (id, biased) = (state.id, self.biased);
        let (shared, mut choose) = state.chooser();
        let mut pick = |ready| if biased { 0 } else { choose(ready) };
        let mut arms = Arms {
            channels: &self.channels,
            wants: &mut self.wants,
            numbers: &self.numbers,
            message,
            waiter: reference.map(|reference| (id, reference)),
        };
        shared.select(&mut arms, &mut pick)
    }

    /// Tries the arms, and waits for them if it may.
    fn begin(mut self, state: &mut ActorState, deadline: u64) -> wasmtime::Result<Begun> {
        let found = self.look(state)?;
        let reference = if has_passed(state, deadline) { None } else { Some(0) };
        Ok(match self.attempt(state, found.map(|(_, arm)| arm), reference) {
            Attempt::Done { arm, outcome, value } => Begun::done(self.numbers[arm], outcome, value),
            Attempt::Mailbox => Begun::Over(Ok(take_message(state, found))),
            Attempt::Refused(status) => Begun::Over(Err(status)),
            Attempt::Blocked(None) => Begun::Over(Err(Status::TIMED_OUT)),
            Attempt::Blocked(Some((waiter, places))) => {
                let seen = if self.mailboxes.is_empty() { 0 } else { state.cell().owned().mailbox.len() };
                Begun::Waits(Box::new(Selecting::new(waiter, places, self.mailboxes, seen)))
            }
        })
    }

    /// Where a message stands that an arm wants, and which arm; ends the actor if it is to stop.
    fn look(&self, state: &ActorState) -> wasmtime::Result<Option<(usize, u8)>> {
        if self.mailboxes.is_empty() {
            return Ok(None);
        }
        let owned = take_in(state)?;
        let stops = !owned.trap_stop;
        let Some(at) = self.mailboxes.find(&owned.mailbox, 0, stops) else { return Ok(None) };
        check_stop(owned.mailbox.get(at), stops)?;
        Ok(owned.mailbox.get(at).and_then(|message| self.mailboxes.arm(message)).map(|arm| (at, arm)))
    }
}

/// A send or a receive.
pub(super) struct Single {
    channel: Arc<Channel>,
    want: Want,
}

impl Single {
    /// A send of this value.
    pub(super) fn send(channel: Arc<Channel>, value: Box<Envelope>) -> Single {
        Single { channel, want: Want::Send(Some(value)) }
    }

    /// A receive.
    pub(super) fn receive(channel: Arc<Channel>) -> Single {
        Single { channel, want: Want::Receive }
    }

    /// Does it if it can go ahead; else waits, if it may.
    pub(super) fn attempt(&mut self, state: &mut ActorState, may_wait: bool) -> Attempt {
        if let Want::Send(Some(value)) = &mut self.want {
            value.id = next_id(state);
        }
        let mut arms = Arms {
            channels: std::slice::from_ref(&self.channel),
            wants: std::slice::from_mut(&mut self.want),
            numbers: &[0],
            message: None,
            waiter: may_wait.then_some((state.id, 0)),
        };
        state.shared.select(&mut arms, &mut |_| 0)
    }

    /// Tries it, and waits for it if it may.
    pub(super) fn begin(mut self, state: &mut ActorState, deadline: u64) -> Begun {
        let may_wait = !has_passed(state, deadline);
        match self.attempt(state, may_wait) {
            Attempt::Done { outcome, value, .. } => Begun::done(0, outcome, value),
            Attempt::Blocked(Some((waiter, places))) => {
                Begun::Waits(Box::new(Selecting::new(waiter, places, Mailboxes::default(), 0)))
            }
            Attempt::Refused(status) => Begun::Over(Err(status)),
            Attempt::Blocked(None) | Attempt::Mailbox => Begun::Over(Err(Status::TIMED_OUT)),
        }
    }
}

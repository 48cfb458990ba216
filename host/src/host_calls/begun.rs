//! What has become of a select: it is over, or its actor waits for one of the arms.

use flower_abi::{Kind, NEVER, Status};

use super::Guest;
use super::info::Destination;
use super::message::has_passed;
use super::park::park;
use super::receive::{accept, show};
use crate::actor::Wait;
use crate::channel::Selecting;
use crate::exit::ActorExit;
use crate::guest_memory::{BadPointer, GuestMemory};
use crate::inbound;
use crate::instance::ActorState;
use crate::observe::Count;
use crate::signal::{Envelope, Outcome};

/// A stop ends whoever meets it, unless that looks for stops.
pub(super) fn check_stop(message: Option<&Envelope>, stops: bool) -> wasmtime::Result<()> {
    match message {
        Some(message) if stops && message.kind == Kind::Stop => Err(ActorExit::error(inbound::stopped())),
        _ => Ok(()),
    }
}

/// An arm that was done.
pub(super) struct Done {
    pub(super) arm: u8,
    pub(super) outcome: Outcome,
    /// What it brought.
    message: Option<Box<Envelope>>,
    /// Whether that came through the actor's own queue, which counts it.
    queued: bool,
}

impl Done {
    /// What was done at once.
    pub(super) fn at_once(arm: u8, outcome: Outcome, mut message: Option<Box<Envelope>>) -> Done {
        if let Some(value) = &mut message {
            value.select(0, arm, outcome);
        }
        Done { arm, outcome, message, queued: false }
    }

    /// What somebody else did.
    fn completed(completion: Box<Envelope>) -> Done {
        let (arm, outcome) = (completion.arm, completion.outcome);
        let message = (outcome == Outcome::Received).then_some(completion);
        Done { arm, outcome, message, queued: true }
    }

    /// Hands over to the guest what it brought.
    pub(super) fn write(
        self,
        memory: &mut GuestMemory<'_>,
        state: &mut ActorState,
        destination: Destination,
    ) -> Result<(), BadPointer> {
        let Some(message) = self.message else {
            let told = Envelope::selected(state.id, 0, self.arm, self.outcome);
            return destination.write(memory, state, &told).map(drop);
        };
        if self.queued {
            return accept(state, memory, message, destination);
        }
        state.shared.counters.add(Count::Received);
        show(state, memory, message, destination)
    }
}

/// What became of a select that may wait.
pub(super) enum Begun {
    Over(Result<Done, Status>),
    Waits(Box<Selecting>),
}

impl Begun {
    /// One that was done at once.
    pub(super) fn done(arm: u8, outcome: Outcome, value: Option<Box<Envelope>>) -> Begun {
        Begun::Over(Ok(Done::at_once(arm, outcome, value)))
    }

    /// Waits until one of the arms is done.
    pub(super) async fn end(
        mut self,
        guest: &mut Guest<'_>,
        deadline: u64,
    ) -> wasmtime::Result<Result<Done, Status>> {
        loop {
            let selecting = match self {
                Begun::Over(over) => return Ok(over),
                Begun::Waits(selecting) => selecting,
            };
            // Who was claimed is completed in a moment, and must see it.
            let until = if selecting.waiter.is_open() { deadline } else { NEVER };
            park(guest, Wait::Select(selecting), until).await;
            self = go_on(guest.data_mut(), until)?;
        }
    }
}

/// Takes the message that was found for an arm.
pub(super) fn take_message(state: &ActorState, found: Option<(usize, u8)>) -> Done {
    let (at, arm) = found.expect("a message was found");
    let mut owned = state.cell().owned();
    let mut message = owned.mailbox.take_from(at).expect("it is where it was found");
    message.more = owned.mailbox.len() > 0;
    Done { arm, outcome: Outcome::Received, message: Some(message), queued: true }
}

/// Looks what has ended the wait.
fn go_on(state: &mut ActorState, deadline: u64) -> wasmtime::Result<Begun> {
    let cell = state.cell();
    let mut owned = cell.owned();
    let mut selecting = match std::mem::take(&mut owned.wait) {
        Wait::Select(selecting) => selecting,
        other => unreachable!("a select waits for its completion, not {other:?}"),
    };
    if let Some(completion) = selecting.take_completion() {
        return Ok(Begun::Over(Ok(Done::completed(completion))));
    }
    let stops = !owned.trap_stop;
    if let Some(at) = selecting.find(&owned.mailbox, stops) {
        if !selecting.waiter.claim() {
            drop(selecting.take_mailboxes());
            return Ok(Begun::Waits(selecting));
        }
        check_stop(owned.mailbox.get(at), stops)?;
        let mailboxes = selecting.take_mailboxes();
        let arm = owned.mailbox.get(at).and_then(|message| mailboxes.arm(message));
        drop(owned);
        return Ok(Begun::Over(Ok(take_message(state, arm.map(|arm| (at, arm))))));
    }
    drop(owned);
    if has_passed(state, deadline) && selecting.waiter.claim() {
        return Ok(Begun::Over(Err(Status::TIMED_OUT)));
    }
    Ok(Begun::Waits(selecting))
}

//! What a handler does to others goes through here, and may be held back until it returns.
//!
//! An actor spawned with `HOLD_EFFECTS` lets its messages, requests and replies out only when its
//! handler has returned; a trap takes them back, and nobody ever sees them. The place of a held
//! message is reserved when it is sent, so that the answer which the guest got then holds. Timers,
//! names, links and spawns act at once.

use flower_abi::Status;

use crate::pid::ActorId;
use crate::shared::Shared;
use crate::signal::Envelope;

/// The effects of the message that is being handled.
pub(crate) struct Effects {
    hold: bool,
    held: Vec<Held>,
}

/// One effect that waits for the handler's return.
enum Held {
    Message(ActorId, Box<Envelope>),
    Reply(ActorId, Box<Envelope>),
}

impl Effects {
    /// Held back, or let out at once.
    pub(crate) fn new(hold: bool) -> Effects {
        Effects { hold, held: Vec::new() }
    }

    /// Sends a message, now or at the return.
    pub(crate) fn send(
        &mut self,
        shared: &Shared,
        to: ActorId,
        envelope: Box<Envelope>,
    ) -> Result<(), Status> {
        if !self.hold {
            return shared.send(to, envelope);
        }
        shared.reserve(to, &envelope)?;
        self.held.push(Held::Message(to, envelope));
        Ok(())
    }

    /// Answers a request, now or at the return.
    pub(crate) fn reply(
        &mut self,
        shared: &Shared,
        to: ActorId,
        envelope: Box<Envelope>,
    ) -> Result<(), Status> {
        if !self.hold {
            return answer(shared, to, envelope);
        }
        if !shared.is_alive(to) {
            return Err(Status::NO_ACTOR);
        }
        self.held.push(Held::Reply(to, envelope));
        Ok(())
    }

    /// Lets out what was held.
    pub(crate) fn commit(&mut self, shared: &Shared) {
        if self.held.is_empty() {
            return;
        }
        for effect in self.held.drain(..) {
            match effect {
                Held::Message(to, envelope) => shared.send_reserved(to, envelope),
                // Whoever waited may have ended since; then the reply is nobody's.
                Held::Reply(to, envelope) => _ = answer(shared, to, envelope),
            }
        }
    }

    /// Takes back what was held.
    pub(crate) fn roll_back(&mut self, shared: &Shared) {
        for effect in self.held.drain(..) {
            if let Held::Message(to, envelope) = effect {
                shared.release(to, &envelope);
            }
        }
    }
}

/// Answers, and so need not tell the caller of its own end any more.
fn answer(shared: &Shared, to: ActorId, envelope: Box<Envelope>) -> Result<(), Status> {
    let cell = shared.table.cell(envelope.sender.slot);
    cell.owned().watchers.remove(&(to, envelope.reference));
    shared.reply(to, envelope)
}

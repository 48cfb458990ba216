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
    Message(ActorId, Envelope),
    Reply(ActorId, Envelope),
}

impl Effects {
    /// Held back, or let out at once.
    pub(crate) fn new(hold: bool) -> Effects {
        Effects { hold, held: Vec::new() }
    }

    /// Sends a message, now or at the return.
    pub(crate) fn send(&mut self, shared: &Shared, to: ActorId, envelope: Envelope) -> Result<(), Status> {
        if !self.hold {
            return shared.send(to, envelope);
        }
        shared.reserve(to, &envelope)?;
        self.held.push(Held::Message(to, envelope));
        Ok(())
    }

    /// Whether what is done now waits for the return.
    pub(crate) fn are_held(&self) -> bool {
        self.hold
    }

    /// Answers a request, now or at the return.
    pub(crate) fn reply(&mut self, shared: &Shared, to: ActorId, envelope: Envelope) -> Result<(), Status> {
        if !self.hold {
            return shared.reply(to, envelope);
        }
        if !shared.is_alive(to) {
            return Err(Status::NO_ACTOR);
        }
        self.held.push(Held::Reply(to, envelope));
        Ok(())
    }

    /// Lets out what was held; returns the requests, by caller and reference, that were answered.
    pub(crate) fn commit(&mut self, shared: &Shared) -> Vec<(ActorId, u64)> {
        let mut answered = Vec::new();
        for effect in self.held.drain(..) {
            match effect {
                Held::Message(to, envelope) => shared.send_reserved(to, envelope),
                Held::Reply(to, envelope) => {
                    answered.push((to, envelope.reference));
                    // Whoever waited may have ended since; then the reply is nobody's.
                    let _ = shared.reply(to, envelope);
                }
            }
        }
        answered
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

//! Who waits in the queues of one or more channels, and the one word that decides who wakes it.

use crate::pid::ActorId;
use crate::sync::{AtomicBool, Ordering};

/// An actor that waits, in as many queues as its select has arms. Whoever claims it first may complete it, and
/// must; to all others it is no longer there.
#[derive(Debug)]
pub(crate) struct Waiter {
    pub(crate) actor: ActorId,
    /// The select that was started, or 0 for the one that the actor is parked in.
    pub(crate) reference: u64,
    is_claimed: AtomicBool,
}

impl Waiter {
    /// One that waits.
    pub(crate) fn new(actor: ActorId, reference: u64) -> Waiter {
        Waiter { actor, reference, is_claimed: AtomicBool::new(false) }
    }

    /// Claims it: true for just one of all that try, the actor itself among them when it gives up.
    pub(crate) fn claim(&self) -> bool {
        self.is_claimed.compare_exchange(false, true, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// Whether nobody has claimed it yet.
    pub(crate) fn is_open(&self) -> bool {
        !self.is_claimed.load(Ordering::Acquire)
    }
}

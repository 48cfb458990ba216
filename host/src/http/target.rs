//! Who gets a request: looked up anew for each.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flower_abi::{Rights, Status};

use super::HttpTarget;
use crate::pid::ActorId;
use crate::shared::Shared;

/// A target, and whose turn it is.
pub(super) struct Target {
    wanted: HttpTarget,
    /// The serial of the member that had the last request.
    last: AtomicU64,
}

/// Why nobody gets a request.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoActor {
    #[error("no actor is registered as {0:?}")]
    Name(String),
    #[error("the group {0:?} has no members")]
    Group(String),
    #[error("no actor can be spawned: {0}")]
    Spawn(String),
}

impl Target {
    pub(super) fn new(wanted: HttpTarget) -> Target {
        Target { wanted, last: AtomicU64::new(0) }
    }

    /// The actor for the next request.
    pub(super) fn next(&self, shared: &Arc<Shared>) -> Result<ActorId, NoActor> {
        match &self.wanted {
            HttpTarget::Name(name) => shared
                .names
                .whereis(name)
                .filter(|(_, rights)| rights.contains(Rights::SEND))
                .map(|(id, _)| id)
                .ok_or_else(|| NoActor::Name(name.clone())),
            HttpTarget::Group(name) => self.member(shared, name).ok_or_else(|| NoActor::Group(name.clone())),
            HttpTarget::Spawn(spawn) => shared
                .spawn((**spawn).clone())
                .map(|(id, _)| id)
                .map_err(|error| NoActor::Spawn(error.to_string())),
        }
    }

    /// The member behind the last one, or the first.
    fn member(&self, shared: &Shared, name: &str) -> Option<ActorId> {
        let last = self.last.load(Ordering::Relaxed);
        let after = |serial| shared.groups.members(name, serial, 1).first().map(|(id, _)| *id);
        let id = after(last).or_else(|| after(0))?;
        self.last.store(id.serial, Ordering::Relaxed);
        Some(id)
    }
}

impl NoActor {
    /// Whether another time may be luckier.
    pub(super) fn status(status: Status) -> Option<&'static str> {
        match status {
            Status::MAILBOX_FULL => Some("the actor's mailbox is full"),
            Status::NO_ACTOR => Some("the actor has just ended"),
            Status::LIMIT => Some("a limit of the host is reached"),
            Status::SHUTTING_DOWN => Some("the host is shutting down"),
            _ => None,
        }
    }
}

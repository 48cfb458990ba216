//! Effects: what an actor under test did to the world, as plain data.

use std::time::Duration;

use flower_abi::{Codec, SendOptions};
use serde::de::DeserializeOwned;

use crate::actor::{Actor, CALL, HEAD_SIZE};
use crate::message::{self, DecodeError};
use crate::reference::{MonitorRef, RequestRef, TimerRef};
use crate::{ExitReason, Message, Pid};

/// One thing that an actor did.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub enum Effect {
    /// It sent a message, or cast a call.
    Sent {
        /// To whom.
        to: Recipient,
        /// What.
        message: Recorded,
    },
    /// It asked somebody; the answer comes from [`TestActor::answer`](super::TestActor::answer).
    Asked {
        /// Whom.
        to: Pid,
        /// What it will know the answer by; none where it waited for it.
        request: Option<RequestRef>,
        /// What.
        message: Recorded,
    },
    /// It answered a request of which it had kept the token, or the one that it was given.
    Replied {
        /// Who had asked.
        to: Pid,
        /// What.
        message: Recorded,
    },
    /// It spawned an actor.
    Spawned {
        /// The new actor, which is nobody.
        pid: Pid,
        /// By which export, or for a function what logs call it.
        entry: String,
        /// Of which module; empty for its own.
        module: String,
        /// Under which name; empty without.
        name: String,
        /// With what.
        args: Recorded,
        /// Whether it is linked.
        linked: bool,
        /// The monitor, if it is monitored.
        monitor: Option<MonitorRef>,
    },
    /// It started a timer; [`Event::Timer`](crate::Event::Timer) lets one to itself fire.
    Timer {
        /// Which.
        timer: TimerRef,
        /// After what time it fires.
        delay: Duration,
        /// How often it fires again; zero for once.
        every: Duration,
        /// To whom it sends; none for an event to itself.
        to: Option<Pid>,
        /// What it sends.
        message: Recorded,
    },
    /// It gave up a timer, monitor or request, by its number.
    Cancelled(u64),
    /// It monitored somebody.
    Monitored(Pid, MonitorRef),
    /// It linked itself with somebody.
    Linked(Pid),
    /// It removed a link.
    Unlinked(Pid),
    /// It gave somebody a name.
    Registered(String, Pid),
    /// It took a name away.
    Unregistered(String),
    /// It made somebody a member of a group.
    JoinedGroup(String, Pid),
    /// It took back a join.
    LeftGroup(String, Pid),
    /// It sent an exit signal.
    Signalled(Pid, ExitReason),
    /// It killed somebody.
    Killed(Pid),
    /// It asked somebody to stop.
    Stopped(Pid),
    /// It slept.
    Slept(Duration),
    /// It asked for a notice of room.
    WaitsForRoom(Pid),
}

/// Whom a message was for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Recipient {
    /// This actor.
    Pid(Pid),
    /// Whoever holds this name.
    Name(String),
    /// The members of this group.
    Group(String),
}

impl From<Pid> for Recipient {
    fn from(pid: Pid) -> Recipient {
        Recipient::Pid(pid)
    }
}

/// A message as it would have travelled.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Recorded {
    codec: Codec,
    fingerprint: u64,
    body: Vec<u8>,
}

impl Recorded {
    pub(super) fn new(codec: u32, fingerprint: u64, body: &[u8]) -> Recorded {
        Recorded { codec: Codec(codec), fingerprint, body: body.to_vec() }
    }

    pub(super) fn sent(options: &SendOptions, body: &[u8]) -> Recorded {
        Recorded::new(options.codec, options.fingerprint, body)
    }

    /// Reads it.
    ///
    /// # Errors
    /// When it is not a `T`.
    pub fn decode<T: Message>(&self) -> Result<T, DecodeError> {
        message::decode(self.codec, self.fingerprint, &self.body)
    }

    /// Which method of an `A` it calls, if it is such a call in the binary codec.
    pub fn method<A: Actor>(&self) -> Option<&'static str> {
        let (head, _) = self.body.split_first_chunk::<HEAD_SIZE>()?;
        let (protocol, method) = head.split_at(8);
        let own = self.fingerprint == CALL && protocol == A::PROTOCOL.fingerprint.to_le_bytes();
        let method = usize::from(u16::from_le_bytes([method[0], method[1]]));
        A::PROTOCOL.methods.get(method).filter(|_| own).copied()
    }

    /// The arguments of such a call, as a tuple.
    ///
    /// # Errors
    /// When they are not a `T`.
    pub fn args<T: DeserializeOwned>(&self) -> Result<T, DecodeError> {
        message::from_binary(self.body.get(HEAD_SIZE..).unwrap_or_default())
    }
}

//! The caller's side: typed addresses, and calls before they are sent.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use flower_abi::{Codec, Delivery, NEVER, SendOptions};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::protocol::{CALL, Failure};
use super::{Actor, serve};
use crate::buffer::Buffer;
use crate::clock::{Instant, deadline};
use crate::envelope::Envelope;
use crate::message::{self, EncodeError};
use crate::pending::Pending;
use crate::reference::{Held, MonitorRef, RequestRef, TimerRef};
use crate::{Address, CallError, Pid, PidError, SendError, call, handle, host, monitor};

/// How long a call waits that says nothing about it, as in Erlang.
const PATIENCE: Duration = Duration::from_secs(5);

/// The address of a typed actor, whatever its type: what every client is at least.
///
/// The client that [`#[flower::actor]`](macro@crate::actor) makes is one with a method for each message.
/// Both are plain data, like a [`Pid`], and can be sent in messages.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ActorRef(Pid);

impl ActorRef {
    /// The actor.
    pub fn pid(&self) -> Pid {
        self.0
    }

    /// Whether it is alive, as far as is known here and now.
    pub fn is_alive(&self) -> bool {
        crate::is_alive(self.0)
    }

    /// Asks it to end, once it has served what was sent to it before. Returns whether it was still
    /// there to be asked. Never waits.
    ///
    /// # Errors
    /// [`PidError::NotPermitted`] when the pid lacks the right.
    pub fn stop(&self) -> Result<bool, PidError> {
        crate::stop(self.0)
    }

    /// The same, and parks the caller until it has ended, no longer than `timeout`.
    ///
    /// # Errors
    /// [`CallError::Timeout`] when it has not ended by then; [`CallError::NotPermitted`] when the pid
    /// lacks the right.
    pub fn stop_wait(&self, timeout: Duration) -> Result<bool, CallError> {
        let mut end = Held::new(host::monitor(self.0.0, Delivery::Held)?);
        match host::stop(self.0.0) {
            Err(flower_abi::Status::NO_ACTOR) => return Ok(false),
            asked => asked?,
        }
        end.wait(deadline(timeout)).ok_or(CallError::Timeout)??;
        Ok(true)
    }

    /// Watches it: its end comes once, as a [`Down`](crate::Down).
    ///
    /// # Errors
    /// As [`monitor`](crate::monitor()).
    pub fn monitor(&self) -> Result<MonitorRef, PidError> {
        monitor(self.0)
    }
}

impl From<Pid> for ActorRef {
    fn from(pid: Pid) -> ActorRef {
        ActorRef(pid)
    }
}

impl From<&ActorRef> for Address<'_> {
    fn from(actor: &ActorRef) -> Self {
        Address::Pid(actor.0)
    }
}

impl fmt::Debug for ActorRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A call of a typed actor that has not been sent yet: what the methods of a client give.
///
/// `R` is what the method returns. One that returns a `Result` gives the caller that very `Result`,
/// within the one that tells whether there was an answer: `account.draw(5).call()??`.
#[must_use = "nothing is sent before `call`, `defer`, `start` or `cast`"]
pub struct Call<A, R> {
    to: Pid,
    body: Result<Buffer, EncodeError>,
    timeout: Option<Duration>,
    types: PhantomData<fn() -> (A, R)>,
}

impl<A: Actor, R: DeserializeOwned> Call<A, R> {
    #[doc(hidden)]
    pub fn new<T: Serialize>(to: ActorRef, method: u16, args: &T) -> Call<A, R> {
        let mut body = Buffer::outgoing();
        body.reserve(32);
        body.extend_from_slice(&A::PROTOCOL.fingerprint.to_le_bytes());
        body.extend_from_slice(&method.to_le_bytes());
        debug_assert_eq!(body.len(), serve::HEAD_SIZE);
        let written = handle::writing(&mut body, |body| message::write(Codec::BINARY, args, body));
        Call { to: to.0, body: written.map(|()| body), timeout: None, types: PhantomData }
    }

    /// How long the caller waits for the answer. Without one, [`call`](Call::call) waits 5 s, and what
    /// is deferred has no deadline.
    pub fn timeout(mut self, timeout: Duration) -> Call<A, R> {
        self.timeout = Some(timeout);
        self
    }

    /// Sends it and parks the caller until the answer. A handler has [`start`](Call::start).
    ///
    /// # Errors
    /// [`CallError::Died`] at once when the actor ends first, with the reason; [`CallError::NoActor`]
    /// when it had ended; [`CallError::ProtocolMismatch`] when it is of another version; else as
    /// [`call`](crate::call()).
    pub fn call(self) -> Result<R, CallError> {
        let timeout = self.timeout.unwrap_or(PATIENCE);
        let body = self.body?;
        let options = handle::with_handles(&body, OPTIONS);
        let answer = call::exchange(Address::Pid(self.to), &body, options, timeout)?;
        read::<A, R>(&answer)
    }

    /// Sends it and goes on; the answer is waited for later. A refusal is what the wait gives.
    pub fn defer(self) -> Pending<R> {
        let deadline = self.deadline();
        Pending::new(self.open(Delivery::Held, NEVER), read::<A, R>).by(deadline)
    }

    /// Sends it and goes on; the answer comes as [`Event::Answer`](crate::Event::Answer), whose `decode`
    /// gives an `R`. This is how a handler calls.
    ///
    /// # Errors
    /// Why it was refused.
    pub fn start(self) -> Result<RequestRef, CallError> {
        let deadline = self.deadline();
        self.open(Delivery::Message, deadline).map(RequestRef)
    }

    /// Sends it and wants no answer. Never waits.
    ///
    /// # Errors
    /// As [`send`](crate::send()).
    pub fn cast(self) -> Result<(), SendError> {
        let body = self.body?;
        Ok(host::send(self.to.0, &body, &handle::with_handles(&body, OPTIONS))?)
    }

    /// The same after `delay`.
    ///
    /// # Errors
    /// As [`send_after`](crate::send_after).
    pub fn cast_after(self, delay: Duration) -> Result<TimerRef, SendError> {
        let first = (Instant::now() + delay).0;
        let body = self.body?;
        let options = handle::with_handles(&body, OPTIONS);
        Ok(TimerRef(host::timer_start(first, 0, Some(self.to.0), &body, &options)?))
    }

    fn deadline(&self) -> u64 {
        self.timeout.map_or(NEVER, deadline)
    }

    fn open(self, delivery: Delivery, deadline: u64) -> Result<u64, CallError> {
        let body = self.body?;
        let options = handle::with_handles(&body, OPTIONS);
        call::open_with(Address::Pid(self.to), &body, options, delivery, deadline)
    }
}

impl<A, R> fmt::Debug for Call<A, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Call(to {})", self.to)
    }
}

#[cfg(not(target_family = "wasm"))]
impl<A, R> Call<A, R> {
    /// What would be sent.
    pub(crate) fn into_body(self) -> Result<Buffer, EncodeError> {
        self.body
    }
}

/// Of every call in the binary codec.
pub(crate) const OPTIONS: SendOptions =
    SendOptions { codec: Codec::BINARY.0, fingerprint: CALL, ..SendOptions::RAW };

/// Reads the answer of an `A`. The type needs no look: the actor has found the protocol to be the same.
pub(crate) fn read<A: Actor, R: DeserializeOwned>(answer: &Envelope) -> Result<R, CallError> {
    match Failure::of(answer) {
        Some(failure) => Err(failure.said_by(&A::PROTOCOL).into()),
        None => Ok(answer.reading(|| message::read(answer.codec(), answer.bytes()))?),
    }
}

/// A client: an [`ActorRef`] to which `#[flower::actor]` gives a method for each message.
#[doc(hidden)]
#[macro_export]
macro_rules! __client {
    ($(#[$doc:meta])* $client:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $client($crate::ActorRef);

        impl ::core::convert::From<$crate::Pid> for $client {
            fn from(pid: $crate::Pid) -> $client {
                $client($crate::ActorRef::from(pid))
            }
        }

        impl ::core::convert::From<&$client> for $crate::Address<'_> {
            fn from(client: &$client) -> Self {
                $crate::Address::Pid(client.0.pid())
            }
        }

        impl ::core::ops::Deref for $client {
            type Target = $crate::ActorRef;

            fn deref(&self) -> &$crate::ActorRef {
                &self.0
            }
        }

        impl ::core::fmt::Debug for $client {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                ::core::write!(f, "{}({:?})", ::core::stringify!($client), self.0)
            }
        }

        impl $crate::__private::Serialize for $client {
            fn serialize<S: $crate::__private::Serializer>(
                &self,
                serializer: S,
            ) -> ::core::result::Result<S::Ok, S::Error> {
                $crate::__private::Serialize::serialize(&self.0, serializer)
            }
        }

        impl<'de> $crate::__private::Deserialize<'de> for $client {
            fn deserialize<D: $crate::__private::Deserializer<'de>>(
                deserializer: D,
            ) -> ::core::result::Result<$client, D::Error> {
                $crate::__private::Deserialize::deserialize(deserializer).map($client)
            }
        }
    };
}

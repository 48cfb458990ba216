//! The split form of operations on channels: what a handler, which may not wait, does in their place.
//!
//! It starts them, and is told by an event what was done.

use flower_abi::{Arm, Codec, NEVER};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::promote::Stays;
use super::remote::{Travel, Written, arm_of, says_closed};
use super::{Receiver, Sender};
use crate::envelope::Envelope;
use crate::reference::SelectRef;
use crate::{DecodeError, Message, SelectError, host};

/// Several operations, of which the first that can go ahead is done; the completion is an
/// [`Event::Selected`](crate::Event::Selected). Of several that can go ahead, one is chosen at random.
///
/// ```no_run
/// use flower::channel::StartSelect;
/// use flower::{Event, Flow, Handler, Receiver, Sender};
///
/// /// Passes numbers on, one at a time, and adds one.
/// struct Next(Receiver<u32>, Sender<u32>);
///
/// impl Handler for Next {
///     type Args = (Receiver<u32>, Sender<u32>);
///
///     fn start((from, to): Self::Args) -> Next {
///         from.start_recv().expect("few wait");
///         Next(from, to)
///     }
///
///     fn handle(&mut self, event: Event) -> Flow {
///         let Event::Selected(done) = event else { return Flow::Continue };
///         if done.is_closed() {
///             return Flow::Stop;
///         }
///         match done.value::<u32>() {
///             Ok(Some(n)) => self.1.start_send(&(n + 1)).expect("few wait"),
///             _ => self.0.start_recv().expect("few wait"),
///         };
///         Flow::Continue
///     }
/// }
/// # flower::handler!(Next);
/// # fn main() {}
/// ```
#[must_use = "nothing is done before it is started"]
#[derive(Default)]
pub struct StartSelect {
    arms: Vec<Part>,
    biased: bool,
    refused: Option<SelectError>,
}

/// An arm: an endpoint, and what is sent.
struct Part {
    handle: u64,
    written: Option<Written>,
}

impl StartSelect {
    /// Without arms.
    pub fn new() -> StartSelect {
        StartSelect::default()
    }

    /// Chooses the first that can go ahead, in the order in which they were added.
    pub fn biased(mut self) -> StartSelect {
        self.biased = true;
        self
    }

    /// Receives from a channel.
    pub fn recv<T: Serialize + DeserializeOwned>(self, receiver: &Receiver<T>) -> StartSelect {
        let promoted = receiver.chan.promoted(Travel::NEW).map_err(SelectError::from);
        self.arm(promoted.map(|remote| Part { handle: remote.receiver_number(), written: None }))
    }

    /// Sends into a channel.
    pub fn send<T: Serialize + DeserializeOwned>(self, sender: &Sender<T>, value: &T) -> StartSelect {
        let promoted = sender.chan.promoted(Travel::NEW).map_err(SelectError::from);
        self.arm(promoted.and_then(|remote| {
            let written = remote.try_write(sender.chan.codec(), value)?;
            Ok(Part { handle: remote.sender_number(), written: Some(written) })
        }))
    }

    fn arm(mut self, part: Result<Part, SelectError>) -> StartSelect {
        match part {
            Ok(part) => self.arms.push(part),
            Err(error) => self.refused = self.refused.or(Some(error)),
        }
        self
    }

    /// Starts it.
    ///
    /// # Errors
    /// Why it was not started: nothing is done then.
    pub fn start(self) -> Result<SelectRef, SelectError> {
        if let Some(refused) = self.refused {
            return Err(refused);
        }
        let arm = |part: &Part| match &part.written {
            Some(written) => written.arm(part.handle),
            None => Arm { kind: Arm::RECEIVE, handle: part.handle, ..Arm::default() },
        };
        let arms: Vec<Arm> = self.arms.iter().map(arm).collect();
        let flags = if self.biased { Arm::BIASED } else { 0 };
        Ok(SelectRef(host::select_start(&arms, flags, NEVER)?))
    }
}

impl From<Stays> for SelectError {
    fn from(stays: Stays) -> SelectError {
        match stays {
            Stays::Refused(status) => status.into(),
            Stays::Unfit => SelectError::Limit,
        }
    }
}

impl<T: Serialize + DeserializeOwned> Receiver<T> {
    /// Starts to receive a value, which comes as an [`Event::Selected`](crate::Event::Selected). This is how a handler
    /// receives.
    ///
    /// # Errors
    /// Why it was not started.
    pub fn start_recv(&self) -> Result<SelectRef, SelectError> {
        StartSelect::new().recv(self).start()
    }
}

impl<T: Serialize + DeserializeOwned> Sender<T> {
    /// Starts to send a value; an [`Event::Selected`](crate::Event::Selected) tells that it was received, or has found
    /// room. This is how a handler sends.
    ///
    /// # Errors
    /// Why it was not started.
    pub fn start_send(&self, value: &T) -> Result<SelectRef, SelectError> {
        StartSelect::new().send(self, value).start()
    }
}

/// What was done of a [`StartSelect`].
#[derive(Debug)]
pub struct Selected(Envelope);

impl Selected {
    pub(crate) fn new(envelope: Envelope) -> Selected {
        Selected(envelope)
    }

    /// Which select this completes.
    pub fn select(&self) -> SelectRef {
        SelectRef(self.0.info().reference)
    }

    /// Which of its arms was done, in the order in which they were added.
    pub fn arm(&self) -> usize {
        arm_of(&self.0)
    }

    /// Whether the channel of the arm is closed: nothing was sent, or nothing is left to be received.
    pub fn is_closed(&self) -> bool {
        says_closed(&self.0)
    }

    /// What was received; `None` of an arm that sends, and of a closed channel.
    ///
    /// # Errors
    /// When it is not a `T`.
    pub fn value<T: Message>(&self) -> Result<Option<T>, DecodeError> {
        let is_empty = self.0.codec() == Codec::RAW && self.0.bytes().is_empty();
        if self.is_closed() || is_empty { Ok(None) } else { self.0.decode().map(Some) }
    }
}

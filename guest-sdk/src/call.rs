//! Calls: a request and its answer, and the token that answers.

use std::fmt;
use std::time::Duration;

use flower_abi::{Delivery, MessageInfo, NEVER, SendOptions, Status};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::actor::Failure;
use crate::clock::deadline;
use crate::envelope::Envelope;
use crate::event::reason;
use crate::message::{self, outgoing};
use crate::pending::Pending;
use crate::reference::RequestRef;
use crate::{Address, CallError, Message, Pid, SendError, hex, host};

/// Sends a request and parks the actor until the answer, no longer than `timeout`.
///
/// Other messages stay where they are and are not looked at. An answer that comes too late is
/// dropped and never seen. May not be called in a handler, which has [`start_request`].
///
/// ```no_run
/// # use std::time::Duration;
/// let sum: u32 = flower::call("adder", &(1_u32, 2_u32), Duration::from_secs(1))?;
/// # Ok::<(), flower::CallError>(())
/// ```
///
/// # Errors
/// [`CallError::Timeout`]; [`CallError::Died`] at once when the callee ends first;
/// [`CallError::CalledSelf`]; or why the request was refused.
pub fn call<'a, Req: Message + ?Sized, Resp: Message>(
    to: impl Into<Address<'a>>,
    request: &Req,
    timeout: Duration,
) -> Result<Resp, CallError> {
    let (body, options) = outgoing(request)?;
    read(&exchange(to.into(), &body, options, timeout)?)
}

/// Sends a request and goes on; the answer is [waited for](Pending::wait) later.
///
/// A refusal is what the wait gives. Many requests may be under way at once.
pub fn request<'a, Req: Message + ?Sized, Resp: Message>(
    to: impl Into<Address<'a>>,
    request: &Req,
) -> Pending<Resp> {
    Pending::new(open(to.into(), request, Delivery::Held, NEVER), read)
}

/// Sends a request whose answer comes as [`Event::Answer`](crate::Event::Answer), no later than
/// `timeout`. This is how a handler calls: it never waits.
///
/// # Errors
/// Why the request was refused.
pub fn start_request<'a, Req: Message + ?Sized>(
    to: impl Into<Address<'a>>,
    request: &Req,
    timeout: Duration,
) -> Result<RequestRef, CallError> {
    open(to.into(), request, Delivery::Message, deadline(timeout)).map(RequestRef)
}

/// The token to answer a request with.
///
/// It is plain data: it can be kept and answered later, or sent to somebody else who answers. The
/// first answer counts. Dropping it answers nothing; the caller waits until its timeout.
#[must_use = "the caller waits for an answer"]
pub struct Reply {
    caller: flower_abi::Pid,
    reference: u64,
    tag: u64,
}

impl Reply {
    pub(crate) fn new(info: &MessageInfo) -> Reply {
        Reply { caller: info.sender, reference: info.reference, tag: info.reply_tag }
    }

    /// Who waits for the answer.
    pub fn caller(&self) -> Pid {
        Pid(self.caller)
    }

    /// Answers. An answer that nobody waits for any more is dropped, which is not an error.
    ///
    /// # Errors
    /// [`SendError::NoActor`] when the caller has ended, [`SendError::TooLarge`],
    /// [`SendError::NotPermitted`] when the token is not the host's.
    pub fn send<M: Message + ?Sized>(self, answer: &M) -> Result<(), SendError> {
        let (body, options) = outgoing(answer)?;
        self.send_as(&body, &options)
    }

    /// Answers with a body that is encoded already.
    pub(crate) fn send_as(self, body: &[u8], options: &SendOptions) -> Result<(), SendError> {
        Ok(host::reply(&self.to_bytes(), body, options)?)
    }

    pub(crate) fn to_bytes(&self) -> [u8; MessageInfo::TOKEN_SIZE] {
        let mut bytes = [0; MessageInfo::TOKEN_SIZE];
        bytes[..32].copy_from_slice(&self.caller.to_bytes());
        bytes[32..40].copy_from_slice(&self.reference.to_le_bytes());
        bytes[40..].copy_from_slice(&self.tag.to_le_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8; MessageInfo::TOKEN_SIZE]) -> Reply {
        let (words, _) = bytes.as_chunks::<8>();
        let (pid, _) = bytes.as_chunks::<32>();
        let caller = flower_abi::Pid::from_bytes(&pid[0]);
        Reply { caller, reference: u64::from_le_bytes(words[4]), tag: u64::from_le_bytes(words[5]) }
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reply(to {} for {})", self.caller, self.reference)
    }
}

/// Hexadecimal text in JSON, bytes in the binary codec.
impl Serialize for Reply {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        hex::serialize(&self.to_bytes(), serializer)
    }
}

impl<'de> Deserialize<'de> for Reply {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Reply, D::Error> {
        hex::deserialize_array(deserializer).map(|bytes| Reply::from_bytes(&bytes))
    }
}

/// Reads an answer; a typed actor's may be the reason for which it did not serve the request.
pub(crate) fn read<Resp: Message>(answer: &Envelope) -> Result<Resp, CallError> {
    match Failure::of(answer) {
        Some(failure) => Err(failure.into()),
        None => Ok(answer.decode()?),
    }
}

/// The same for an answer whose type the header does not tell.
pub(crate) fn read_untyped<Resp: DeserializeOwned>(answer: &Envelope) -> Result<Resp, CallError> {
    match Failure::of(answer) {
        Some(failure) => Err(failure.into()),
        None => Ok(answer.reading(|| message::read(answer.codec(), answer.bytes()))?),
    }
}

pub(crate) fn exchange(
    to: Address<'_>,
    body: &[u8],
    options: SendOptions,
    timeout: Duration,
) -> Result<Envelope, CallError> {
    let deadline = deadline(timeout);
    match host::call(to.resolve()?, body, &until(options, deadline), deadline) {
        (Status::OK, envelope) => Ok(envelope),
        (Status::ACTOR_DIED, envelope) => Err(CallError::Died(reason(&envelope))),
        (status, _) => Err(status.into()),
    }
}

fn open<Req: Message + ?Sized>(
    to: Address<'_>,
    request: &Req,
    delivery: Delivery,
    deadline: u64,
) -> Result<u64, CallError> {
    let (body, options) = outgoing(request)?;
    open_with(to, &body, options, delivery, deadline)
}

/// Opens a request, and returns its reference.
pub(crate) fn open_with(
    to: Address<'_>,
    body: &[u8],
    options: SendOptions,
    delivery: Delivery,
    deadline: u64,
) -> Result<u64, CallError> {
    Ok(host::request(to.resolve()?, body, &until(options, deadline), delivery, deadline)?)
}

/// Tells the callee until when the answer is of use.
fn until(options: SendOptions, deadline: u64) -> SendOptions {
    SendOptions { deadline: if deadline == NEVER { 0 } else { deadline }, ..options }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pid::tests::sample;
    use flower_abi::Rights;

    #[test]
    fn a_token_is_plain_data() {
        let reply = Reply { caller: sample(9, Rights::PEER).0, reference: 0x0102, tag: u64::MAX };
        let text = serde_json::to_string(&reply).unwrap();
        let back: Reply = serde_json::from_str(&text).unwrap();
        assert_eq!(back.to_bytes(), reply.to_bytes());
        assert_eq!(format!("{back:?}"), "Reply(to <0.9> for 258)");
        assert_eq!(reply.to_bytes()[32..40], [2, 1, 0, 0, 0, 0, 0, 0]);
    }
}

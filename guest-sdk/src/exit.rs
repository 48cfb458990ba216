//! Ends: why an actor ended, and how to end one.

use std::fmt;

use flower_abi::exit::{LimitCode, TrapCode};
use flower_abi::{Codec, ExitTag, MessageInfo};
use serde::{Deserialize, Serialize};

use crate::buffer::Buffer;
use crate::entry::flush_output;
use crate::message::{self, Bytes};
use crate::{DecodeError, Message, Pid, PidError, host};

/// Why an actor ended.
///
/// The same reason is seen by every link, monitor and joiner, once. It can be sent in messages.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(into = "Wire", from = "Wire")]
#[non_exhaustive]
pub enum ExitReason {
    /// It returned, or exited with this value.
    Normal(ExitValue),
    /// It was asked to end, or ended in good order; the value says more.
    Shutdown(ExitValue),
    /// It ended with this value as its error.
    Error(ExitValue),
    /// It panicked.
    Panic {
        /// What the panic said.
        message: String,
        /// File, line and column.
        location: String,
    },
    /// It trapped.
    Trap {
        /// Which trap it was.
        code: TrapCode,
        /// A sentence about it.
        detail: String,
    },
    /// It met a limit.
    Limit {
        /// Which limit it was.
        code: LimitCode,
        /// A sentence about it.
        detail: String,
    },
    /// It ran longer than it may without waiting.
    OutOfTime,
    /// It was killed.
    Killed,
    /// There was no such actor.
    NoProcess,
    /// Its node cannot be reached.
    NoConnection,
    /// The host failed it; the host's log has more under this id.
    HostError(String),
    /// It called `std::process::exit` with this status, which is not 0.
    ExitCode(u32),
    /// A reason of a newer host: its tag, code and detail.
    Other(u32, u32, Bytes),
}

impl ExitReason {
    /// A normal end with a value. One that cannot be encoded makes it an [`error`](Self::error).
    pub fn normal<M: Message + ?Sized>(value: &M) -> ExitReason {
        ExitValue::new(value).map_or_else(Into::into, ExitReason::Normal)
    }

    /// An end in good order, without more to say.
    pub fn shutdown() -> ExitReason {
        ExitReason::Shutdown(ExitValue::default())
    }

    /// An end with an error value.
    pub fn error<M: Message + ?Sized>(value: &M) -> ExitReason {
        ExitValue::new(value).map_or_else(Into::into, ExitReason::Error)
    }

    /// Whether a supervisor would call it abnormal: anything but `Normal` and `Shutdown`.
    pub fn is_abnormal(&self) -> bool {
        !matches!(self, ExitReason::Normal(_) | ExitReason::Shutdown(_))
    }

    /// The value of `Normal`, `Shutdown` or `Error`.
    ///
    /// # Errors
    /// When it is another reason, or its value not a `T`.
    pub fn value<T: Message>(&self) -> Result<T, DecodeError> {
        match self {
            ExitReason::Normal(value) | ExitReason::Shutdown(value) | ExitReason::Error(value) => {
                value.decode()
            }
            other => Err(DecodeError::Malformed(format!("{other} has no value"))),
        }
    }

    /// The reason in a message of the host.
    pub(crate) fn of(info: &MessageInfo, detail: &[u8]) -> ExitReason {
        ExitReason::from(Wire { tag: info.exit_tag, code: info.exit_code, detail: Bytes(detail.to_vec()) })
    }
}

/// What an actor leaves behind when it ends: a value that whoever learns of the end can decode.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct ExitValue {
    codec: u32,
    bytes: Vec<u8>,
}

impl ExitValue {
    pub(crate) fn new<M: Message + ?Sized>(value: &M) -> Result<ExitValue, message::EncodeError> {
        let mut bytes = Vec::new();
        value.encode(&mut bytes)?;
        Ok(ExitValue { codec: M::CODEC.0, bytes })
    }

    /// Reads the value. No value is `()`.
    ///
    /// # Errors
    /// When the bytes are not a `T`; an exit value carries no fingerprint.
    pub fn decode<T: Message>(&self) -> Result<T, DecodeError> {
        T::decode(Codec(self.codec), &self.bytes)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Its bytes, in the codec that the actor chose.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl fmt::Debug for ExitValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// JSON as it is, anything else by its length.
impl fmt::Display for ExitValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match std::str::from_utf8(&self.bytes) {
            Ok(text) if self.codec == Codec::JSON.0 => f.write_str(text),
            _ => write!(f, "{} bytes", self.bytes.len()),
        }
    }
}

impl From<message::EncodeError> for ExitReason {
    fn from(error: message::EncodeError) -> ExitReason {
        ExitReason::error(error.to_string().as_str())
    }
}

impl fmt::Display for ExitReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ExitReason::Normal(value) => with_value(f, "normal", value),
            ExitReason::Shutdown(value) => with_value(f, "shutdown", value),
            ExitReason::Error(value) => with_value(f, "error", value),
            ExitReason::Panic { message, location } => write!(f, "panicked at {location}: {message}"),
            ExitReason::Trap { code, detail } => write!(f, "trap, {}: {detail}", code.meaning()),
            ExitReason::Limit { code, detail } => write!(f, "limit, {}: {detail}", code.meaning()),
            ExitReason::OutOfTime => f.write_str("out of time"),
            ExitReason::Killed => f.write_str("killed"),
            ExitReason::NoProcess => f.write_str("no such actor"),
            ExitReason::NoConnection => f.write_str("no connection"),
            ExitReason::HostError(id) => write!(f, "host error {id}"),
            ExitReason::ExitCode(status) => write!(f, "exit code {status}"),
            ExitReason::Other(tag, code, _) => write!(f, "reason {tag}, code {code}"),
        }
    }
}

fn with_value(f: &mut fmt::Formatter<'_>, name: &str, value: &ExitValue) -> fmt::Result {
    if value.is_empty() { f.write_str(name) } else { write!(f, "{name}: {value}") }
}

/// A reason as the ABI has it.
#[derive(Serialize, Deserialize)]
struct Wire {
    tag: u32,
    code: u32,
    detail: Bytes,
}

impl From<Wire> for ExitReason {
    fn from(Wire { tag, code, detail: Bytes(bytes) }: Wire) -> ExitReason {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        match ExitTag::from_u32(tag) {
            Some(ExitTag::Normal) => ExitReason::Normal(ExitValue { codec: code, bytes }),
            Some(ExitTag::Shutdown) => ExitReason::Shutdown(ExitValue { codec: code, bytes }),
            Some(ExitTag::Error) => ExitReason::Error(ExitValue { codec: code, bytes }),
            Some(ExitTag::Panic) => {
                let (message, location) = bytes.split_at(bytes.len().min(code as usize));
                ExitReason::Panic { message: text(message), location: text(location) }
            }
            Some(ExitTag::Trap) => ExitReason::Trap { code: TrapCode(code), detail: text(&bytes) },
            Some(ExitTag::Limit) => ExitReason::Limit { code: LimitCode(code), detail: text(&bytes) },
            Some(ExitTag::OutOfTime) => ExitReason::OutOfTime,
            Some(ExitTag::Killed) => ExitReason::Killed,
            Some(ExitTag::NoProcess) => ExitReason::NoProcess,
            Some(ExitTag::NoConnection) => ExitReason::NoConnection,
            Some(ExitTag::HostError) => ExitReason::HostError(text(&bytes)),
            Some(ExitTag::ExitCode) => ExitReason::ExitCode(code),
            None => ExitReason::Other(tag, code, Bytes(bytes)),
        }
    }
}

impl From<ExitReason> for Wire {
    fn from(reason: ExitReason) -> Wire {
        let wire = |tag: ExitTag, code, bytes| Wire { tag: tag as u32, code, detail: Bytes(bytes) };
        match reason {
            ExitReason::Normal(value) => wire(ExitTag::Normal, value.codec, value.bytes),
            ExitReason::Shutdown(value) => wire(ExitTag::Shutdown, value.codec, value.bytes),
            ExitReason::Error(value) => wire(ExitTag::Error, value.codec, value.bytes),
            ExitReason::Panic { message, location } => {
                wire(ExitTag::Panic, message.len() as u32, (message + &location).into_bytes())
            }
            ExitReason::Trap { code, detail } => wire(ExitTag::Trap, code.0, detail.into_bytes()),
            ExitReason::Limit { code, detail } => wire(ExitTag::Limit, code.0, detail.into_bytes()),
            ExitReason::OutOfTime => wire(ExitTag::OutOfTime, 0, Vec::new()),
            ExitReason::Killed => wire(ExitTag::Killed, 0, Vec::new()),
            ExitReason::NoProcess => wire(ExitTag::NoProcess, 0, Vec::new()),
            ExitReason::NoConnection => wire(ExitTag::NoConnection, 0, Vec::new()),
            ExitReason::HostError(id) => wire(ExitTag::HostError, 0, id.into_bytes()),
            ExitReason::ExitCode(status) => wire(ExitTag::ExitCode, status, Vec::new()),
            ExitReason::Other(tag, code, detail) => Wire { tag, code, detail },
        }
    }
}

/// Only an actor's own kinds of end may be said by an actor: one that the host alone may say, such
/// as `Killed`, becomes an error with its text.
fn sayable(reason: ExitReason) -> Wire {
    use ExitReason::{Error, Normal, Shutdown};
    match reason {
        Normal(_) | Shutdown(_) | Error(_) => reason.into(),
        other => ExitReason::error(other.to_string().as_str()).into(),
    }
}

/// Ends the calling actor. What it printed is flushed; destructors do not run.
///
/// Only `Normal`, `Shutdown` and `Error` are an actor's own to say: another reason, handed on from a
/// [`Down`](crate::Down), ends it with `Error` and the reason's text.
pub fn exit(reason: ExitReason) -> ! {
    flush_output();
    #[cfg(not(target_family = "wasm"))]
    crate::testing::exiting(sayable(reason.clone()).into());
    let wire = sayable(reason);
    host::exit(wire.tag, wire.code, &wire.detail.0)
}

/// Ends the calling actor normally with a value, unless the value is `()`: then it does nothing.
pub(crate) fn exit_with<R: Message>(value: &R) {
    let mut body = Buffer::outgoing();
    if let Err(error) = value.encode(&mut body) {
        exit(error.into());
    }
    flush_output();
    if R::CODEC != Codec::JSON || body.as_slice() != b"null" {
        host::exit(ExitTag::Normal as u32, R::CODEC.0, &body);
    }
}

/// Sends an exit signal, as a link would: it ends the other actor unless that traps exits.
///
/// `Normal` ends nobody but the caller itself, if that does not trap exits; who does sees it as any other. The
/// reasons that may be given are those of [`exit`]. An actor that has ended already is not an error.
///
/// # Errors
/// [`PidError::NotPermitted`] when the pid lacks the right.
pub fn exit_signal(pid: Pid, reason: ExitReason) -> Result<(), PidError> {
    #[cfg(not(target_family = "wasm"))]
    if let Some(sent) = crate::testing::signalled(pid, || sayable(reason.clone()).into()) {
        return Ok(sent?);
    }
    let wire = sayable(reason);
    Ok(host::exit_signal(pid.0, wire.tag, wire.code, &wire.detail.0)?)
}

/// Ends an actor at once; it cannot be caught. Links and monitors see [`ExitReason::Killed`].
///
/// An actor that has ended already is not an error.
///
/// # Errors
/// [`PidError::NotPermitted`] when the pid lacks the right.
pub fn kill(pid: Pid) -> Result<(), PidError> {
    Ok(host::kill(pid.0)?)
}

/// Asks an actor to end with `Shutdown`, once it has seen the messages sent to it before.
///
/// Returns whether it was still there to be asked.
///
/// # Errors
/// [`PidError::NotPermitted`] when the pid lacks the right.
pub fn stop(pid: Pid) -> Result<bool, PidError> {
    match host::stop(pid.0) {
        Err(flower_abi::Status::NO_ACTOR) => Ok(false),
        other => Ok(other.map(|()| true)?),
    }
}

/// Chooses whether a [`stop`] comes as [`Event::Stop`](crate::Event::Stop) instead of ending the
/// caller. Returns what was chosen before.
pub fn trap_stop(on: bool) -> bool {
    host::trap_stop(on)
}

/// Whether the actor is alive, as far as is known here and now.
pub fn is_alive(pid: Pid) -> bool {
    host::is_alive(pid.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn examples() -> Vec<ExitReason> {
        vec![
            ExitReason::normal(&4),
            ExitReason::shutdown(),
            ExitReason::error("broken"),
            ExitReason::Panic { message: "oh".into(), location: "a.rs:1:2".into() },
            ExitReason::Trap { code: TrapCode::UNREACHABLE, detail: "x".into() },
            ExitReason::Limit { code: LimitCode::MEMORY, detail: "y".into() },
            ExitReason::OutOfTime,
            ExitReason::Killed,
            ExitReason::NoProcess,
            ExitReason::NoConnection,
            ExitReason::HostError("17".into()),
            ExitReason::ExitCode(3),
            ExitReason::Other(99, 1, Bytes(vec![0xff])),
        ]
    }

    #[test]
    fn every_reason_survives_the_wire_and_json() {
        for reason in examples() {
            assert_eq!(ExitReason::from(Wire::from(reason.clone())), reason);
            let text = serde_json::to_string(&reason).unwrap();
            assert_eq!(serde_json::from_str::<ExitReason>(&text).unwrap(), reason);
        }
    }

    #[test]
    fn values_are_decoded() {
        assert_eq!(ExitReason::normal(&4).value::<i32>(), Ok(4));
        assert_eq!(ExitReason::shutdown().value::<()>(), Ok(()));
        assert!(ExitReason::Killed.value::<()>().is_err());
        assert_eq!(ExitReason::error("no").to_string(), "error: \"no\"");
    }

    #[test]
    fn odd_details_are_no_panic() {
        let info = MessageInfo { exit_tag: 3, exit_code: u32::MAX, ..MessageInfo::EMPTY };
        let reason = ExitReason::of(&info, &[0xff, b'a']);
        assert_eq!(reason, ExitReason::Panic { message: "\u{fffd}a".into(), location: String::new() });
    }

    #[test]
    fn what_the_host_alone_may_say_is_passed_on_as_an_error() {
        assert_eq!(sayable(ExitReason::Killed).tag, ExitTag::Error as u32);
        assert_eq!(sayable(ExitReason::shutdown()).tag, ExitTag::Shutdown as u32);
    }
}

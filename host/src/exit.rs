//! Exit reasons: why an actor ended, for its links, monitors, joiners and the log.

use std::fmt;
use std::sync::{Arc, LazyLock};

use flower_abi::exit::{LimitCode, TrapCode};
use flower_abi::{Codec, ExitTag};
use wasmtime::{Config, Engine, Store, WasmBacktrace};

/// A value with the codec that its bytes are written in.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Value {
    /// How to read the bytes.
    pub codec: u32,
    /// The value; bounded by [`Limits::reason_bytes_max`](crate::Limits::reason_bytes_max).
    pub bytes: Vec<u8>,
}

impl Value {
    /// The value out of its JSON text, or `None` when it is in another codec or not JSON.
    pub fn json(&self) -> Option<serde_json::Value> {
        if self.codec != Codec::JSON.0 { None } else { serde_json::from_slice(&self.bytes).ok() }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match std::str::from_utf8(&self.bytes) {
            Ok(text) if self.codec != Codec::BINARY.0 => write!(f, "{}", text.escape_debug()),
            _ => write!(f, "{} bytes", self.bytes.len()),
        }
    }
}

/// Why an actor ended. Seen once, and the same, by every link, monitor and joiner.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExitReason {
    /// It returned, or exited of its own will, with this value.
    Normal(Value),
    /// It was stopped, or ended in good order.
    Shutdown(Value),
    /// It ended with an error value.
    Error(Value),
    /// It panicked.
    Panic {
        /// What the panic said.
        message: String,
        /// File, line and column, or empty.
        location: String,
    },
    /// It trapped.
    Trap {
        /// Which trap.
        code: TrapCode,
        /// What happened, in words.
        message: String,
    },
    /// It met a limit.
    Limit {
        /// Which limit.
        code: LimitCode,
        /// What happened, in words.
        message: String,
    },
    /// It ran longer than it may without waiting.
    OutOfTime,
    /// It was killed.
    Killed,
    /// There was no such actor.
    NoProcess,
    /// Its node cannot be reached.
    NoConnection,
    /// The host failed it.
    HostError {
        /// The id under which the host's log tells more.
        id: String,
    },
    /// The program called WASI's `proc_exit` with this status, which is not 0.
    ExitCode(u32),
}

impl ExitReason {
    /// A normal end without a value.
    pub const NORMAL: ExitReason = ExitReason::Normal(Value { codec: 0, bytes: Vec::new() });

    /// A trap of this code, described in words.
    pub(crate) fn trap(code: TrapCode, message: impl Into<String>) -> ExitReason {
        ExitReason::Trap { code, message: message.into() }
    }

    /// A limit that was met, described in words.
    pub(crate) fn limit(code: LimitCode, message: impl Into<String>) -> ExitReason {
        ExitReason::Limit { code, message: message.into() }
    }

    /// Whether this is a crash, which a log shows: neither the program's own will nor asked for.
    pub fn is_crash(&self) -> bool {
        use ExitReason::*;
        !matches!(self, Normal(_) | Shutdown(_) | Killed | ExitCode(_))
    }

    /// The reason that a guest's `exit` names by tag; other tags are not for guests to claim.
    pub(crate) fn from_guest(tag: u32, value: Value) -> Option<ExitReason> {
        match ExitTag::from_u32(tag)? {
            ExitTag::Normal => Some(ExitReason::Normal(value)),
            ExitTag::Shutdown => Some(ExitReason::Shutdown(value)),
            ExitTag::Error => Some(ExitReason::Error(value)),
            _ => None,
        }
    }

    /// Tag, code and detail on the wire.
    pub(crate) fn wire(&self) -> (ExitTag, u32, Vec<u8>) {
        use ExitReason::*;
        match self {
            Normal(value) => (ExitTag::Normal, value.codec, value.bytes.clone()),
            Shutdown(value) => (ExitTag::Shutdown, value.codec, value.bytes.clone()),
            Error(value) => (ExitTag::Error, value.codec, value.bytes.clone()),
            Panic { message, location } => {
                (ExitTag::Panic, message.len() as u32, [message.as_bytes(), location.as_bytes()].concat())
            }
            Trap { code, message } => (ExitTag::Trap, code.0, message.clone().into_bytes()),
            Limit { code, message } => (ExitTag::Limit, code.0, message.clone().into_bytes()),
            OutOfTime => (ExitTag::OutOfTime, 0, Vec::new()),
            Killed => (ExitTag::Killed, 0, Vec::new()),
            NoProcess => (ExitTag::NoProcess, 0, Vec::new()),
            NoConnection => (ExitTag::NoConnection, 0, Vec::new()),
            HostError { id } => (ExitTag::HostError, 0, id.clone().into_bytes()),
            ExitCode(code) => (ExitTag::ExitCode, *code, Vec::new()),
        }
    }
}

impl fmt::Display for ExitReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use ExitReason::*;
        match self {
            Normal(value) if value.bytes.is_empty() => write!(f, "normal"),
            Normal(value) => write!(f, "normal: {value}"),
            Shutdown(value) if value.bytes.is_empty() => write!(f, "shutdown"),
            Shutdown(value) => write!(f, "shutdown: {value}"),
            Error(value) => write!(f, "error: {value}"),
            Panic { message, location } if location.is_empty() => write!(f, "panic: {message}"),
            Panic { message, location } => write!(f, "panic at {location}: {message}"),
            Trap { message, .. } => write!(f, "trap: {message}"),
            Limit { message, .. } => write!(f, "limit: {message}"),
            OutOfTime => write!(f, "out of time: it ran longer than it may without waiting"),
            Killed => write!(f, "killed"),
            NoProcess => write!(f, "no such process"),
            NoConnection => write!(f, "no connection to its node"),
            HostError { id } => write!(f, "host error {id}; the host's log tells more"),
            ExitCode(code) => write!(f, "exit code {code}"),
        }
    }
}

/// Carries an exit reason up through wasm frames: a host call returns it to end its actor.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub(crate) struct ActorExit(pub(crate) Arc<ExitReason>);

impl ActorExit {
    /// An error that ends the actor for this reason.
    pub(crate) fn error(reason: impl Into<Arc<ExitReason>>) -> wasmtime::Error {
        let reason = reason.into();
        let is_crash = reason.is_crash();
        let error = wasmtime::Error::from(ActorExit(reason));
        if is_crash { error } else { error.context(no_backtrace()) }
    }
}

/// What keeps the engine from looking up where each frame of the guest stands, which takes a fifth of a
/// spawn and which nobody reads where the guest ended as it wanted to.
fn no_backtrace() -> WasmBacktrace {
    static STORE: LazyLock<Store<()>> = LazyLock::new(|| {
        let engine = Engine::new(Config::new().wasm_backtrace_max_frames(None));
        Store::new(&engine.expect("nothing else is asked for"), ())
    });
    WasmBacktrace::capture(&*STORE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_crash_is_traced() {
        let error = ActorExit::error(ExitReason::NORMAL);
        assert_eq!(error.downcast_ref::<WasmBacktrace>().map(|trace| trace.frames().len()), Some(0));
        assert_eq!(*error.downcast_ref::<ActorExit>().expect("it is in there").0, ExitReason::NORMAL);
        let error = ActorExit::error(ExitReason::trap(TrapCode::PROTOCOL, "bad"));
        assert!(!error.is::<WasmBacktrace>() && error.is::<ActorExit>());
    }

    #[test]
    fn guests_cannot_claim_to_have_been_killed() {
        assert_eq!(ExitReason::from_guest(ExitTag::Killed as u32, Value::default()), None);
        assert_eq!(ExitReason::from_guest(0, Value::default()), Some(ExitReason::NORMAL));
    }

    #[test]
    fn a_panic_keeps_message_and_location_apart_on_the_wire() {
        let panic = ExitReason::Panic { message: "boom".into(), location: "a.rs:1:2".into() };
        assert_eq!(panic.wire(), (ExitTag::Panic, 4, b"booma.rs:1:2".to_vec()));
    }
}

//! Protocols: what a typed actor understands, and why it did not serve a call.
//!
//! The wire format stands in `docs/typed-actors.md`.

use std::fmt;

pub(crate) use flower_abi::CALL;
pub(super) use flower_abi::FAILURE;
use flower_abi::fingerprint;
use serde::{Deserialize, Serialize};

use crate::envelope::Envelope;
use crate::{CallError, Message};

/// What a typed actor understands: its name, and its methods as they are written.
///
/// Both sides of a call are compiled with one; the fingerprint tells whether it is the same.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Protocol {
    /// The type of the actor.
    pub actor: &'static str,
    /// The names of its methods; a call names one by its place here.
    pub methods: &'static [&'static str],
    /// Name and signatures, as the fingerprint is taken of them.
    pub text: &'static str,
    /// The number that stands for the text.
    pub fingerprint: u64,
}

impl Protocol {
    /// Of an actor's name, the names of its methods, and its text.
    #[doc(hidden)]
    pub const fn new(actor: &'static str, methods: &'static [&'static str], text: &'static str) -> Protocol {
        Protocol { actor, methods, text, fingerprint: fingerprint(text) }
    }

    /// As it is told to others.
    fn version(&self) -> Version {
        Version { fingerprint: self.fingerprint, text: self.text.to_owned() }
    }
}

/// One side's protocol, in an error.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Version {
    /// Stands for the text.
    pub fingerprint: u64,
    /// Name and signatures; empty where only the fingerprint is known.
    pub text: String,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.text {
            "" => write!(f, "version {:016x}", self.fingerprint),
            text => write!(f, "`{text}` (version {:016x})", self.fingerprint),
        }
    }
}

/// A typed actor was asked for a method that it does not have.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct NoSuchMethod {
    /// The type of the actor.
    pub actor: String,
    /// The method that was asked for.
    pub method: String,
    /// Those that it has.
    pub methods: Vec<String>,
}

impl fmt::Display for NoSuchMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let NoSuchMethod { actor, method, methods } = self;
        write!(f, "{actor} has no method `{method}`: it has {}", methods.join(", "))
    }
}

/// A caller and a typed actor were built from different versions of the actor.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ProtocolMismatch {
    /// What the caller was built with.
    pub caller: Version,
    /// What the actor was built with.
    pub actor: Version,
}

impl fmt::Display for ProtocolMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ProtocolMismatch { caller, actor } = self;
        write!(f, "the caller was built with {caller}, the actor with {actor}: build both from one source")
    }
}

/// A typed actor could not read a call, or not write the answer to it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct BadCall {
    /// The type of the actor.
    pub actor: String,
    /// The method, if the call named one.
    pub method: String,
    /// What is wrong.
    pub detail: String,
}

impl fmt::Display for BadCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}::{}: {}", self.actor, self.method, self.detail)
    }
}

/// Why a typed actor did not serve a call: what it answers then.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) enum Failure {
    NoSuchMethod(NoSuchMethod),
    ProtocolMismatch(ProtocolMismatch),
    BadCall(BadCall),
}

impl Failure {
    pub(super) fn no_such_method(protocol: &Protocol, method: &str) -> Failure {
        let methods = protocol.methods.iter().map(|name| (*name).to_owned()).collect();
        Failure::NoSuchMethod(NoSuchMethod {
            actor: protocol.actor.to_owned(),
            method: method.to_owned(),
            methods,
        })
    }

    pub(super) fn mismatch(protocol: &Protocol, callers: u64) -> Failure {
        let caller = Version { fingerprint: callers, text: String::new() };
        Failure::ProtocolMismatch(ProtocolMismatch { caller, actor: protocol.version() })
    }

    pub(super) fn bad_call(protocol: &Protocol, method: &str, detail: impl fmt::Display) -> Failure {
        Failure::BadCall(BadCall {
            actor: protocol.actor.to_owned(),
            method: method.to_owned(),
            detail: detail.to_string(),
        })
    }

    /// The failure that an answer is, if it is one.
    pub(crate) fn of(answer: &Envelope) -> Option<Failure> {
        if answer.fingerprint() != FAILURE {
            return None;
        }
        let bad = |error| {
            Failure::BadCall(BadCall {
                actor: "the actor".to_owned(),
                method: String::new(),
                detail: format!("it failed, and the reason cannot be read: {error}"),
            })
        };
        Some(Failure::decode(answer.codec(), answer.bytes()).unwrap_or_else(bad))
    }

    /// The same for somebody who knows what the caller was built with.
    pub(super) fn said_by(self, caller: &Protocol) -> Failure {
        match self {
            Failure::ProtocolMismatch(mismatch) => {
                Failure::ProtocolMismatch(ProtocolMismatch { caller: caller.version(), ..mismatch })
            }
            other => other,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::NoSuchMethod(cause) => cause.fmt(f),
            Failure::ProtocolMismatch(cause) => cause.fmt(f),
            Failure::BadCall(cause) => cause.fmt(f),
        }
    }
}

impl From<Failure> for CallError {
    fn from(failure: Failure) -> CallError {
        match failure {
            Failure::NoSuchMethod(cause) => cause.into(),
            Failure::ProtocolMismatch(cause) => cause.into(),
            Failure::BadCall(cause) => cause.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: Protocol = Protocol::new("Counter", &["add"], "Counter { add(u32) -> u32 }");
    const NEW: Protocol = Protocol::new("Counter", &["add"], "Counter { add(u64) -> u64 }");

    #[test]
    fn a_mismatch_names_both_versions() {
        let text = Failure::mismatch(&NEW, OLD.fingerprint).said_by(&OLD).to_string();
        for protocol in [OLD, NEW] {
            let version = format!("`{}` (version {:016x})", protocol.text, protocol.fingerprint);
            assert!(text.contains(&version), "{text}");
        }
        let text = Failure::mismatch(&NEW, OLD.fingerprint).to_string();
        assert!(text.contains(&format!("built with version {:016x},", OLD.fingerprint)), "{text}");
    }

    #[test]
    fn the_numbers_of_the_wire_stay() {
        assert_eq!((CALL, FAILURE), (0xa6f9_ef75_d3ac_ff6e, 0x707c_d640_a6ce_56b8));
    }

    #[test]
    fn a_missing_method_names_actor_and_method() {
        let error = CallError::from(Failure::no_such_method(&OLD, "mul"));
        let text = error.to_string();
        assert!(text.ends_with("Counter has no method `mul`: it has add"), "{text}");
    }
}

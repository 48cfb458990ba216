//! The actor's side of a call: reads it, has the method run, and answers in the codec of the call.

use flower_abi::{Codec, SendOptions};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Actor;
use super::protocol::{FAILURE, Failure, Protocol};
use crate::buffer::Buffer;
use crate::envelope::Envelope;
use crate::{Message, SendError, handle, host, message};

/// What a method without arguments is called with: in JSON an empty array.
pub type NoArgs = [u8; 0];

/// A binary call begins with the fingerprint of the protocol and the number of the method.
pub(crate) const HEAD_SIZE: usize = 10;

/// A call as it arrived, with its method found and its arguments not read yet.
pub struct Invocation<'a> {
    envelope: &'a Envelope,
    protocol: &'static Protocol,
    method: &'static str,
    args: Args<'a>,
}

enum Args<'a> {
    Binary(&'a [u8]),
    Json(Value),
}

/// A call in JSON.
#[derive(Serialize, Deserialize)]
pub(super) struct Named<A> {
    /// The method's name.
    pub(super) method: String,
    /// Its arguments, as an array.
    #[serde(default)]
    pub(super) args: A,
    /// The fingerprint that the caller wants to hold, in hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) protocol: Option<String>,
}

/// Has one call served.
pub(super) fn serve<A: Actor>(actor: &mut A, envelope: &Envelope) {
    match Invocation::find(&A::PROTOCOL, envelope) {
        Ok((method, invocation)) => actor.dispatch(method, invocation),
        Err(failure) => fail(envelope, &failure),
    }
}

impl<'a> Invocation<'a> {
    fn find(protocol: &'static Protocol, envelope: &'a Envelope) -> Result<(usize, Invocation<'a>), Failure> {
        let (at, args) = match envelope.codec() {
            Codec::BINARY => find_binary(protocol, envelope.bytes())?,
            _ => find_named(protocol, envelope)?,
        };
        let method = protocol.methods[at];
        Ok((at, Invocation { envelope, protocol, method, args }))
    }

    /// Runs the method on the arguments, and answers what it returns.
    #[inline]
    pub fn run<T: DeserializeOwned, R: Serialize>(self, method: impl FnOnce(T) -> R) {
        match self.args() {
            Ok(args) => self.answer(&method(args)),
            Err(failure) => fail(self.envelope, &failure),
        }
    }

    fn args<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        let read = self.envelope.reading(|| match &self.args {
            Args::Binary(args) => message::from_binary(args).map_err(|error| error.to_string()),
            Args::Json(args) => T::deserialize(args).map_err(|error| error.to_string()),
        });
        read.map_err(|error| self.failure(format_args!("its arguments: {error}")))
    }

    fn answer<R: Serialize>(&self, value: &R) {
        let Some(reply) = self.envelope.reply() else { return };
        let codec = self.codec();
        let mut body = Buffer::outgoing();
        if let Err(error) = handle::writing(&mut body, |body| message::write(codec, value, body)) {
            return fail(self.envelope, &self.failure(format_args!("its answer: {error}")));
        }
        let options = handle::with_handles(&body, SendOptions { codec: codec.0, ..SendOptions::RAW });
        if let Err(flower_abi::Status::TOO_LARGE) = host::reply(&reply.to_bytes(), &body, &options) {
            fail(self.envelope, &self.failure(format_args!("its answer: {}", SendError::TooLarge)));
        }
    }

    fn codec(&self) -> Codec {
        match self.args {
            Args::Binary(_) => Codec::BINARY,
            Args::Json(_) => Codec::JSON,
        }
    }

    fn failure(&self, detail: std::fmt::Arguments<'_>) -> Failure {
        Failure::bad_call(self.protocol, self.method, detail)
    }
}

fn find_binary<'a>(protocol: &Protocol, body: &'a [u8]) -> Result<(usize, Args<'a>), Failure> {
    let Some((head, args)) = body.split_first_chunk::<HEAD_SIZE>() else {
        return Err(Failure::bad_call(protocol, "", "the call is cut short"));
    };
    let [f0, f1, f2, f3, f4, f5, f6, f7, m0, m1] = *head;
    let callers = u64::from_le_bytes([f0, f1, f2, f3, f4, f5, f6, f7]);
    if callers != protocol.fingerprint {
        return Err(Failure::mismatch(protocol, callers));
    }
    let method = usize::from(u16::from_le_bytes([m0, m1]));
    if method >= protocol.methods.len() {
        return Err(Failure::no_such_method(protocol, &format!("number {method}")));
    }
    Ok((method, Args::Binary(args)))
}

fn find_named<'a>(protocol: &Protocol, envelope: &Envelope) -> Result<(usize, Args<'a>), Failure> {
    let named: Named<Value> = Named::decode(envelope.codec(), envelope.bytes())
        .map_err(|error| Failure::bad_call(protocol, "", format_args!("the call: {error}")))?;
    if let Some(digits) = &named.protocol {
        let callers = u64::from_str_radix(digits, 16).unwrap_or_default();
        if callers != protocol.fingerprint {
            return Err(Failure::mismatch(protocol, callers));
        }
    }
    let Some(method) = protocol.methods.iter().position(|name| *name == named.method) else {
        return Err(Failure::no_such_method(protocol, &named.method));
    };
    let args = if named.args.is_null() { Value::Array(Vec::new()) } else { named.args };
    Ok((method, Args::Json(args)))
}

/// Tells the caller why, or stderr when nobody waits for an answer.
pub(super) fn fail(envelope: &Envelope, failure: &Failure) {
    let Some(reply) = envelope.reply() else {
        return eprintln!("a message from {} is lost: {failure}", envelope.sender());
    };
    let codec = if envelope.codec() == Codec::JSON { Codec::JSON } else { Codec::BINARY };
    let mut body = Buffer::outgoing();
    message::write(codec, failure, &mut body).expect("texts and numbers can be written");
    let options = SendOptions { codec: codec.0, fingerprint: FAILURE, ..SendOptions::RAW };
    // A caller that has ended needs no answer.
    let _gone = host::reply(&reply.to_bytes(), &body, &options);
}

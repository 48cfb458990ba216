//! Messages: how a Rust value becomes the bytes of a body, and back.

use std::any::type_name;
use std::fmt;

use flower_abi::{Codec, SendOptions};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::buffer::Buffer;
use crate::{depth, handle, hex};

/// What can be sent and received: every type that serde can write and read.
///
/// A value travels as JSON, which works for every such type, dynamic and self-describing ones
/// included. [`Binary`] sends it in a compact form instead, [`Raw`] is bytes as they are. A
/// receiver names the plain type and gets either form.
///
/// The header of a message carries the [`fingerprint`](Message::fingerprint) of its type, so that a
/// message of another type is an error for its receiver and never a misread value.
/// [`serde_json::Value`] has none: it can be sent to and received from any type.
pub trait Message {
    /// How [`encode`](Message::encode) writes the body.
    const CODEC: Codec;

    /// The name of the type on the wire.
    fn type_name() -> &'static str;

    /// A number that stands for the type; 0 for one that stands for any.
    fn fingerprint() -> u64 {
        flower_abi::fingerprint(Self::type_name())
    }

    /// Appends the body to `out`.
    ///
    /// # Errors
    /// What serde says, for a value that the format cannot express: in JSON, a map whose keys are
    /// neither text nor numbers.
    fn encode(&self, out: &mut Vec<u8>) -> Result<(), EncodeError>;

    /// Reads a body that was written in `codec`.
    ///
    /// # Errors
    /// [`DecodeError::Codec`] or [`DecodeError::Malformed`]; no bytes make it panic.
    fn decode(codec: Codec, body: &[u8]) -> Result<Self, DecodeError>
    where
        Self: Sized;
}

impl<T: Serialize + DeserializeOwned> Message for T {
    const CODEC: Codec = Codec::JSON;

    fn type_name() -> &'static str {
        type_name::<T>()
    }

    fn fingerprint() -> u64 {
        let name = type_name::<T>();
        if name == type_name::<Value>() { 0 } else { flower_abi::fingerprint(name) }
    }

    fn encode(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        write(Codec::JSON, self, out)
    }

    fn decode(codec: Codec, body: &[u8]) -> Result<T, DecodeError> {
        read(codec, body)
    }
}

/// Text may be sent without owning it; it is received as a [`String`].
impl Message for str {
    const CODEC: Codec = Codec::JSON;

    fn type_name() -> &'static str {
        type_name::<String>()
    }

    fn encode(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        serde_json::to_writer(out, self).map_err(EncodeError::new)
    }
}

/// Sends its value in a compact binary form (postcard) instead of JSON.
///
/// ```no_run
/// # let pid = flower::self_pid();
/// flower::send(pid, &flower::Binary(vec![1, 2, 3]))?;
/// let numbers: Vec<i32> = flower::receive()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// The form does not describe itself: types that look at their input before they decide
/// (`serde_json::Value`, untagged enums, skipped fields) cannot be read back from it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Binary<T>(pub T);

impl<T: Serialize + DeserializeOwned> Message for Binary<T> {
    const CODEC: Codec = Codec::BINARY;

    fn type_name() -> &'static str {
        T::type_name()
    }

    fn fingerprint() -> u64 {
        T::fingerprint()
    }

    fn encode(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        write(Codec::BINARY, &self.0, out)
    }

    fn decode(codec: Codec, body: &[u8]) -> Result<Binary<T>, DecodeError> {
        T::decode(codec, body).map(Binary)
    }
}

/// A body of bytes as they are, without a type. Received as `Raw`, any message gives its bytes.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Raw(pub Vec<u8>);

impl Message for Raw {
    const CODEC: Codec = Codec::RAW;

    fn type_name() -> &'static str {
        "bytes"
    }

    fn fingerprint() -> u64 {
        0
    }

    fn encode(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        out.extend_from_slice(&self.0);
        Ok(())
    }

    fn decode(_: Codec, body: &[u8]) -> Result<Raw, DecodeError> {
        Ok(Raw(body.to_vec()))
    }
}

/// Bytes as a part of a message: hexadecimal text in JSON, plain in [`Binary`].
///
/// A `Vec<u8>` works too, but JSON writes it as a list of numbers.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub struct Bytes(pub Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        hex::serialize(&self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
        hex::deserialize(deserializer).map(Bytes)
    }
}

/// The value cannot be written in its codec.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EncodeError(String);

impl EncodeError {
    pub(crate) fn new(cause: impl fmt::Display) -> EncodeError {
        EncodeError(cause.to_string())
    }
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for EncodeError {}

/// Why a body is not the value that was asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum DecodeError {
    /// The header says that it is of another type.
    TypeMismatch {
        /// Name of the type that was asked for.
        expected: &'static str,
        /// Fingerprint of the type that it has.
        got: u64,
    },
    /// The body is in a codec that this type cannot be read from.
    Codec(Codec),
    /// The bytes do not make a value of the type; the text says where and why.
    Malformed(String),
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DecodeError::TypeMismatch { expected, got } => {
                write!(f, "expected a {expected}, got a type with fingerprint {got:016x}")
            }
            DecodeError::Codec(codec) => write!(f, "cannot be read from codec {}", codec.0),
            DecodeError::Malformed(cause) => write!(f, "malformed: {cause}"),
        }
    }
}

impl std::error::Error for DecodeError {}

/// The body of a message and the options that go with it.
pub(crate) fn outgoing<M: Message + ?Sized>(message: &M) -> Result<(Buffer, SendOptions), EncodeError> {
    let mut body = Buffer::outgoing();
    handle::writing(&mut body, |body| message.encode(body))?;
    let options = SendOptions { codec: M::CODEC.0, fingerprint: M::fingerprint(), ..SendOptions::RAW };
    let options = handle::with_handles(&body, options);
    Ok((body, options))
}

/// Appends a value to a body, in JSON or else in the compact binary form.
pub(crate) fn write<T: Serialize>(codec: Codec, value: &T, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    if codec == Codec::JSON {
        return serde_json::to_writer(out, value).map_err(EncodeError::new);
    }
    postcard::serialize_with_flavor(value, Appending(out)).map_err(EncodeError::new)
}

/// Appends the compact binary form to a body.
struct Appending<'a>(&'a mut Vec<u8>);

impl postcard::ser_flavors::Flavor for Appending<'_> {
    type Output = ();

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.push(byte);
        Ok(())
    }

    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}

/// Reads a body, if its fingerprint is the type's or says nothing.
pub(crate) fn decode<T: Message>(codec: Codec, fingerprint: u64, body: &[u8]) -> Result<T, DecodeError> {
    let expected = T::fingerprint();
    if fingerprint != expected && fingerprint != 0 && expected != 0 {
        return Err(DecodeError::TypeMismatch { expected: T::type_name(), got: fingerprint });
    }
    T::decode(codec, body)
}

/// Reads a body, whatever its fingerprint.
pub(crate) fn read<T: DeserializeOwned>(codec: Codec, body: &[u8]) -> Result<T, DecodeError> {
    match codec {
        Codec::JSON => from_json(body),
        Codec::BINARY => from_binary(body),
        // Nothing at all is how a host or a C program says `()`.
        Codec::RAW if body.is_empty() => from_json(b"null"),
        other => Err(DecodeError::Codec(other)),
    }
}

/// serde_json itself refuses what is nested deeper than [`depth::MAX`].
fn from_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, DecodeError> {
    serde_json::from_slice(body).map_err(malformed)
}

pub(crate) fn from_binary<T: DeserializeOwned>(body: &[u8]) -> Result<T, DecodeError> {
    let mut deserializer = postcard::Deserializer::from_bytes(body);
    let value = T::deserialize(depth::limit(&mut deserializer)).map_err(malformed)?;
    let rest = deserializer.finalize().map_err(malformed)?;
    if rest.is_empty() { Ok(value) } else { Err(malformed("trailing bytes")) }
}

fn malformed(cause: impl fmt::Display) -> DecodeError {
    DecodeError::Malformed(cause.to_string())
}

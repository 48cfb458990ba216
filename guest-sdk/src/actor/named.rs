//! Calls by name: for who does not know the type of an actor, or learns it at run time.

use std::time::Duration;

use flower_abi::{Codec, SendOptions};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::protocol::CALL;
use super::serve::Named;
use crate::buffer::Buffer;
use crate::message::{self, EncodeError};
use crate::{Address, CallError, SendError, call, handle, host};

/// Calls a method of a typed actor by its name, and parks the caller until the answer.
///
/// The arguments are a tuple. They travel as JSON, and nothing but them says whether they are of the
/// right types; [`CallError::BadCall`] tells when they are not. A client checks the same at compile time.
///
/// ```no_run
/// # use std::time::Duration;
/// let sum: u64 = flower::call_method("counter", "add", &(2,), Duration::from_secs(1))?;
/// # Ok::<(), flower::CallError>(())
/// ```
///
/// # Errors
/// [`CallError::NoSuchMethod`], which names the type of the actor and the method; else as
/// [`call`](crate::call()).
pub fn call_method<'a, A: Serialize, R: DeserializeOwned>(
    to: impl Into<Address<'a>>,
    method: &str,
    args: &A,
    timeout: Duration,
) -> Result<R, CallError> {
    let (body, options) = request(method, args)?;
    let answer = call::exchange(to.into(), &body, options, timeout)?;
    call::read_untyped(&answer)
}

/// Has a method of a typed actor run, by its name, and wants no answer. Never waits.
///
/// # Errors
/// As [`send`](crate::send()).
pub fn cast_method<'a, A: Serialize>(
    to: impl Into<Address<'a>>,
    method: &str,
    args: &A,
) -> Result<(), SendError> {
    let (body, options) = request(method, args)?;
    Ok(host::send(to.into().resolve()?, &body, &options)?)
}

/// The body of such a call, and the options that go with it.
pub(crate) fn request<A: Serialize>(method: &str, args: &A) -> Result<(Buffer, SendOptions), EncodeError> {
    let named = Named { method: method.to_owned(), args, protocol: None };
    let mut body = Buffer::outgoing();
    handle::writing(&mut body, |body| message::write(Codec::JSON, &named, body))?;
    let options = SendOptions { codec: Codec::JSON.0, fingerprint: CALL, ..SendOptions::RAW };
    let options = handle::with_handles(&body, options);
    Ok((body, options))
}

//! Sending: never waits, keeps the order per pair of actors, and says whether it was accepted.

use std::time::Duration;

use flower_abi::SendOptions;

use crate::clock::deadline;
use crate::message::outgoing;
use crate::reference::RoomRef;
use crate::{Address, Message, Pid, SendError, host};

/// Sends a message to a pid or a name. Never waits.
///
/// `Ok` means accepted, not yet processed: the receiver may still end before it takes the message.
///
/// # Errors
/// The reason for which the message was refused; it was not sent then.
///
/// ```no_run
/// flower::send("logger", "started")?;
/// # Ok::<(), flower::SendError>(())
/// ```
pub fn send<'a, M: Message + ?Sized>(to: impl Into<Address<'a>>, message: &M) -> Result<(), SendError> {
    let (body, options) = outgoing(message)?;
    deliver(to.into(), &body, &options)
}

/// Sends bytes as they are, without a type. Never waits.
///
/// # Errors
/// As [`send`].
pub fn send_bytes<'a>(to: impl Into<Address<'a>>, bytes: &[u8]) -> Result<(), SendError> {
    deliver(to.into(), bytes, &SendOptions::RAW)
}

/// Sends a message, and parks the actor while the receiver's mailbox is full, up to `timeout`.
///
/// # Errors
/// As [`send`], but [`SendError::Timeout`] in place of [`SendError::MailboxFull`].
pub fn send_wait<'a, M: Message + ?Sized>(
    to: impl Into<Address<'a>>,
    message: &M,
    timeout: Duration,
) -> Result<(), SendError> {
    let (body, options) = outgoing(message)?;
    let to = to.into().resolve()?;
    Ok(host::send_wait(to, &body, &options, || deadline(timeout))?)
}

/// Asks for an [`Event::Room`](crate::Event::Room) as soon as an actor's mailbox has room again:
/// what a handler does where other actors [`send_wait`].
///
/// # Errors
/// As [`send`].
pub fn notify_room(to: Pid) -> Result<RoomRef, SendError> {
    Ok(RoomRef(host::notify_room(to.0)?))
}

fn deliver(to: Address<'_>, body: &[u8], options: &SendOptions) -> Result<(), SendError> {
    match to {
        Address::Pid(pid) => host::send(pid.0, body, options)?,
        Address::Name(name) => host::send_named(name, body, options)?,
    }
    Ok(())
}

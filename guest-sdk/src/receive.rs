//! Receiving: the next message, the next of a type, or whatever comes.
//!
//! All of these park the actor and nobody else, and may not be called in a handler, which is given
//! its events. The host looks for what is wanted by the headers alone: messages of other types
//! stay where they are, in order, and are neither copied nor looked at.

use std::time::Duration;

use flower_abi::{Filter, Kind, MessageInfo, NEVER, Status};

use crate::clock::deadline;
use crate::event::{Down, Event, ExitSignal};
use crate::{DecodeError, Envelope, Message, ReceiveError, Reply, host};

/// What a receive can be asked for: every [`Message`], a [`Request`], an undecoded [`Envelope`], a
/// signal ([`Down`], [`ExitSignal`]), or an [`Event`], which is anything.
pub trait Receive: Sized {
    /// Which arrivals [`receive`] takes: those of its kind, of whatever type.
    fn next() -> Filter;

    /// Which arrivals [`receive!`](crate::receive!) takes: those that say that they are one.
    fn selected() -> Filter {
        Self::next()
    }

    /// Makes one out of what arrived.
    ///
    /// # Errors
    /// When the body is not what was asked for.
    fn from_envelope(envelope: Envelope) -> Result<Self, DecodeError>;
}

/// Takes the next message, as a `T`. Parks the actor until there is one.
///
/// Signals stay, unless `T` is one. To wait for a type and leave the others, use
/// [`receive!`](crate::receive!).
///
/// ```no_run
/// let (from, text): (flower::Pid, String) = flower::receive()?;
/// # Ok::<(), flower::ReceiveError>(())
/// ```
///
/// # Errors
/// [`ReceiveError::Decode`] when the message is not a `T`; it is taken all the same.
pub fn receive<T: Receive>() -> Result<T, ReceiveError> {
    next(NEVER)
}

/// Takes the next message, as [`receive`]. Parks the actor no longer than `timeout`.
///
/// # Errors
/// [`ReceiveError::Timeout`] when none came in time; else as [`receive`].
pub fn receive_timeout<T: Receive>(timeout: Duration) -> Result<T, ReceiveError> {
    next(deadline(timeout))
}

/// Takes the next message, as [`receive`], if there is one now. Never waits.
///
/// # Errors
/// As [`receive`].
pub fn poll<T: Receive>() -> Result<Option<T>, ReceiveError> {
    match receive_timeout(Duration::ZERO) {
        Err(ReceiveError::Timeout) => Ok(None),
        other => other.map(Some),
    }
}

/// Takes whatever comes next, messages and signals alike. Parks the actor until there is one.
pub fn receive_any() -> Event {
    loop {
        if let Ok(event) = receive() {
            return event;
        }
    }
}

/// Takes the next request, with the token to answer it. Parks the actor until there is one.
///
/// Messages that wait for no answer stay.
///
/// # Errors
/// [`ReceiveError::Decode`] when the request is not a `T`; it is taken all the same.
pub fn receive_request<T: Message>() -> Result<(T, Reply), ReceiveError> {
    let request: Request<T> = receive()?;
    Ok((request.message, request.reply))
}

/// Drops every message in the mailbox and returns how many there were. Signals stay.
pub fn flush() -> usize {
    host::flush() as usize
}

/// How many messages wait in the actor's own mailbox.
pub fn mailbox_len() -> usize {
    host::mailbox_len() as usize
}

/// A message whose sender waits for an answer.
#[derive(Debug)]
pub struct Request<T> {
    /// What is asked.
    pub message: T,
    /// The token to answer with.
    pub reply: Reply,
}

const fn of_kind(kind: Kind) -> Filter {
    Filter { fields: Filter::KIND, kind: kind as u32, ..Filter::ANY }
}

/// A type without a fingerprint cannot be told from others by the header.
fn of_type<T: Message>(filter: Filter) -> Filter {
    match T::fingerprint() {
        0 => filter,
        fingerprint => Filter { fields: filter.fields | Filter::FINGERPRINT, fingerprint, ..filter },
    }
}

impl<T: Message> Receive for T {
    fn next() -> Filter {
        of_kind(Kind::Message)
    }

    fn selected() -> Filter {
        of_type::<T>(of_kind(Kind::Message))
    }

    fn from_envelope(envelope: Envelope) -> Result<T, DecodeError> {
        envelope.decode()
    }
}

impl<T: Message> Receive for Request<T> {
    fn next() -> Filter {
        Filter { fields: Filter::KIND | Filter::REQUEST, ..of_kind(Kind::Message) }
    }

    fn selected() -> Filter {
        of_type::<T>(Self::next())
    }

    fn from_envelope(envelope: Envelope) -> Result<Request<T>, DecodeError> {
        let reply = Reply::new(&envelope.info());
        Ok(Request { message: envelope.decode()?, reply })
    }
}

impl Receive for Envelope {
    fn next() -> Filter {
        of_kind(Kind::Message)
    }

    fn from_envelope(envelope: Envelope) -> Result<Envelope, DecodeError> {
        Ok(envelope)
    }
}

impl Receive for Event {
    fn next() -> Filter {
        Filter::ANY
    }

    fn from_envelope(envelope: Envelope) -> Result<Event, DecodeError> {
        Ok(Event::new(envelope))
    }
}

impl Receive for Down {
    fn next() -> Filter {
        of_kind(Kind::Down)
    }

    fn from_envelope(envelope: Envelope) -> Result<Down, DecodeError> {
        Ok(Down::new(&envelope))
    }
}

impl Receive for ExitSignal {
    fn next() -> Filter {
        of_kind(Kind::Exit)
    }

    fn from_envelope(envelope: Envelope) -> Result<ExitSignal, DecodeError> {
        Ok(ExitSignal::new(&envelope))
    }
}

fn next<T: Receive>(deadline: u64) -> Result<T, ReceiveError> {
    let envelope = host::receive(&[T::next()], deadline)?;
    Ok(T::from_envelope(envelope)?)
}

/// What [`receive!`](crate::receive!) expands to: the first arrival that one of the filters
/// matches, with the number of that filter; `None` when the time is over.
#[doc(hidden)]
pub fn select(filters: &[Filter], timeout: Option<Duration>) -> Option<(usize, Envelope)> {
    let deadline = timeout.map_or(NEVER, deadline);
    match host::receive(filters, deadline) {
        Ok(envelope) => Some((matching(filters, &envelope.info()), envelope)),
        Err(Status::TIMED_OUT) => None,
        Err(status) => unreachable!("receive answers {status:?}"),
    }
}

/// The host found that one matches; it is the last when no other does.
fn matching(filters: &[Filter], info: &MessageInfo) -> usize {
    let last = filters.len().saturating_sub(1);
    filters.iter().position(|filter| filter.matches(info)).unwrap_or(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::envelope::tests::arrived;
    use serde_json::Value;

    #[test]
    fn a_type_is_selected_by_its_fingerprint() {
        let info = arrived(&5_u32).info();
        assert!(u32::selected().matches(&info) && Value::selected().matches(&info));
        assert!(!u64::selected().matches(&info) && !Down::selected().matches(&info));
        assert!(u64::next().matches(&info) && Event::next().matches(&info));
    }

    #[test]
    fn a_request_is_a_message_but_not_the_other_way_round() {
        let mut info = arrived(&5_u32).info();
        assert!(!Request::<u32>::selected().matches(&info));
        info.flags = MessageInfo::REQUEST;
        assert!(Request::<u32>::selected().matches(&info) && u32::selected().matches(&info));
    }

    #[test]
    fn the_first_alternative_that_matches_counts() {
        let filters = [u64::selected(), u32::selected(), Value::selected()];
        assert_eq!(matching(&filters, &arrived(&5_u32).info()), 1);
        assert_eq!(matching(&filters, &arrived("x").info()), 2);
    }
}

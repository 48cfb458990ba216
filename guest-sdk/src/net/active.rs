//! Active sockets: what comes is a message.

use std::net::SocketAddr;

use flower_abi::{Filter, Kind, SocketEvent};

use crate::{DecodeError, Envelope, Receive};

/// How long a socket is active.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Active {
    /// As long as it is open.
    Always,
    /// For one message.
    Once,
    /// For so many messages.
    Count(u32),
    /// Not.
    Off,
}

impl Active {
    pub(super) fn to_wire(self) -> (u32, u32) {
        match self {
            Active::Off | Active::Count(0) => (0, 0),
            Active::Once => (1, 1),
            Active::Count(count) => (1, count),
            Active::Always => (2, 0),
        }
    }
}

/// Which socket of the actor a message is about.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct SocketId(pub(super) u64);

/// What happened to a socket.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum SocketChange {
    /// This came.
    Data(Vec<u8>),
    /// This datagram came from there.
    Datagram(Vec<u8>, SocketAddr),
    /// The peer sends nothing more.
    Closed,
    /// The connection has failed; the text says how.
    Error(String),
    /// It can be read, or accepted from, as a handler's `notify_readable` asked.
    Readable,
    /// It can be written to, as a handler's `notify_writable` asked.
    Writable,
}

/// A message about a socket. It can be [received](crate::receive()) like any other, and a handler finds it in
/// [`Event::Socket`](crate::Event::Socket).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SocketMessage {
    /// Which one.
    pub socket: SocketId,
    /// What happened to it.
    pub change: SocketChange,
}

/// A socket is ready, as `notify_readable` or `notify_writable` asked. A handler is told so in [`Event::Socket`](crate::Event::Socket).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SocketReady {
    /// Which one.
    pub socket: SocketId,
    /// Whether it can be written to; else it can be read, or accepted from.
    pub writable: bool,
}

impl Receive for SocketReady {
    fn next() -> Filter {
        Filter { fields: Filter::KIND, kind: Kind::Ready as u32, ..Filter::ANY }
    }

    fn from_envelope(envelope: Envelope) -> Result<SocketReady, DecodeError> {
        let SocketMessage { socket, change } = SocketMessage::new(envelope);
        Ok(SocketReady { socket, writable: change == SocketChange::Writable })
    }
}

impl SocketMessage {
    pub(crate) fn new(envelope: Envelope) -> SocketMessage {
        let info = envelope.info();
        let bytes = envelope.bytes();
        let is = |event: SocketEvent| info.exit_code == event as u32;
        let change = if is(SocketEvent::Closed) {
            SocketChange::Closed
        } else if is(SocketEvent::Error) {
            SocketChange::Error(String::from_utf8_lossy(bytes).into_owned())
        } else if is(SocketEvent::Readable) {
            SocketChange::Readable
        } else if is(SocketEvent::Writable) {
            SocketChange::Writable
        } else {
            data(bytes, info.exit_tag as usize)
        };
        let handle = if info.kind == Kind::Ready as u32 { info.id } else { info.reference };
        SocketMessage { socket: SocketId(handle), change }
    }
}

/// The last bytes are the sender's address, for datagrams.
fn data(bytes: &[u8], address_len: usize) -> SocketChange {
    let (body, address) = bytes.split_at(bytes.len().saturating_sub(address_len));
    match std::str::from_utf8(address).ok().and_then(|address| address.parse().ok()) {
        Some(address) => SocketChange::Datagram(body.to_vec(), address),
        None => SocketChange::Data(body.to_vec()),
    }
}

impl Receive for SocketMessage {
    fn next() -> Filter {
        Filter { fields: Filter::KIND, kind: Kind::Socket as u32, ..Filter::ANY }
    }

    fn from_envelope(envelope: Envelope) -> Result<SocketMessage, DecodeError> {
        Ok(SocketMessage::new(envelope))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flower_abi::MessageInfo;

    fn read(event: SocketEvent, body: &[u8], address_len: u32) -> SocketMessage {
        let kind = Kind::Socket as u32;
        let info = MessageInfo {
            kind,
            reference: 7,
            exit_code: event as u32,
            exit_tag: address_len,
            ..MessageInfo::EMPTY
        };
        SocketMessage::new(Envelope::of(&info, body))
    }

    #[test]
    fn a_message_tells_what_happened_to_which_socket() {
        let data = read(SocketEvent::Data, b"hi", 0);
        assert_eq!(data, SocketMessage { socket: SocketId(7), change: SocketChange::Data(b"hi".to_vec()) });
        let from = "127.0.0.1:5".parse().expect("an address");
        assert_eq!(
            read(SocketEvent::Data, b"hi127.0.0.1:5", 11).change,
            SocketChange::Datagram(b"hi".to_vec(), from)
        );
        assert_eq!(read(SocketEvent::Closed, b"", 0).change, SocketChange::Closed);
        assert_eq!(read(SocketEvent::Error, b"why", 0).change, SocketChange::Error("why".to_owned()));
    }
}

//! What goes wrong on the network, and where.

use std::{fmt, io};

use flower_abi::Status;

use crate::host;

/// What went wrong.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum NetErrorKind {
    /// It was not granted to this actor.
    PermissionDenied,
    /// Nobody listens there.
    ConnectionRefused,
    /// The peer, or the network, has broken the connection off.
    ConnectionReset,
    /// The connection has ended.
    BrokenPipe,
    /// The socket has no peer.
    NotConnected,
    /// Something else has that address.
    AddressInUse,
    /// This machine has no such address.
    AddressNotAvailable,
    /// There is no way to that address.
    Unreachable,
    /// The name has no address, or the path no socket.
    NameNotFound,
    /// The time is over.
    TimedOut,
    /// It would have to wait.
    WouldBlock,
    /// The machine has no descriptors left.
    NoDescriptors,
    /// The actor, or the host, has as many sockets as it may.
    Limit,
    /// The encryption failed.
    Tls,
    /// Something else.
    Other,
}

/// Why an operation on the network failed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NetError {
    /// What went wrong.
    pub kind: NetErrorKind,
    /// The address or name that it is about, if there is one.
    pub at: String,
    /// What else the host has to say.
    pub text: String,
}

impl NetError {
    /// What a status means, with what the host has to say besides.
    pub(crate) fn of(status: Status, at: impl fmt::Display) -> NetError {
        let text = if status == Status::WOULD_PARK { String::new() } else { host::net_error() };
        NetError { kind: NetErrorKind::of(status), at: at.to_string(), text }
    }
}

impl NetErrorKind {
    pub(crate) fn of(status: Status) -> NetErrorKind {
        match status {
            Status::NOT_PERMITTED => NetErrorKind::PermissionDenied,
            Status::CONNECTION_REFUSED => NetErrorKind::ConnectionRefused,
            Status::CONNECTION_RESET => NetErrorKind::ConnectionReset,
            Status::BROKEN_PIPE => NetErrorKind::BrokenPipe,
            Status::NOT_CONNECTED => NetErrorKind::NotConnected,
            Status::ADDRESS_IN_USE => NetErrorKind::AddressInUse,
            Status::ADDRESS_NOT_AVAILABLE => NetErrorKind::AddressNotAvailable,
            Status::UNREACHABLE => NetErrorKind::Unreachable,
            Status::NAME_NOT_FOUND => NetErrorKind::NameNotFound,
            Status::TIMED_OUT => NetErrorKind::TimedOut,
            Status::WOULD_PARK => NetErrorKind::WouldBlock,
            Status::NO_DESCRIPTORS => NetErrorKind::NoDescriptors,
            Status::LIMIT => NetErrorKind::Limit,
            Status::TLS => NetErrorKind::Tls,
            _ => NetErrorKind::Other,
        }
    }

    fn to_io(self) -> io::ErrorKind {
        match self {
            NetErrorKind::PermissionDenied => io::ErrorKind::PermissionDenied,
            NetErrorKind::ConnectionRefused => io::ErrorKind::ConnectionRefused,
            NetErrorKind::ConnectionReset => io::ErrorKind::ConnectionReset,
            NetErrorKind::BrokenPipe => io::ErrorKind::BrokenPipe,
            NetErrorKind::NotConnected => io::ErrorKind::NotConnected,
            NetErrorKind::AddressInUse => io::ErrorKind::AddrInUse,
            NetErrorKind::AddressNotAvailable => io::ErrorKind::AddrNotAvailable,
            NetErrorKind::Unreachable => io::ErrorKind::HostUnreachable,
            NetErrorKind::NameNotFound => io::ErrorKind::NotFound,
            NetErrorKind::TimedOut => io::ErrorKind::TimedOut,
            NetErrorKind::WouldBlock => io::ErrorKind::WouldBlock,
            NetErrorKind::Tls => io::ErrorKind::InvalidData,
            _ => io::ErrorKind::Other,
        }
    }
}

/// `ConnectionRefused 127.0.0.1:9`, `PermissionDenied: net connect 10.0.0.1:443 is not granted`.
impl fmt::Display for NetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.kind)?;
        let says_more = matches!(
            self.kind,
            NetErrorKind::PermissionDenied | NetErrorKind::Tls | NetErrorKind::Limit | NetErrorKind::Other
        );
        match &*self.text {
            text if says_more && !text.is_empty() => write!(f, ": {text}"),
            _ if self.at.is_empty() => Ok(()),
            _ => write!(f, " {}", self.at),
        }
    }
}

impl std::error::Error for NetError {}

impl From<NetError> for io::Error {
    fn from(error: NetError) -> io::Error {
        io::Error::new(error.kind.to_io(), error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_what_and_where() {
        let error = |kind, text: &str| NetError { kind, at: "127.0.0.1:9".to_owned(), text: text.to_owned() };
        let refused =
            error(NetErrorKind::ConnectionRefused, "127.0.0.1:9: Connection refused (os error 111)");
        assert_eq!(refused.to_string(), "ConnectionRefused 127.0.0.1:9");
        let denied = error(NetErrorKind::PermissionDenied, "net connect 10.0.0.1:443 is not granted");
        assert_eq!(denied.to_string(), "PermissionDenied: net connect 10.0.0.1:443 is not granted");
        assert_eq!(io::Error::from(denied).kind(), io::ErrorKind::PermissionDenied);
    }
}

//! What goes wrong with sockets: the status that the guest gets, and the words that say more.

use std::io;

use flower_abi::Status;

/// Why an operation of a socket failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NetError {
    pub(crate) status: Status,
    /// What the status does not say, or nothing.
    pub(crate) text: String,
}

/// The result of an attempt.
pub(crate) type NetResult<T> = Result<T, NetError>;

impl NetError {
    /// It would have to wait.
    pub(crate) const WOULD_PARK: NetError = NetError { status: Status::WOULD_PARK, text: String::new() };
    /// The handle stands for something else.
    pub(crate) const INVALID: NetError = NetError { status: Status::INVALID, text: String::new() };

    pub(crate) fn new(status: Status, text: impl Into<String>) -> NetError {
        NetError { status, text: text.into() }
    }
}

impl From<Status> for NetError {
    fn from(status: Status) -> NetError {
        NetError::new(status, "")
    }
}

impl From<io::Error> for NetError {
    fn from(error: io::Error) -> NetError {
        let status = match (error.kind(), error.raw_os_error()) {
            (io::ErrorKind::WouldBlock, _) => return NetError::WOULD_PARK,
            (_, Some(libc::EMFILE | libc::ENFILE)) => Status::NO_DESCRIPTORS,
            (io::ErrorKind::ConnectionRefused, _) => Status::CONNECTION_REFUSED,
            (io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted, _) => {
                Status::CONNECTION_RESET
            }
            (io::ErrorKind::BrokenPipe, _) => Status::BROKEN_PIPE,
            (io::ErrorKind::NotConnected, _) => Status::NOT_CONNECTED,
            (io::ErrorKind::AddrInUse, _) => Status::ADDRESS_IN_USE,
            (io::ErrorKind::AddrNotAvailable, _) => Status::ADDRESS_NOT_AVAILABLE,
            (io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable, _) => Status::UNREACHABLE,
            (io::ErrorKind::TimedOut, _) => Status::TIMED_OUT,
            (io::ErrorKind::NotFound, _) => Status::NAME_NOT_FOUND,
            (io::ErrorKind::PermissionDenied, _) => Status::NOT_PERMITTED,
            _ => Status::IO,
        };
        NetError::new(status, error.to_string())
    }
}

impl From<rustix::io::Errno> for NetError {
    fn from(errno: rustix::io::Errno) -> NetError {
        io::Error::from(errno).into()
    }
}

//! One socket and what can be tried with it; nothing here waits.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use parking_lot::Mutex;
use rustix::net::{RecvFlags, SendFlags, SocketFlags};
use socket2::{Domain, SockAddr, Type};

use super::ahead::Ahead;
use super::error::{NetError, NetResult};
use super::tls::Tls;
use super::{Active, Interest, Reactor, Source};
use crate::budget::HeldDescriptor;
use crate::limits::NET_BACKLOG;

/// What a socket is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    TcpListener,
    Tcp,
    Udp,
    UnixListener,
    Unix,
}

impl Kind {
    /// The kind with this number of the ABI.
    pub(crate) fn from_u32(kind: u32) -> Option<Kind> {
        Some(match kind {
            0 => Kind::TcpListener,
            1 => Kind::Tcp,
            2 => Kind::Udp,
            3 => Kind::UnixListener,
            4 => Kind::Unix,
            _ => return None,
        })
    }

    fn is_listener(self) -> bool {
        matches!(self, Kind::TcpListener | Kind::UnixListener)
    }

    /// What a listener of this kind accepts.
    fn accepted(self) -> Option<Kind> {
        match self {
            Kind::TcpListener => Some(Kind::Tcp),
            Kind::UnixListener => Some(Kind::Unix),
            _ => None,
        }
    }
}

/// Where a socket is, or its peer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Address {
    Ip(SocketAddr),
    /// A path, empty for a socket that has none.
    Unix(PathBuf),
}

impl Address {
    fn to_socket(&self) -> NetResult<SockAddr> {
        match self {
            Address::Ip(address) => Ok((*address).into()),
            Address::Unix(path) => SockAddr::unix(path).map_err(NetError::from),
        }
    }

    fn of_socket(address: &SockAddr) -> Address {
        match address.as_socket() {
            Some(address) => Address::Ip(address),
            None => Address::Unix(address.as_pathname().map(PathBuf::from).unwrap_or_default()),
        }
    }

    fn domain(&self) -> Domain {
        match self {
            Address::Ip(SocketAddr::V4(_)) => Domain::IPV4,
            Address::Ip(SocketAddr::V6(_)) => Domain::IPV6,
            Address::Unix(_) => Domain::UNIX,
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Ip(address) => address.fmt(f),
            Address::Unix(path) => path.display().fmt(f),
        }
    }
}

/// A socket of an actor.
#[derive(Debug)]
pub(crate) struct Socket {
    pub(crate) source: Arc<Source>,
    pub(crate) kind: Kind,
    /// Encrypts a stream.
    pub(super) tls: Mutex<Option<Box<Tls>>>,
    pub(super) ahead: Mutex<Ahead>,
    pub(crate) active: Mutex<Active>,
    /// What it takes of the budget of who opened it.
    pub(crate) held: Option<HeldDescriptor>,
}

impl Socket {
    pub(super) fn watched(
        reactor: &Arc<Reactor>,
        socket: socket2::Socket,
        kind: Kind,
        ready: bool,
    ) -> NetResult<Socket> {
        let source = Source::new(reactor, socket, ready)?;
        let (tls, ahead, active) = Default::default();
        Ok(Socket { source, kind, tls, ahead, active, held: None })
    }

    /// A listener, or a socket for datagrams, at an address.
    pub(crate) fn bind(reactor: &Arc<Reactor>, kind: Kind, address: &Address) -> NetResult<Socket> {
        let ty = if kind == Kind::Udp { Type::DGRAM } else { Type::STREAM };
        let socket = socket2::Socket::new(address.domain(), ty.nonblocking(), None)?;
        if kind == Kind::TcpListener {
            // As the standard library does: connections that are still closing do not keep the port.
            socket.set_reuse_address(true)?;
        }
        socket.bind(&address.to_socket()?)?;
        if kind.is_listener() {
            socket.listen(NET_BACKLOG)?;
        }
        Socket::watched(reactor, socket, kind, true)
    }

    /// Begins a connection. It is there, or has failed, when the socket can be written to: [`Socket::connected`] tells.
    pub(crate) fn connect(reactor: &Arc<Reactor>, kind: Kind, address: &Address) -> NetResult<Socket> {
        let ty = if kind == Kind::Udp { Type::DGRAM } else { Type::STREAM };
        let socket = socket2::Socket::new(address.domain(), ty.nonblocking(), None)?;
        match socket.connect(&address.to_socket()?) {
            Ok(()) => {}
            Err(error) if error.raw_os_error() == Some(libc::EINPROGRESS) => {}
            // A Unix listener whose queue is full.
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                return Err(NetError::new(
                    flower_abi::Status::CONNECTION_REFUSED,
                    "too many wait to be accepted",
                ));
            }
            Err(error) => return Err(error.into()),
        }
        Socket::watched(reactor, socket, kind, false)
    }

    /// Whether a connection that was begun has come about.
    pub(crate) fn connected(&self) -> NetResult<()> {
        match self.source.socket.take_error()? {
            Some(error) => Err(error.into()),
            None => Ok(()),
        }
    }

    /// Accepts a connection that waits.
    pub(crate) fn try_accept(&self, reactor: &Arc<Reactor>) -> NetResult<Socket> {
        let kind = self.kind.accepted().ok_or(NetError::INVALID)?;
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let accepted =
            self.attempt(Interest::Read, || Ok(rustix::net::accept_with(&self.source.socket, flags)?))?;
        Socket::watched(reactor, accepted.into(), kind, true)
    }

    /// Reads what is there; 0 at the end. With `peek` it stays there.
    pub(crate) fn try_read(&self, buffer: &mut [u8], peek: bool) -> NetResult<usize> {
        if self.kind.is_listener() {
            return Err(NetError::INVALID);
        }
        if let Some(tls) = &mut *self.tls.lock() {
            return if peek { Err(NetError::INVALID) } else { tls.read(self, buffer) };
        }
        self.receive(buffer, if peek { RecvFlags::PEEK } else { RecvFlags::empty() })
    }

    /// Writes as much as there is room for.
    pub(crate) fn try_write(&self, bytes: &[u8]) -> NetResult<usize> {
        if self.kind.is_listener() {
            return Err(NetError::INVALID);
        }
        if let Some(tls) = &mut *self.tls.lock() {
            return tls.write(self, bytes);
        }
        if bytes.is_empty() { Ok(0) } else { self.transmit(bytes) }
    }

    /// Writes to the socket itself.
    pub(super) fn transmit(&self, bytes: &[u8]) -> NetResult<usize> {
        self.attempt(Interest::Write, || {
            Ok(rustix::net::send(&self.source.socket, bytes, SendFlags::NOSIGNAL)?)
        })
    }

    /// Sends a datagram.
    pub(crate) fn try_send_to(&self, bytes: &[u8], to: SocketAddr) -> NetResult<usize> {
        if self.kind != Kind::Udp {
            return Err(NetError::INVALID);
        }
        let send = || Ok(rustix::net::sendto(&self.source.socket, bytes, SendFlags::NOSIGNAL, &to)?);
        self.attempt(Interest::Write, send)
    }

    /// Receives a datagram, and from whom.
    pub(crate) fn try_receive_from(&self, buffer: &mut [u8]) -> NetResult<(usize, Option<SocketAddr>)> {
        if self.kind != Kind::Udp {
            return Err(NetError::INVALID);
        }
        let len = buffer.len();
        let receive = || Ok(rustix::net::recvfrom(&self.source.socket, &mut *buffer, RecvFlags::empty())?);
        let (_, received, from) = self.attempt(Interest::Read, receive)?;
        Ok((received.min(len), from.and_then(|from| SocketAddr::try_from(from).ok())))
    }

    /// Tries what the kernel said can be done, and notes when that has changed.
    pub(super) fn attempt<T>(
        &self,
        interest: Interest,
        mut attempt: impl FnMut() -> NetResult<T>,
    ) -> NetResult<T> {
        loop {
            if !self.source.is_ready(interest) {
                return Err(NetError::WOULD_PARK);
            }
            let seen = self.source.look();
            let tried = attempt();
            match &tried {
                Err(error) if *error == NetError::WOULD_PARK => self.source.block(seen, interest),
                _ => return tried,
            }
        }
    }

    /// What waits until it can be read: the connection, or for TLS what it needs next.
    pub(crate) fn interest_of_read(&self) -> Interest {
        match &*self.tls.lock() {
            Some(tls) if tls.must_write_first() => Interest::Write,
            _ => Interest::Read,
        }
    }

    /// Ends one direction or both: with TLS not before the peer has been told, for which there may be no room yet.
    pub(crate) fn shutdown(&self, how: std::net::Shutdown) -> NetResult<()> {
        if let Some(tls) = &mut *self.tls.lock()
            && how != std::net::Shutdown::Read
            && tls.say_goodbye(self) == Err(NetError::WOULD_PARK)
        {
            return Err(NetError::WOULD_PARK);
        }
        Ok(self.source.socket.shutdown(how)?)
    }

    /// Where it is.
    pub(crate) fn local_address(&self) -> NetResult<Address> {
        Ok(Address::of_socket(&self.source.socket.local_addr()?))
    }

    /// Where its peer is.
    pub(crate) fn peer_address(&self) -> NetResult<Address> {
        Ok(Address::of_socket(&self.source.socket.peer_addr()?))
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        if let Some(tls) = &mut *self.tls.lock() {
            // Nobody waits for room any more: a peer that does not read is not told.
            let _ = tls.say_goodbye(self);
        }
    }
}

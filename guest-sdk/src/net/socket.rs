//! What all sockets have in common: the handle, and the calls on it.

use std::cell::Cell;
use std::time::Duration;

use flower_abi::{AT_ONCE, NEVER, NetReadiness, Status};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::active::{Active, SocketId};
use super::error::{NetError, NetErrorKind};
use crate::clock::{Instant, deadline};
use crate::{Handle, host};

/// The kinds of the ABI.
pub(super) mod kind {
    pub(crate) const TCP_LISTENER: u32 = 0;
    pub(crate) const TCP: u32 = 1;
    pub(crate) const UDP: u32 = 2;
    pub(crate) const UNIX_LISTENER: u32 = 3;
    pub(crate) const UNIX: u32 = 4;
}

/// An owned socket. Dropping it closes it, and sending it in a message moves it; timeouts and deadlines stay behind.
#[derive(Debug)]
pub(super) struct Socket {
    handle: Handle,
    /// How long reading and writing may take.
    read_timeout: Cell<Option<Duration>>,
    write_timeout: Cell<Option<Duration>>,
    /// When everything has to be over.
    deadline: Cell<Option<Instant>>,
}

impl Socket {
    fn own(handle: u64) -> Socket {
        Socket::of(Handle::own(handle))
    }

    fn of(handle: Handle) -> Socket {
        let (read_timeout, write_timeout, deadline) = Default::default();
        Socket { handle, read_timeout, write_timeout, deadline }
    }

    pub(super) fn bind(kind: u32, address: &str) -> Result<Socket, NetError> {
        host::net_bind(kind, address).map(Socket::own).map_err(|status| NetError::of(status, address))
    }

    pub(super) fn connect(kind: u32, address: &str, timeout: Option<Duration>) -> Result<Socket, NetError> {
        let connected = host::net_connect(kind, address, until(timeout));
        connected.map(Socket::own).map_err(|status| NetError::of(status, address))
    }

    /// Begins to connect to an address.
    pub(super) fn begin(kind: u32, address: &str) -> Result<Socket, NetError> {
        let begun = host::net_connect_start(kind, address);
        begun.map(Socket::own).map_err(|status| NetError::of(status, address))
    }

    /// Begins to connect to the next address that a lookup has found.
    pub(super) fn begin_next(lookup: u64, name: &str) -> Result<Socket, NetError> {
        host::net_connect_next(lookup).map(Socket::own).map_err(|status| NetError::of(status, name))
    }

    /// Whether the connection that was begun has come about.
    pub(super) fn try_connected(&self, address: &str) -> Result<(), NetError> {
        host::net_connected(self.handle.id()).map_err(|status| NetError::of(status, address))
    }

    pub(super) fn accept(&self) -> Result<Socket, NetError> {
        let accepted = host::net_accept(self.handle.id(), self.until(self.read_timeout.get()));
        accepted.map(Socket::own).map_err(|status| self.error(status))
    }

    pub(super) fn try_accept(&self) -> Result<Socket, NetError> {
        host::net_try_accept(self.handle.id()).map(Socket::own).map_err(|status| self.error(status))
    }

    pub(super) fn read(&self, buffer: &mut [u8], flags: u32) -> Result<usize, NetError> {
        let read = host::net_read(self.handle.id(), buffer, flags, self.until(self.read_timeout.get()));
        read.map_err(|status| self.error(status))
    }

    pub(super) fn try_read(&self, buffer: &mut [u8], flags: u32) -> Result<usize, NetError> {
        host::net_try_read(self.handle.id(), buffer, flags).map_err(|status| self.error(status))
    }

    /// Waits only if it has to: a call that may wait costs the host more.
    pub(super) fn write(&self, bytes: &[u8]) -> Result<usize, NetError> {
        let (handle, until) = (self.handle.id(), || self.until(self.write_timeout.get()));
        let written = match host::net_try_write(handle, bytes) {
            Ok((written, false)) => Ok(written),
            Ok((written, true)) => {
                // It is written, as far as TLS goes, also if it cannot be sent in time.
                let _ = host::net_write(handle, &[], until());
                Ok(written)
            }
            Err(Status::WOULD_PARK) => host::net_write(handle, bytes, until()),
            Err(status) => Err(status),
        };
        written.map_err(|status| self.error(status))
    }

    pub(super) fn try_write(&self, bytes: &[u8]) -> Result<usize, NetError> {
        let written = host::net_try_write(self.handle.id(), bytes);
        written.map(|(written, _)| written).map_err(|status| self.error(status))
    }

    pub(super) fn send_to(&self, bytes: &[u8], to: &str) -> Result<usize, NetError> {
        let sent = host::net_send_to(self.handle.id(), to, bytes, self.until(self.write_timeout.get()));
        sent.map_err(|status| NetError::of(status, to))
    }

    pub(super) fn try_send_to(&self, bytes: &[u8], to: &str) -> Result<usize, NetError> {
        let sent = host::net_send_to(self.handle.id(), to, bytes, AT_ONCE);
        sent.map_err(|status| NetError::of(would_park(status), to))
    }

    pub(super) fn try_receive_from(&self, buffer: &mut [u8]) -> Result<(usize, String), NetError> {
        let received = host::net_receive_from(self.handle.id(), buffer, AT_ONCE);
        received.map_err(|status| self.error(would_park(status)))
    }

    pub(super) fn receive_from(&self, buffer: &mut [u8]) -> Result<(usize, String), NetError> {
        let received = host::net_receive_from(self.handle.id(), buffer, self.until(self.read_timeout.get()));
        received.map_err(|status| self.error(status))
    }

    pub(super) fn address(&self, of_peer: bool) -> Result<String, NetError> {
        host::net_address(self.handle.id(), of_peer).map_err(|status| NetError::of(status, ""))
    }

    pub(super) fn option(&self, option: u32, value: u64) -> Result<(), NetError> {
        host::net_option(self.handle.id(), option, value).map_err(|status| self.error(status))
    }

    pub(super) fn shutdown(&self, how: std::net::Shutdown) -> Result<(), NetError> {
        loop {
            match self.try_shutdown(how) {
                Err(error) if error.kind == NetErrorKind::WouldBlock && !host::is_handler() => {}
                done => return done,
            }
            // With TLS the peer is told first: that goes out with what was written before.
            self.write(b"")?;
        }
    }

    pub(super) fn try_shutdown(&self, how: std::net::Shutdown) -> Result<(), NetError> {
        let how = match how {
            std::net::Shutdown::Read => 0,
            std::net::Shutdown::Write => 1,
            std::net::Shutdown::Both => 2,
        };
        host::net_shutdown(self.handle.id(), how).map_err(|status| self.error(status))
    }

    pub(super) fn tls(&self, role: u32, name: &str, pem: &[u8]) -> Result<(), NetError> {
        let done = host::net_tls(self.handle.id(), role, name, pem, self.until(self.read_timeout.get()));
        done.map_err(|status| NetError::of(status, name))
    }

    /// Goes on with the handshake as far as it can.
    pub(super) fn try_tls(&self, role: u32, name: &str, pem: &[u8]) -> Result<(), NetError> {
        let done = host::net_tls(self.handle.id(), role, name, pem, AT_ONCE);
        done.map_err(|status| NetError::of(would_park(status), name))
    }

    pub(super) fn set_active(&self, active: Active, chunk: u32) -> Result<(), NetError> {
        let (mode, count) = active.to_wire();
        host::net_active(self.handle.id(), mode, count, chunk).map_err(|status| self.error(status))
    }

    pub(super) fn notify(&self, readiness: NetReadiness) -> Result<(), NetError> {
        self.told(readiness).map(drop)
    }

    /// The reference under which the host tells when it is ready.
    pub(super) fn told(&self, readiness: NetReadiness) -> Result<u64, NetError> {
        host::net_ready(self.handle.id(), readiness).map_err(|status| self.error(status))
    }

    pub(super) fn set_timeouts(&self, read: Option<Duration>, write: Option<Duration>) {
        self.read_timeout.set(read);
        self.write_timeout.set(write);
    }

    pub(super) fn timeouts(&self) -> (Option<Duration>, Option<Duration>) {
        (self.read_timeout.get(), self.write_timeout.get())
    }

    pub(super) fn set_deadline(&self, deadline: Option<Instant>) {
        self.deadline.set(deadline);
    }

    /// Until when a call may wait that has this timeout.
    fn until(&self, timeout: Option<Duration>) -> u64 {
        until(timeout).min(self.deadline.get().map_or(NEVER, |deadline| deadline.0))
    }

    pub(super) fn id(&self) -> SocketId {
        SocketId(self.handle.id())
    }

    /// Says with whom it went wrong, if there is somebody.
    fn error(&self, status: Status) -> NetError {
        if status == Status::WOULD_PARK {
            return NetError::of(status, "");
        }
        let error = NetError::of(status, "");
        NetError { at: host::net_address(self.handle.id(), true).unwrap_or_default(), ..error }
    }
}

impl Serialize for Socket {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.handle.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Socket {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Socket, D::Error> {
        Handle::deserialize(deserializer).map(Socket::of)
    }
}

/// What a call that may not wait says when it would have to.
fn would_park(status: Status) -> Status {
    if status == Status::TIMED_OUT { Status::WOULD_PARK } else { status }
}

pub(super) fn until(timeout: Option<Duration>) -> u64 {
    timeout.map_or(NEVER, deadline)
}

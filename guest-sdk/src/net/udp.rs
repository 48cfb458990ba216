//! Datagrams.

use std::net::SocketAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::active::{Active, SocketId};
use super::error::NetError;
use super::socket::{Socket, kind};
use super::tcp::parsed;
use crate::clock::Instant;

/// A UDP socket. Dropping it closes it.
#[derive(Debug, Serialize, Deserialize)]
pub struct UdpSocket(pub(super) Socket);

impl UdpSocket {
    /// A socket at `ADDRESS:PORT`; with port 0 the system chooses one.
    ///
    /// # Errors
    /// [`NetError`] says what and where.
    pub fn bind(address: &str) -> Result<UdpSocket, NetError> {
        Socket::bind(kind::UDP, address).map(UdpSocket)
    }

    /// Sends a datagram.
    ///
    /// # Errors
    /// [`PermissionDenied`](super::NetErrorKind::PermissionDenied) among others.
    pub fn send_to(&self, bytes: &[u8], to: SocketAddr) -> Result<usize, NetError> {
        self.0.send_to(bytes, &to.to_string())
    }

    /// Waits for a datagram; what is longer than the buffer is cut.
    ///
    /// # Errors
    /// [`TimedOut`](super::NetErrorKind::TimedOut) with a timeout.
    pub fn recv_from(&self, buffer: &mut [u8]) -> Result<(usize, SocketAddr), NetError> {
        let (received, from) = self.0.receive_from(buffer)?;
        Ok((received, parsed(from)?))
    }

    /// How long a receive may take; for ever when it is `None`.
    pub fn set_read_timeout(&self, timeout: Option<Duration>) {
        self.0.set_timeouts(timeout, self.0.timeouts().1);
    }

    /// How long a send may take; for ever when it is `None`.
    pub fn set_write_timeout(&self, timeout: Option<Duration>) {
        self.0.set_timeouts(self.0.timeouts().0, timeout);
    }

    /// When everything that waits has to be over, whatever the timeouts are; never when it is `None`.
    pub fn set_deadline(&self, deadline: Option<Instant>) {
        self.0.set_deadline(deadline);
    }

    /// Has what comes put into the mailbox.
    ///
    /// # Errors
    /// What the host says.
    pub fn set_active(&self, active: Active) -> Result<(), NetError> {
        self.0.set_active(active, 0)
    }

    /// Whether it may send to broadcast addresses.
    ///
    /// # Errors
    /// What the host says.
    pub fn set_broadcast(&self, on: bool) -> Result<(), NetError> {
        self.0.option(2, u64::from(on))
    }

    /// Its own address.
    ///
    /// # Errors
    /// What the host says.
    pub fn local_addr(&self) -> Result<SocketAddr, NetError> {
        parsed(self.0.address(false)?)
    }

    /// Which socket it is in messages.
    pub fn id(&self) -> SocketId {
        self.0.id()
    }
}

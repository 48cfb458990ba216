//! What TCP has beside what all streams have: addresses and options.

use std::net::SocketAddr;
use std::time::Duration;

use super::error::{NetError, NetErrorKind};
use super::stream::{TcpListener, TcpStream};

impl TcpStream {
    /// Its own address.
    ///
    /// # Errors
    /// What the host says.
    pub fn local_addr(&self) -> Result<SocketAddr, NetError> {
        parsed(self.0.address(false)?)
    }

    /// Its peer's address.
    ///
    /// # Errors
    /// [`NetErrorKind::NotConnected`].
    pub fn peer_addr(&self) -> Result<SocketAddr, NetError> {
        parsed(self.0.address(true)?)
    }

    /// Whether small writes are sent at once, in place of waiting for more.
    ///
    /// # Errors
    /// What the host says.
    pub fn set_nodelay(&self, on: bool) -> Result<(), NetError> {
        self.0.option(0, u64::from(on))
    }

    /// After how much silence the peer is asked whether it is there still; never when it is `None`. It counts in seconds.
    ///
    /// One that has vanished is found out by that: whatever waits for it ends with [`TimedOut`](NetErrorKind::TimedOut).
    ///
    /// # Errors
    /// What the host says.
    pub fn set_keepalive(&self, silence: Option<Duration>) -> Result<(), NetError> {
        self.0.option(1, silence.map_or(0, |silence| (silence.as_nanos() as u64).max(1)))
    }

    /// How often a silent peer is asked, and how many times before the connection counts as lost. Keepalive is on from then.
    ///
    /// # Errors
    /// What the host says, as of no question at all.
    pub fn set_keepalive_probes(&self, interval: Duration, count: u32) -> Result<(), NetError> {
        self.0.option(5, (interval.as_nanos() as u64).max(1))?;
        self.0.option(6, u64::from(count))
    }

    /// How long what was written may stay unread by the peer, or not acknowledged, before the connection counts as lost; as long
    /// as the system has it when it is `None`.
    ///
    /// # Errors
    /// What the host says.
    pub fn set_user_timeout(&self, timeout: Option<Duration>) -> Result<(), NetError> {
        self.0.option(7, timeout.map_or(0, |timeout| (timeout.as_nanos() as u64).max(1)))
    }
}

impl TcpListener {
    /// Where it listens: with port 0 the system has chosen one.
    ///
    /// # Errors
    /// What the host says.
    pub fn local_addr(&self) -> Result<SocketAddr, NetError> {
        parsed(self.0.address(false)?)
    }
}

/// The address that the host has written.
pub(super) fn parsed(text: String) -> Result<SocketAddr, NetError> {
    text.parse().map_err(|_| NetError { kind: NetErrorKind::Other, at: text, text: "no address".to_owned() })
}

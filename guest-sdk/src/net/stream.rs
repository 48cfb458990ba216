//! Streams and their listeners: TCP and Unix, and TLS over either.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::time::Duration;

use flower_abi::NetReadiness;
use serde::{Deserialize, Serialize};

use super::active::{Active, SocketId};
use super::error::NetError;
use super::socket::{Socket, kind};
use super::tls::Tls;
use crate::clock::Instant;

/// Makes a kind of streams, and their listeners.
macro_rules! streams {
    ($stream:ident, $listener:ident, $kind:expr, $listener_kind:expr, $what:literal, $where:literal) => {
        #[doc = concat!("A connection over ", $what, ". Dropping it closes it.")]
        #[derive(Debug, Serialize, Deserialize)]
        pub struct $stream(pub(super) Socket);

        impl $stream {
            #[doc = concat!("Connects to ", $where, ".")]
            ///
            /// # Errors
            /// [`NetError`] says what and where.
            pub fn connect(address: &str) -> Result<$stream, NetError> {
                Socket::connect($kind, address, None).map($stream)
            }

            /// The same, within a time.
            ///
            /// # Errors
            /// [`NetErrorKind::TimedOut`](super::NetErrorKind::TimedOut) besides.
            pub fn connect_timeout(address: &str, timeout: Duration) -> Result<$stream, NetError> {
                Socket::connect($kind, address, Some(timeout)).map($stream)
            }

            /// Encrypts the connection from now on, within the read timeout.
            ///
            /// # Errors
            /// [`NetErrorKind::Tls`](super::NetErrorKind::Tls) says why the two do not agree; the connection is closed.
            pub fn into_tls(self, tls: &Tls<'_>) -> Result<$stream, NetError> {
                let (role, name, pem) = tls.to_wire();
                self.0.tls(role, name, pem)?;
                Ok(self)
            }

            /// Looks at what comes, and leaves it there. Not with TLS.
            ///
            /// # Errors
            /// As reading.
            pub fn peek(&self, buffer: &mut [u8]) -> Result<usize, NetError> {
                self.0.read(buffer, 1)
            }

            /// Reads what is there; 0 at the end.
            ///
            /// # Errors
            /// [`NetErrorKind::WouldBlock`](super::NetErrorKind::WouldBlock) when nothing is.
            pub fn try_read(&self, buffer: &mut [u8]) -> Result<usize, NetError> {
                self.0.try_read(buffer, 0)
            }

            /// Writes as much as there is room for.
            ///
            /// # Errors
            /// [`NetErrorKind::WouldBlock`](super::NetErrorKind::WouldBlock) when there is none.
            pub fn try_write(&self, bytes: &[u8]) -> Result<usize, NetError> {
                self.0.try_write(bytes)
            }

            /// Asks for a message when there is something to read, once: [`SocketReady`](super::SocketReady).
            ///
            /// # Errors
            /// What the host says.
            pub fn notify_readable(&self) -> Result<(), NetError> {
                self.0.notify(NetReadiness::Read)
            }

            /// Asks for a message when there is room for something to be written, once: [`SocketReady`](super::SocketReady).
            ///
            /// # Errors
            /// What the host says.
            pub fn notify_writable(&self) -> Result<(), NetError> {
                self.0.notify(NetReadiness::Write)
            }

            /// Has what comes put into the mailbox.
            ///
            /// # Errors
            /// What the host says.
            pub fn set_active(&self, active: Active) -> Result<(), NetError> {
                self.0.set_active(active, 0)
            }

            /// The same with at most so many bytes in a message.
            ///
            /// # Errors
            /// What the host says.
            pub fn set_active_chunks(&self, active: Active, bytes_max: u32) -> Result<(), NetError> {
                self.0.set_active(active, bytes_max)
            }

            /// Which socket it is in messages.
            pub fn id(&self) -> SocketId {
                self.0.id()
            }

            /// How long a read may take; for ever when it is `None`.
            pub fn set_read_timeout(&self, timeout: Option<Duration>) {
                self.0.set_timeouts(timeout, self.0.timeouts().1);
            }

            /// How long a write may take; for ever when it is `None`.
            pub fn set_write_timeout(&self, timeout: Option<Duration>) {
                self.0.set_timeouts(self.0.timeouts().0, timeout);
            }

            /// When everything that waits has to be over, whatever the timeouts are; never when it is `None`.
            pub fn set_deadline(&self, deadline: Option<Instant>) {
                self.0.set_deadline(deadline);
            }

            /// Ends the connection in one direction or both: after that of writing the peer reads the end.
            ///
            /// With TLS it waits, within the write timeout and the deadline, until the system has taken the farewell, by which the
            /// peer knows that it was told everything. Dropping the connection says it only where there is room at once.
            ///
            /// # Errors
            /// [`NetErrorKind::NotConnected`](super::NetErrorKind::NotConnected); with TLS [`NetErrorKind::TimedOut`](super::NetErrorKind::TimedOut), and in a handler
            /// [`NetErrorKind::WouldBlock`](super::NetErrorKind::WouldBlock), after which it asks [`notify_writable`](Self::notify_writable) when to try again.
            pub fn shutdown(&self, how: Shutdown) -> Result<(), NetError> {
                self.0.shutdown(how)
            }

            /// Closes it without farewell: the peer sees a reset.
            pub fn reset(self) {
                // What cannot be reset is closed.
                let _ = self.0.option(4, 1);
            }
        }

        impl Read for $stream {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                Ok(self.0.read(buffer, 0)?)
            }
        }

        impl Write for $stream {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                Ok(self.0.write(bytes)?)
            }

            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }

        impl Read for &$stream {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                Ok(self.0.read(buffer, 0)?)
            }
        }

        impl Write for &$stream {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                Ok(self.0.write(bytes)?)
            }

            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }

        #[doc = concat!("Accepts connections over ", $what, ".")]
        #[derive(Debug, Serialize, Deserialize)]
        pub struct $listener(pub(super) Socket);

        impl $listener {
            #[doc = concat!("Listens at ", $where, ".")]
            ///
            /// # Errors
            /// [`NetError`] says what and where.
            pub fn bind(address: &str) -> Result<$listener, NetError> {
                Socket::bind($listener_kind, address).map($listener)
            }

            /// Waits for the next connection.
            ///
            /// # Errors
            /// [`NetErrorKind::NoDescriptors`](super::NetErrorKind::NoDescriptors) and [`NetErrorKind::Limit`](super::NetErrorKind::Limit): the connection waits on, and may be accepted later.
            pub fn accept(&self) -> Result<$stream, NetError> {
                self.0.accept().map($stream)
            }

            /// Accepts a connection that waits.
            ///
            /// # Errors
            /// [`NetErrorKind::WouldBlock`](super::NetErrorKind::WouldBlock) when none does.
            pub fn try_accept(&self) -> Result<$stream, NetError> {
                self.0.try_accept().map($stream)
            }

            /// Asks for a message when a connection waits, once: [`SocketReady`](super::SocketReady).
            ///
            /// # Errors
            /// What the host says.
            pub fn notify_readable(&self) -> Result<(), NetError> {
                self.0.notify(NetReadiness::Read)
            }

            /// How long an accept may take; for ever when it is `None`.
            pub fn set_accept_timeout(&self, timeout: Option<Duration>) {
                self.0.set_timeouts(timeout, None);
            }

            /// When everything that waits has to be over, whatever the timeouts are; never when it is `None`.
            pub fn set_deadline(&self, deadline: Option<Instant>) {
                self.0.set_deadline(deadline);
            }

            /// Which socket it is in messages.
            pub fn id(&self) -> SocketId {
                self.0.id()
            }
        }
    };
}

streams!(
    TcpStream,
    TcpListener,
    kind::TCP,
    kind::TCP_LISTENER,
    "TCP",
    "`ADDRESS:PORT` or, to connect, `NAME:PORT`"
);
streams!(UnixStream, UnixListener, kind::UNIX, kind::UNIX_LISTENER, "a Unix socket", "a path");

//! The network: TCP, UDP and Unix sockets, TLS, names. An actor has it only as far as it was granted (`--allow-net`).
//!
//! ```no_run
//! use std::io::{Read, Write};
//! use flower::net::TcpStream;
//!
//! let mut stream = TcpStream::connect("127.0.0.1:7")?;
//! stream.write_all(b"hello")?;
//! let mut echo = [0; 5];
//! stream.read_exact(&mut echo)?;
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! What waits parks the actor and nobody else. A socket belongs to one actor, and is closed at its end. Streams
//! implement [`Read`](std::io::Read) and [`Write`](std::io::Write), so that ordinary crates work on them;
//! [`framing`] cuts them into lines or frames.
//!
//! Handlers, which may not wait, have *active* sockets: [`TcpStream::set_active`] has what comes put into the mailbox, as
//! [`SocketMessage`]s, for as long as the mailbox has room; `try_read`, `try_write` and `try_accept` take what can be
//! had at once, and `notify_readable` and `notify_writable` tell when to try again. Tasks have `read_async`, `write_all_async` and
//! `accept_async`; and `stream.read(&mut buffer)`, `stream.write(bytes)`, `listener.accept()` and the like are arms of
//! [`select!`](crate::select!).

mod active;
mod arm;
mod connect;
mod error;
pub mod framing;
mod socket;
mod stream;
mod tcp;
mod tls;
mod udp;

pub use active::{Active, SocketChange, SocketId, SocketMessage, SocketReady};
pub use error::{NetError, NetErrorKind};
pub use stream::{TcpListener, TcpStream, UnixListener, UnixStream};
pub use tls::Tls;
pub use udp::UdpSocket;

use std::net::SocketAddr;
use std::time::Duration;

use crate::clock::deadline;

/// The addresses of a name and port, as in `example.com:443`. The host looks them up.
///
/// # Errors
/// [`NetErrorKind::NameNotFound`], [`NetErrorKind::PermissionDenied`].
pub fn resolve(name: &str) -> Result<Vec<SocketAddr>, NetError> {
    resolve_until(name, flower_abi::NEVER)
}

/// The same within a time.
///
/// # Errors
/// [`NetErrorKind::TimedOut`] besides.
pub fn resolve_timeout(name: &str, timeout: Duration) -> Result<Vec<SocketAddr>, NetError> {
    resolve_until(name, deadline(timeout))
}

fn resolve_until(name: &str, deadline: u64) -> Result<Vec<SocketAddr>, NetError> {
    let text = crate::host::net_resolve(name, deadline).map_err(|status| NetError::of(status, name))?;
    Ok(text.lines().filter_map(|line| line.parse().ok()).collect())
}

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
//! with the feature `codec`, `framing` cuts them into lines or frames.
//!
//! Handlers, which may not wait, have *active* sockets: [`TcpStream::set_active`] has what comes put into the mailbox, as
//! [`SocketMessage`]s, for as long as the mailbox has room; `try_read`, `try_write` and `try_accept` take what can be
//! had at once, and `notify_readable` and `notify_writable` tell when to try again. Tasks have `read_async`, `write_all_async`,
//! `accept_async`, `connect_async` and [`resolve_async`]; and `stream.read(&mut buffer)`, `stream.write(bytes)`, `listener.accept()`,
//! `resolve(name)` and the like are arms of [`select!`](crate::select!).

mod active;
mod arm;
mod connect;
mod error;
#[cfg(feature = "codec")]
pub mod framing;
mod operation;
mod resolve;
mod socket;
mod stream;
mod tcp;
mod tls;
mod udp;

pub use active::{Active, SocketChange, SocketId, SocketMessage, SocketReady};
pub use error::{NetError, NetErrorKind};
pub use resolve::{resolve, resolve_arm, resolve_async, resolve_timeout};
pub use stream::{TcpListener, TcpStream, UnixListener, UnixStream};
pub use tls::Tls;
pub use udp::UdpSocket;

//! Sockets as arms of a select: an operation is tried, and where it would have to wait, the host tells when to try again.
//!
//! `select!` makes these of `stream.read(&mut buffer)` and the like. An arm that another was faster than has done nothing:
//! what it would have read is there for the next.

use std::net::SocketAddr;

use flower_abi::NetReadiness;

use super::error::{NetError, NetErrorKind};
use super::socket::Socket;
use super::stream::{TcpListener, TcpStream, UnixListener, UnixStream};
use super::tcp::parsed;
use super::udp::UdpSocket;
use crate::channel::Owner;
use crate::channel::select::{Arm, Done};
use crate::task::CompletionWait;

/// An operation of a socket in a select.
struct SocketArm<'a, T, F> {
    socket: &'a Socket,
    readiness: NetReadiness,
    attempt: F,
    done: Option<Result<T, NetError>>,
    /// There while it waits for the host to tell that the socket is ready.
    wait: Option<CompletionWait>,
}

impl<'a, T, F: FnMut(&Socket) -> Result<T, NetError>> SocketArm<'a, T, F> {
    fn new(socket: &'a Socket, readiness: NetReadiness, attempt: F) -> SocketArm<'a, T, F> {
        SocketArm { socket, readiness, attempt, done: None, wait: None }
    }
}

impl<T, F: FnMut(&Socket) -> Result<T, NetError>> Arm for SocketArm<'_, T, F> {
    fn attempt(&mut self) -> bool {
        if self.done.is_none() {
            let tried = (self.attempt)(self.socket);
            self.done = Some(tried)
                .filter(|tried| !matches!(tried, Err(error) if error.kind == NetErrorKind::WouldBlock));
        }
        self.done.is_some()
    }

    fn park(&mut self, owner: Owner) {
        match self.socket.told(self.readiness) {
            Ok(reference) => self.wait = Some(CompletionWait::start(reference, owner)),
            Err(error) => {
                self.done = Some(Err(error));
                owner.wake();
            }
        }
    }

    /// Readiness decides nothing: all arms are tried again.
    fn is_moved(&self) -> bool {
        self.done.is_some() || self.wait.as_ref().is_some_and(CompletionWait::is_over)
    }

    fn settle(&mut self, _won: bool) {
        self.wait = None;
    }
}

impl<T, F> Done for SocketArm<'_, T, F> {
    type Output = Result<T, NetError>;

    fn done(self) -> Result<T, NetError> {
        self.done.expect("the operation was done")
    }
}

/// Gives streams and their listeners their arms.
macro_rules! arms {
    ($($stream:ident $listener:ident)*) => {$(
        impl $stream {
            /// [`read`](std::io::Read::read) as an arm: `stream.read(&mut buffer)` in a `select!`.
            pub fn read_arm<'a>(
                &'a self,
                buffer: &'a mut [u8],
            ) -> impl Arm + Done<Output = Result<usize, NetError>> + 'a {
                SocketArm::new(&self.0, NetReadiness::Read, move |socket| socket.try_read(buffer, 0))
            }

            /// [`peek`](Self::peek) as an arm: `stream.peek(&mut buffer)` in a `select!`.
            pub fn peek_arm<'a>(
                &'a self,
                buffer: &'a mut [u8],
            ) -> impl Arm + Done<Output = Result<usize, NetError>> + 'a {
                SocketArm::new(&self.0, NetReadiness::Read, move |socket| socket.try_read(buffer, 1))
            }

            /// [`write`](std::io::Write::write) as an arm: `stream.write(bytes)` in a `select!`. It writes what there is
            /// room for.
            pub fn write_arm<'a>(
                &'a self,
                bytes: &'a [u8],
            ) -> impl Arm + Done<Output = Result<usize, NetError>> + 'a {
                SocketArm::new(&self.0, NetReadiness::Write, |socket| socket.try_write(bytes))
            }
        }

        impl $listener {
            /// [`accept`](Self::accept) as an arm: `listener.accept()` in a `select!`.
            pub fn accept_arm(&self) -> impl Arm + Done<Output = Result<$stream, NetError>> + '_ {
                SocketArm::new(&self.0, NetReadiness::Read, |socket| socket.try_accept().map($stream))
            }
        }
    )*};
}

arms! { TcpStream TcpListener UnixStream UnixListener }

impl UdpSocket {
    /// [`recv_from`](Self::recv_from) as an arm: `socket.recv_from(&mut buffer)` in a `select!`.
    pub fn recv_from_arm<'a>(
        &'a self,
        buffer: &'a mut [u8],
    ) -> impl Arm + Done<Output = Result<(usize, SocketAddr), NetError>> + 'a {
        SocketArm::new(&self.0, NetReadiness::Read, move |socket| {
            let (received, from) = socket.try_receive_from(buffer)?;
            Ok((received, parsed(from)?))
        })
    }

    /// [`send_to`](Self::send_to) as an arm: `socket.send_to(bytes, to)` in a `select!`.
    pub fn send_to_arm<'a>(
        &'a self,
        bytes: &'a [u8],
        to: SocketAddr,
    ) -> impl Arm + Done<Output = Result<usize, NetError>> + 'a {
        let to = to.to_string();
        SocketArm::new(&self.0, NetReadiness::Write, move |socket| socket.try_send_to(bytes, &to))
    }
}

//! What sockets do in tasks, and as arms of a select.

use std::net::{Shutdown, SocketAddr};

use super::connect::{Connecting, Handshake};
use super::error::NetError;
use super::operation::{Attempt, Operation, OperationArm, done, write_all};
use super::socket::{Socket, kind};
use super::stream::{TcpListener, TcpStream, UnixListener, UnixStream};
use super::tcp::parsed;
use super::tls::Tls;
use super::udp::UdpSocket;
use crate::channel::select::{Arm, Done};

fn read<'a>(socket: &'a Socket, buffer: &'a mut [u8], flags: u32) -> impl Operation<Output = usize> + 'a {
    Attempt::of_reading(socket, move |socket| socket.try_read(buffer, flags))
}

/// Gives streams and their listeners what they do in tasks and selects.
macro_rules! arms {
    ($($stream:ident $listener:ident $kind:expr;)*) => {$(
        impl $stream {
            /// Connects in a task: the others go on meanwhile, also while a name is looked up.
            ///
            /// # Errors
            /// As [`connect`](Self::connect).
            pub async fn connect_async(address: &str) -> Result<$stream, NetError> {
                done(Connecting::new($kind, address, $stream)).await
            }

            /// [`connect`](Self::connect) as an arm: `connect(address)` in a `select!`. Where another arm is done, the
            /// connection is given up.
            pub fn connect_arm(address: &str) -> impl Arm + Done<Output = Result<$stream, NetError>> + '_ {
                OperationArm::new(Connecting::new($kind, address, $stream))
            }

            /// [`into_tls`](Self::into_tls) in a task: the others go on meanwhile.
            ///
            /// # Errors
            /// As [`into_tls`](Self::into_tls).
            pub async fn into_tls_async(self, tls: &Tls<'_>) -> Result<$stream, NetError> {
                done(Handshake::new(self.0, tls, $stream)).await
            }

            /// [`into_tls`](Self::into_tls) as an arm: `stream.into_tls(&tls)` in a `select!`. Where another arm is done, the
            /// connection is closed.
            pub fn into_tls_arm<'a>(
                self,
                tls: &'a Tls<'a>,
            ) -> impl Arm + Done<Output = Result<$stream, NetError>> + 'a {
                OperationArm::new(Handshake::new(self.0, tls, $stream))
            }

            /// Reads in a task: the others go on meanwhile. One task reads at a time.
            ///
            /// # Errors
            /// As reading.
            pub async fn read_async(&self, buffer: &mut [u8]) -> Result<usize, NetError> {
                done(read(&self.0, buffer, 0)).await
            }

            /// [`read`](std::io::Read::read) as an arm: `stream.read(&mut buffer)` in a `select!`.
            pub fn read_arm<'a>(
                &'a self,
                buffer: &'a mut [u8],
            ) -> impl Arm + Done<Output = Result<usize, NetError>> + 'a {
                OperationArm::new(read(&self.0, buffer, 0))
            }

            /// [`peek`](Self::peek) as an arm: `stream.peek(&mut buffer)` in a `select!`.
            pub fn peek_arm<'a>(
                &'a self,
                buffer: &'a mut [u8],
            ) -> impl Arm + Done<Output = Result<usize, NetError>> + 'a {
                OperationArm::new(read(&self.0, buffer, 1))
            }

            /// [`write`](std::io::Write::write) as an arm: `stream.write(bytes)` in a `select!`. It writes what there is
            /// room for.
            pub fn write_arm<'a>(
                &'a self,
                bytes: &'a [u8],
            ) -> impl Arm + Done<Output = Result<usize, NetError>> + 'a {
                OperationArm::new(Attempt::of_writing(&self.0, |socket| socket.try_write(bytes)))
            }

            /// Writes all of it in a task: the others go on meanwhile. One task writes at a time.
            ///
            /// # Errors
            /// As writing.
            pub async fn write_all_async(&self, bytes: &[u8]) -> Result<(), NetError> {
                done(write_all(&self.0, bytes)).await
            }

            /// [`write_all`](std::io::Write::write_all) as an arm: `stream.write_all(bytes)` in a `select!`. Where another arm
            /// is done, a part may have been written; where it matters how much, [`write`](Self::write_arm) tells.
            pub fn write_all_arm<'a>(
                &'a self,
                bytes: &'a [u8],
            ) -> impl Arm + Done<Output = Result<(), NetError>> + 'a {
                OperationArm::new(write_all(&self.0, bytes))
            }

            /// Ends the connection in one direction or both, in a task: the others go on meanwhile.
            ///
            /// # Errors
            /// As [`shutdown`](Self::shutdown).
            pub async fn shutdown_async(&self, how: Shutdown) -> Result<(), NetError> {
                done(Attempt::of_writing(&self.0, |socket| socket.try_shutdown(how))).await
            }

            /// [`shutdown`](Self::shutdown) as an arm: `stream.shutdown(how)` in a `select!`.
            pub fn shutdown_arm(&self, how: Shutdown) -> impl Arm + Done<Output = Result<(), NetError>> + '_ {
                OperationArm::new(Attempt::of_writing(&self.0, move |socket| socket.try_shutdown(how)))
            }
        }

        impl $listener {
            /// Accepts in a task: the others go on meanwhile.
            ///
            /// # Errors
            /// As [`accept`](Self::accept).
            pub async fn accept_async(&self) -> Result<$stream, NetError> {
                done(Attempt::of_reading(&self.0, Socket::try_accept)).await.map($stream)
            }

            /// [`accept`](Self::accept) as an arm: `listener.accept()` in a `select!`.
            pub fn accept_arm(&self) -> impl Arm + Done<Output = Result<$stream, NetError>> + '_ {
                OperationArm::new(Attempt::of_reading(&self.0, |socket| socket.try_accept().map($stream)))
            }
        }
    )*};
}

arms! {
    TcpStream TcpListener kind::TCP;
    UnixStream UnixListener kind::UNIX;
}

fn receive_from<'a>(
    socket: &'a Socket,
    buffer: &'a mut [u8],
) -> impl Operation<Output = (usize, SocketAddr)> + 'a {
    Attempt::of_reading(socket, move |socket| {
        let (received, from) = socket.try_receive_from(buffer)?;
        Ok((received, parsed(from)?))
    })
}

fn send_to<'a>(socket: &'a Socket, bytes: &'a [u8], to: SocketAddr) -> impl Operation<Output = usize> + 'a {
    let to = to.to_string();
    Attempt::of_writing(socket, move |socket| socket.try_send_to(bytes, &to))
}

impl UdpSocket {
    /// Receives a datagram in a task: the others go on meanwhile.
    ///
    /// # Errors
    /// As [`recv_from`](Self::recv_from).
    pub async fn recv_from_async(&self, buffer: &mut [u8]) -> Result<(usize, SocketAddr), NetError> {
        done(receive_from(&self.0, buffer)).await
    }

    /// [`recv_from`](Self::recv_from) as an arm: `socket.recv_from(&mut buffer)` in a `select!`.
    pub fn recv_from_arm<'a>(
        &'a self,
        buffer: &'a mut [u8],
    ) -> impl Arm + Done<Output = Result<(usize, SocketAddr), NetError>> + 'a {
        OperationArm::new(receive_from(&self.0, buffer))
    }

    /// Sends a datagram in a task: the others go on meanwhile.
    ///
    /// # Errors
    /// As [`send_to`](Self::send_to).
    pub async fn send_to_async(&self, bytes: &[u8], to: SocketAddr) -> Result<usize, NetError> {
        done(send_to(&self.0, bytes, to)).await
    }

    /// [`send_to`](Self::send_to) as an arm: `socket.send_to(bytes, to)` in a `select!`.
    pub fn send_to_arm<'a>(
        &'a self,
        bytes: &'a [u8],
        to: SocketAddr,
    ) -> impl Arm + Done<Output = Result<usize, NetError>> + 'a {
        OperationArm::new(send_to(&self.0, bytes, to))
    }
}

//! Connecting without parking the actor: address by address, until one of them answers.

use flower_abi::{NEVER, NetReadiness};

use super::error::{NetError, NetErrorKind};
use super::socket::{Socket, kind};
use crate::channel::Owner;
use crate::channel::select::{Arm, Done};
use crate::host;
use crate::task::{self, CompletionWait};

/// A connection on its way.
pub(super) struct Connecting<'a> {
    kind: u32,
    address: &'a str,
    /// To the address that is tried now.
    socket: Option<Socket>,
    /// What became of the one before.
    last: Option<NetError>,
    /// Whether another address may be left.
    is_name: bool,
    begun: bool,
}

impl<'a> Connecting<'a> {
    pub(super) fn new(kind: u32, address: &'a str) -> Connecting<'a> {
        let is_name = kind == kind::TCP && address.parse::<std::net::SocketAddr>().is_err();
        Connecting { kind, address, socket: None, last: None, is_name, begun: false }
    }

    /// The connection, if it has come about; `WouldBlock` while one is on its way.
    fn attempt(&mut self) -> Result<Socket, NetError> {
        loop {
            if let Some(socket) = self.socket.take() {
                match socket.try_connected(self.address) {
                    Ok(()) => return Ok(socket),
                    Err(error) if error.kind == NetErrorKind::WouldBlock => {
                        self.socket = Some(socket);
                        return Err(error);
                    }
                    Err(error) if self.is_name => self.last = Some(error),
                    Err(error) => return Err(error),
                }
            }
            self.next()?;
        }
    }

    /// Begins with the next address.
    fn next(&mut self) -> Result<(), NetError> {
        if self.is_name && !self.begun {
            // The one wait that parks the whole actor.
            host::net_resolve(self.address, NEVER).map_err(|status| NetError::of(status, self.address))?;
        }
        self.begun = true;
        loop {
            match Socket::begin(self.kind, self.address) {
                Ok(socket) => {
                    self.socket = Some(socket);
                    return Ok(());
                }
                Err(error) if error.kind == NetErrorKind::NameNotFound || !self.is_name => {
                    return Err(self.last.take().unwrap_or(error));
                }
                Err(error) => self.last = Some(error),
            }
        }
    }

    /// Connects in a task.
    pub(super) async fn done(mut self) -> Result<Socket, NetError> {
        loop {
            match (self.attempt(), &self.socket) {
                (Err(error), Some(socket)) if error.kind == NetErrorKind::WouldBlock => {
                    task::completion(socket.told(NetReadiness::Write)?).await;
                }
                (done, _) => return done,
            }
        }
    }
}

/// `TcpStream::connect(address)` in a select.
pub(super) struct ConnectArm<'a, T> {
    connecting: Connecting<'a>,
    make: fn(Socket) -> T,
    done: Option<Result<T, NetError>>,
    wait: Option<CompletionWait>,
}

impl<'a, T> ConnectArm<'a, T> {
    pub(super) fn new(kind: u32, address: &'a str, make: fn(Socket) -> T) -> ConnectArm<'a, T> {
        ConnectArm { connecting: Connecting::new(kind, address), make, done: None, wait: None }
    }
}

impl<T> Arm for ConnectArm<'_, T> {
    fn attempt(&mut self) -> bool {
        if self.done.is_none() {
            self.done = match self.connecting.attempt() {
                Err(error) if error.kind == NetErrorKind::WouldBlock => None,
                done => Some(done.map(self.make)),
            };
        }
        self.done.is_some()
    }

    fn park(&mut self, owner: Owner) {
        let Some(socket) = &self.connecting.socket else { return };
        match socket.told(NetReadiness::Write) {
            Ok(reference) => self.wait = Some(CompletionWait::start(reference, owner)),
            Err(error) => {
                self.done = Some(Err(error));
                owner.wake();
            }
        }
    }

    fn is_moved(&self) -> bool {
        self.done.is_some() || self.wait.as_ref().is_some_and(CompletionWait::is_over)
    }

    fn settle(&mut self, _won: bool) {
        self.wait = None;
    }
}

impl<T> Done for ConnectArm<'_, T> {
    type Output = Result<T, NetError>;

    fn done(self) -> Result<T, NetError> {
        self.done.expect("the connection has come about, or failed")
    }
}

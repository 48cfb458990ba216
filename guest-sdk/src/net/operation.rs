//! Operations that are tried again and again: in tasks, and as arms of a select. Where one would have to wait, the host
//! tells when to try again.
//!
//! `select!` makes arms of `stream.read(&mut buffer)` and the like. One that another was faster than has done nothing: what
//! it would have read is there for the next. `write_all` alone may have written a part.

use flower_abi::NetReadiness;

use super::error::{NetError, NetErrorKind};
use super::socket::Socket;
use crate::channel::Owner;
use crate::channel::select::{Arm, Done};
use crate::task::{self, CompletionWait};

/// Something that may have to wait for the network.
pub(super) trait Operation {
    type Output;

    /// Goes on as far as it can; `WouldBlock` where it would have to wait.
    fn attempt(&mut self) -> Result<Self::Output, NetError>;

    /// The reference under which the host tells when to try again; asked for right after an attempt.
    fn told(&self) -> Result<u64, NetError>;
}

/// Does it in a task: the others go on meanwhile.
pub(super) async fn done<O: Operation>(mut operation: O) -> Result<O::Output, NetError> {
    loop {
        match operation.attempt() {
            Err(error) if error.kind == NetErrorKind::WouldBlock => {}
            done => return done,
        }
        task::completion(operation.told()?).await;
    }
}

/// It in a select.
pub(super) struct OperationArm<O: Operation> {
    operation: O,
    done: Option<Result<O::Output, NetError>>,
    /// There while it waits for the host to tell that it is worth trying again.
    wait: Option<CompletionWait>,
}

impl<O: Operation> OperationArm<O> {
    pub(super) fn new(operation: O) -> OperationArm<O> {
        OperationArm { operation, done: None, wait: None }
    }
}

impl<O: Operation> Arm for OperationArm<O> {
    fn attempt(&mut self) -> bool {
        if self.done.is_none() {
            let tried = self.operation.attempt();
            self.done = Some(tried)
                .filter(|tried| !matches!(tried, Err(error) if error.kind == NetErrorKind::WouldBlock));
        }
        self.done.is_some()
    }

    fn park(&mut self, owner: Owner) {
        match self.operation.told() {
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

impl<O: Operation> Done for OperationArm<O> {
    type Output = Result<O::Output, NetError>;

    fn done(self) -> Result<O::Output, NetError> {
        self.done.expect("the operation was done")
    }
}

/// An attempt with a socket that is there.
pub(super) struct Attempt<'a, F> {
    socket: &'a Socket,
    readiness: NetReadiness,
    attempt: F,
}

impl<'a, T, F: FnMut(&Socket) -> Result<T, NetError>> Attempt<'a, F> {
    /// One that can go ahead when the socket can be read from.
    pub(super) fn of_reading(socket: &'a Socket, attempt: F) -> Attempt<'a, F> {
        Attempt { socket, readiness: NetReadiness::Read, attempt }
    }

    /// One that can go ahead when the socket can be written to.
    pub(super) fn of_writing(socket: &'a Socket, attempt: F) -> Attempt<'a, F> {
        Attempt { socket, readiness: NetReadiness::Write, attempt }
    }
}

impl<T, F: FnMut(&Socket) -> Result<T, NetError>> Operation for Attempt<'_, F> {
    type Output = T;

    fn attempt(&mut self) -> Result<T, NetError> {
        (self.attempt)(self.socket)
    }

    fn told(&self) -> Result<u64, NetError> {
        self.socket.told(self.readiness)
    }
}

/// Writes all of it, part by part.
pub(super) fn write_all<'a>(socket: &'a Socket, mut bytes: &'a [u8]) -> impl Operation<Output = ()> + 'a {
    Attempt::of_writing(socket, move |socket| {
        while !bytes.is_empty() {
            let written = socket.try_write(bytes)?;
            bytes = &bytes[written..];
        }
        // What TLS keeps is sent before this is over.
        socket.try_write(b"").map(drop)
    })
}

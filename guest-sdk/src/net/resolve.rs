//! The addresses of names.

use std::net::SocketAddr;
use std::time::Duration;

use flower_abi::NEVER;

use super::error::NetError;
use super::operation::{Operation, OperationArm, done};
use super::socket::Socket;
use crate::channel::select::{Arm, Done};
use crate::clock::deadline;
use crate::host;

/// The addresses of a name and port, as in `example.com:443`. The host looks them up.
///
/// # Errors
/// [`NetErrorKind::NameNotFound`](super::NetErrorKind::NameNotFound), [`NetErrorKind::PermissionDenied`](super::NetErrorKind::PermissionDenied).
pub fn resolve(name: &str) -> Result<Vec<SocketAddr>, NetError> {
    resolve_until(name, NEVER)
}

/// The same within a time.
///
/// # Errors
/// [`NetErrorKind::TimedOut`](super::NetErrorKind::TimedOut) besides.
pub fn resolve_timeout(name: &str, timeout: Duration) -> Result<Vec<SocketAddr>, NetError> {
    resolve_until(name, deadline(timeout))
}

/// The same in a task: the others go on meanwhile. A task that is dropped gives the lookup up.
///
/// # Errors
/// As [`resolve`]; [`NetErrorKind::Limit`](super::NetErrorKind::Limit) when the actor has too many names looked up at a time.
pub async fn resolve_async(name: &str) -> Result<Vec<SocketAddr>, NetError> {
    done(Lookup::new(name)).await
}

/// [`resolve`] as an arm: `resolve(name)` in a `select!`. Where another arm is done, the lookup is given up.
pub fn resolve_arm(name: &str) -> impl Arm + Done<Output = Result<Vec<SocketAddr>, NetError>> + '_ {
    OperationArm::new(Lookup::new(name))
}

fn resolve_until(name: &str, deadline: u64) -> Result<Vec<SocketAddr>, NetError> {
    addresses(&host::net_resolve(name, deadline).map_err(|status| NetError::of(status, name))?)
}

fn addresses(text: &str) -> Result<Vec<SocketAddr>, NetError> {
    text.lines().map(|line| super::tcp::parsed(line.to_owned())).collect()
}

/// A name that is looked up, or was. Dropping it gives it up.
pub(super) struct Lookup<'a> {
    name: &'a str,
    /// There once it has begun.
    reference: Option<u64>,
}

impl<'a> Lookup<'a> {
    pub(super) fn new(name: &'a str) -> Lookup<'a> {
        Lookup { name, reference: None }
    }

    /// Whether the host has taken it on.
    pub(super) fn has_begun(&self) -> bool {
        self.reference.is_some()
    }

    /// The lookup, begun now if it was not.
    fn begun(&mut self) -> Result<u64, NetError> {
        if let Some(reference) = self.reference {
            return Ok(reference);
        }
        let begun = host::net_resolve_start(self.name).map_err(|status| NetError::of(status, self.name))?;
        self.reference = Some(begun);
        Ok(begun)
    }

    /// Begins to connect to the next address that was found.
    pub(super) fn connect_next(&mut self) -> Result<Socket, NetError> {
        let lookup = self.begun()?;
        Socket::begin_next(lookup, self.name)
    }
}

impl Operation for Lookup<'_> {
    type Output = Vec<SocketAddr>;

    fn attempt(&mut self) -> Result<Vec<SocketAddr>, NetError> {
        let lookup = self.begun()?;
        addresses(&host::net_resolved(lookup).map_err(|status| NetError::of(status, self.name))?)
    }

    fn told(&self) -> Result<u64, NetError> {
        Ok(self.reference.expect("it has begun with the first attempt"))
    }
}

impl Drop for Lookup<'_> {
    fn drop(&mut self) {
        if let Some(reference) = self.reference {
            host::cancel(reference);
        }
    }
}

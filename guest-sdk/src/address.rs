//! Addresses: a receiver by pid or by registered name.

use flower_abi::Status;

use crate::{JoinHandle, Pid, host};

/// Whom to send to: a pid, or a registered name, looked up when the message is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Address<'a> {
    /// One life of one actor.
    Pid(Pid),
    /// Whoever holds this name.
    Name(&'a str),
}

impl Address<'_> {
    /// The actor that it means now.
    pub(crate) fn resolve(self) -> Result<flower_abi::Pid, Status> {
        match self {
            Address::Pid(pid) => Ok(pid.0),
            Address::Name(name) => host::whereis(name),
        }
    }
}

impl From<Pid> for Address<'_> {
    fn from(pid: Pid) -> Self {
        Address::Pid(pid)
    }
}

impl From<&Pid> for Address<'_> {
    fn from(pid: &Pid) -> Self {
        Address::Pid(*pid)
    }
}

impl<R> From<&JoinHandle<R>> for Address<'_> {
    fn from(handle: &JoinHandle<R>) -> Self {
        Address::Pid(handle.pid())
    }
}

impl<'a> From<&'a str> for Address<'a> {
    fn from(name: &'a str) -> Self {
        Address::Name(name)
    }
}

impl<'a> From<&'a String> for Address<'a> {
    fn from(name: &'a String) -> Self {
        Address::Name(name)
    }
}

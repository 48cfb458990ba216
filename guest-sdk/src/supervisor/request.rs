//! Asking a supervisor, by pid or name, about its children, and to start, stop and forget them.
//!
//! All of these park the caller until the supervisor answers: it may be starting or stopping a child. A
//! child that asks its own supervisor before it has [acknowledged](super::init_ack) its start waits in
//! vain.

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::child::Spec;
use super::{Child, ChildError, ChildType, Restart, StartError};
use crate::spawn::Args;
use crate::{Address, Binary, Message, Pid, call};

/// What a supervisor is asked.
#[derive(Serialize, Deserialize)]
pub(super) enum Request {
    Start(Box<Spec>),
    StartWith(Args),
    TerminateId(String),
    TerminatePid(Pid),
    Restart(String),
    Delete(String),
    Which,
    Count,
}

/// Which child: by its id, or by its pid where children are all alike.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ChildRef<'a> {
    /// The child with this id.
    Id(&'a str),
    /// The child that this actor is.
    Pid(Pid),
}

impl<'a> From<&'a str> for ChildRef<'a> {
    fn from(id: &'a str) -> ChildRef<'a> {
        ChildRef::Id(id)
    }
}

impl<'a> From<&'a String> for ChildRef<'a> {
    fn from(id: &'a String) -> ChildRef<'a> {
        ChildRef::Id(id)
    }
}

impl From<Pid> for ChildRef<'_> {
    fn from(pid: Pid) -> Self {
        ChildRef::Pid(pid)
    }
}

/// What a supervisor tells of a child.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ChildInfo {
    /// Its id; those that are all alike have one.
    pub id: String,
    /// What it does.
    pub state: ChildState,
    /// What it is.
    pub child_type: ChildType,
    /// When it is restarted.
    pub restart: Restart,
}

/// What a child does.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum ChildState {
    /// It runs, as this actor.
    Running(Pid),
    /// It is about to be restarted.
    Restarting,
    /// It was stopped, or has ended and is not restarted by itself.
    Stopped,
}

impl ChildInfo {
    /// The child's actor, if it runs.
    pub fn pid(&self) -> Option<Pid> {
        match self.state {
            ChildState::Running(pid) => Some(pid),
            ChildState::Restarting | ChildState::Stopped => None,
        }
    }
}

/// How many children a supervisor has.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Counts {
    /// Specifications.
    pub specs: usize,
    /// Children that run.
    pub active: usize,
    /// Supervisors among the children, whether they run or not.
    pub supervisors: usize,
    /// Workers among them, whether they run or not.
    pub workers: usize,
}

/// Adds a child to a supervisor, and starts it.
///
/// # Errors
/// [`ChildError::AlreadyStarted`] and [`ChildError::AlreadyPresent`] when the id is taken,
/// [`ChildError::Start`] when it cannot be started, which adds nothing; [`ChildError::SimpleOneForOne`];
/// [`ChildError::Call`].
pub fn start_child<'a>(supervisor: impl Into<Address<'a>>, child: Child) -> Result<Pid, ChildError> {
    ask(supervisor.into(), Request::Start(Box::new(child.into_spec()?)))
}

/// Starts one more of the children that are all alike, with these arguments in place of the specification's.
///
/// # Errors
/// [`ChildError::OtherArguments`], [`ChildError::Start`], [`ChildError::NotSimpleOneForOne`],
/// [`ChildError::Call`].
pub fn start_child_with<'a, A: Message + ?Sized>(
    supervisor: impl Into<Address<'a>>,
    args: &A,
) -> Result<Pid, ChildError> {
    let args = Args::new(args).map_err(|error| StartError::Arguments(error.to_string()))?;
    ask(supervisor.into(), Request::StartWith(args))
}

/// Stops a child, as its [`Shutdown`](super::Shutdown) says. Its specification stays, unless it is
/// temporary or one of those that are all alike.
///
/// # Errors
/// [`ChildError::NotFound`]; [`ChildError::SimpleOneForOne`] for an id where children have none;
/// [`ChildError::Call`].
pub fn terminate_child<'a, 'b>(
    supervisor: impl Into<Address<'a>>,
    child: impl Into<ChildRef<'b>>,
) -> Result<(), ChildError> {
    let request = match child.into() {
        ChildRef::Id(id) => Request::TerminateId(id.to_owned()),
        ChildRef::Pid(pid) => Request::TerminatePid(pid),
    };
    ask(supervisor.into(), request)
}

/// Starts a child again that was stopped, or has ended and was not restarted.
///
/// # Errors
/// [`ChildError::NotFound`], [`ChildError::Running`], [`ChildError::Restarting`]; [`ChildError::Start`]
/// when it cannot be started, which leaves it stopped; [`ChildError::SimpleOneForOne`];
/// [`ChildError::Call`].
pub fn restart_child<'a>(supervisor: impl Into<Address<'a>>, id: &str) -> Result<Pid, ChildError> {
    ask(supervisor.into(), Request::Restart(id.to_owned()))
}

/// Forgets a child that does not run.
///
/// # Errors
/// [`ChildError::NotFound`], [`ChildError::Running`], [`ChildError::Restarting`],
/// [`ChildError::SimpleOneForOne`],
/// [`ChildError::Call`].
pub fn delete_child<'a>(supervisor: impl Into<Address<'a>>, id: &str) -> Result<(), ChildError> {
    ask(supervisor.into(), Request::Delete(id.to_owned()))
}

/// The children of a supervisor, in the order of their start.
///
/// # Errors
/// [`ChildError::Call`].
pub fn which_children<'a>(supervisor: impl Into<Address<'a>>) -> Result<Vec<ChildInfo>, ChildError> {
    ask(supervisor.into(), Request::Which)
}

/// How many children a supervisor has.
///
/// # Errors
/// [`ChildError::Call`].
pub fn count_children<'a>(supervisor: impl Into<Address<'a>>) -> Result<Counts, ChildError> {
    ask(supervisor.into(), Request::Count)
}

/// Asks, and waits for the answer however long the supervisor takes.
fn ask<T: Serialize + DeserializeOwned>(supervisor: Address<'_>, request: Request) -> Result<T, ChildError> {
    call::<_, Result<T, ChildError>>(supervisor, &Binary(request), Duration::MAX)?
}

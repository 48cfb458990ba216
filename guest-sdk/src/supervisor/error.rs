//! Why a supervisor or a child was not started, and why a supervisor did not do what it was asked to.

use std::fmt;

use flower_abi::Status;
use serde::{Deserialize, Serialize};

use crate::{CallError, ExitReason, Pid, SpawnError};

/// Why a supervisor, or a child of one, was not started.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub enum StartError {
    /// The host did not spawn it.
    Refused(#[serde(with = "refusal")] SpawnError),
    /// It ended, for this reason, before it said that it had started.
    Ended(ExitReason),
    /// It ended normally before it said that it had started, as one does that is not needed.
    Ignored,
    /// It did not say in time that it had started, and was killed.
    NotAcknowledged,
    /// Its arguments cannot be encoded.
    Arguments(String),
    /// It is a function of another program than its supervisor's, which can start an entry of it.
    OtherProgram,
    /// Another child has this id.
    DuplicateId,
    /// It is significant, and permanent or below a supervisor that never ends by itself.
    Significant,
    /// With `SimpleOneForOne`, a supervisor is given exactly one child.
    OneTemplate,
    /// This child of it was not started.
    Child {
        /// The child.
        id: String,
        /// What is wrong with it.
        error: Box<StartError>,
    },
}

impl StartError {
    /// Why an actor ended that was to start; a supervisor ends with the error itself.
    pub(super) fn ended(reason: ExitReason) -> StartError {
        match reason {
            ExitReason::Normal(_) => StartError::Ignored,
            ExitReason::Shutdown(value) => {
                value.decode().unwrap_or(StartError::Ended(ExitReason::Shutdown(value)))
            }
            other => StartError::Ended(other),
        }
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StartError::Refused(error) => error.fmt(f),
            StartError::Ended(reason) => write!(f, "It ended before it had started: {reason}"),
            StartError::Ignored => f.write_str("It ended normally before it had started."),
            StartError::NotAcknowledged => {
                f.write_str("It did not say in time that it had started, and was killed.")
            }
            StartError::Arguments(error) => write!(f, "Its arguments cannot be encoded: {error}"),
            StartError::OtherProgram => {
                f.write_str("It is a function of another program: let the supervisor start an entry of it.")
            }
            StartError::DuplicateId => f.write_str("Another child has this id."),
            StartError::Significant => f.write_str(
                "It is significant, and permanent or below a supervisor that never ends by itself.",
            ),
            StartError::OneTemplate => {
                f.write_str("With `SimpleOneForOne`, a supervisor is given exactly one child.")
            }
            StartError::Child { id, error } => write!(f, "Child {id:?}: {error}"),
        }
    }
}

impl std::error::Error for StartError {}

/// Why a supervisor did not do what it was asked to.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ChildError {
    /// A child of this id runs already.
    AlreadyStarted(Pid),
    /// There is a child of this id already, which does not run.
    AlreadyPresent,
    /// There is no such child.
    NotFound,
    /// The child runs.
    Running,
    /// The child is about to be restarted.
    Restarting,
    /// The children of this supervisor are all alike: they have no id, and are started with arguments alone.
    SimpleOneForOne,
    /// The children of this supervisor are not all alike: they are started from specifications.
    NotSimpleOneForOne,
    /// The arguments are of another type than those that the children were specified with.
    OtherArguments,
    /// The child was not started.
    Start(StartError),
    /// The supervisor gave no answer.
    #[serde(skip)]
    Call(CallError),
}

impl fmt::Display for ChildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ChildError::AlreadyStarted(pid) => write!(f, "A child of this id runs already: {pid}"),
            ChildError::AlreadyPresent => {
                f.write_str("There is a child of this id already, which does not run.")
            }
            ChildError::NotFound => f.write_str("There is no such child."),
            ChildError::Running => f.write_str("The child runs."),
            ChildError::Restarting => f.write_str("The child is about to be restarted."),
            ChildError::SimpleOneForOne => f.write_str(
                "The children of this supervisor are all alike: \
                 they have no id, and are started with arguments alone.",
            ),
            ChildError::NotSimpleOneForOne => f.write_str(
                "The children of this supervisor are not all alike: they are started from specifications.",
            ),
            ChildError::OtherArguments => {
                f.write_str("The arguments are of another type than those of the specification.")
            }
            ChildError::Start(error) => write!(f, "The child was not started: {error}"),
            ChildError::Call(error) => write!(f, "The supervisor gave no answer: {error}"),
        }
    }
}

impl std::error::Error for ChildError {}

impl From<StartError> for ChildError {
    fn from(error: StartError) -> ChildError {
        ChildError::Start(error)
    }
}

impl From<CallError> for ChildError {
    fn from(error: CallError) -> ChildError {
        ChildError::Call(error)
    }
}

/// A refusal of the host travels as its status, and with what was not granted.
mod refusal {
    use super::{SpawnError, Status};
    use crate::PermissionDenied;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(error: &SpawnError, serializer: S) -> Result<S::Ok, S::Error> {
        let status = match error {
            SpawnError::NoModule => Status::NO_MODULE,
            SpawnError::NoEntry => Status::NO_ENTRY,
            SpawnError::NameTaken => Status::NAME_TAKEN,
            SpawnError::Limit => Status::LIMIT,
            SpawnError::TooLarge => Status::TOO_LARGE,
            SpawnError::Invalid | SpawnError::Encode(_) => Status::INVALID,
            SpawnError::ShuttingDown => Status::SHUTTING_DOWN,
            SpawnError::PermissionDenied(_) => Status::NOT_GRANTED,
            SpawnError::Other(status) => *status,
        };
        let denied = match error {
            SpawnError::PermissionDenied(denied) => Some(denied),
            _ => None,
        };
        (status.0, denied).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SpawnError, D::Error> {
        let (status, denied) = <(i32, Option<PermissionDenied>)>::deserialize(deserializer)?;
        Ok(denied.map_or_else(|| SpawnError::from(Status(status)), SpawnError::PermissionDenied))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_travel() {
        let refusals = [SpawnError::NoModule, SpawnError::Limit, SpawnError::ShuttingDown];
        let errors = refusals.map(StartError::Refused).into_iter().chain([
            StartError::Ended(ExitReason::error("broken")),
            StartError::Child { id: "a".to_owned(), error: Box::new(StartError::Ignored) },
        ]);
        for error in errors {
            let text = serde_json::to_string(&ChildError::Start(error.clone())).unwrap();
            assert_eq!(serde_json::from_str::<ChildError>(&text).unwrap(), ChildError::Start(error));
        }
    }

    #[test]
    fn the_reason_of_a_supervisor_that_was_not_started_is_the_error() {
        let error = StartError::Child { id: "a".to_owned(), error: Box::new(StartError::Ignored) };
        let reason = ExitReason::Shutdown(crate::ExitValue::new(&error).unwrap());
        assert_eq!(StartError::ended(reason), error);
        assert_eq!(StartError::ended(ExitReason::shutdown()), StartError::Ended(ExitReason::shutdown()));
        assert_eq!(StartError::ended(ExitReason::normal(&())), StartError::Ignored);
        assert_eq!(StartError::ended(ExitReason::Killed), StartError::Ended(ExitReason::Killed));
    }
}

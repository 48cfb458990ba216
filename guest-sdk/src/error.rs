//! Errors: one enum per boundary, one variant per answer of the host, its doc comment the message.

use crate::actor::{BadCall, NoSuchMethod, ProtocolMismatch};
use crate::exit::ExitReason;
use crate::message::{DecodeError, EncodeError};
use crate::policy::PermissionDenied;

/// Declares an error enum: variants that stand for a status code, and variants that hold a cause.
macro_rules! errors {
    ($(
        $(#[doc = $head:literal])+
        $name:ident {
            $( $(#[doc = $doc:literal])+ $variant:ident = $status:ident, )*
            $( ; $( $(#[doc = $cause_doc:literal])+ $cause:ident($inner:ty), )+ )?
            $( ! $denied:ident )?
        }
    )+) => {$(
        $(#[doc = $head])+
        #[derive(Clone, PartialEq, Debug)]
        #[non_exhaustive]
        pub enum $name {
            $( $(#[doc = $doc])+ $variant, )*
            $( $( $(#[doc = $cause_doc])+ $cause($inner), )+ )?
            $(
                /// The actor was not granted this.
                $denied(PermissionDenied),
            )?
            /// The host answered with a status that this call does not expect.
            Other(flower_abi::Status),
        }

        impl From<flower_abi::Status> for $name {
            fn from(status: flower_abi::Status) -> $name {
                match status {
                    $( flower_abi::Status::$status => $name::$variant, )*
                    $( flower_abi::Status::NOT_GRANTED => $name::$denied(PermissionDenied::last()), )?
                    other => $name::Other(other),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self {
                    $( $name::$variant => f.write_str(concat!($($doc),+).trim()), )*
                    $( $( $name::$cause(inner) => write!(f, "{} {inner}", concat!($($cause_doc),+).trim()), )+ )?
                    $( $name::$denied(denied) => write!(f, "PermissionDenied: {denied}"), )?
                    $name::Other(status) => write!(f, "Unexpected status {status:?}."),
                }
            }
        }

        impl std::error::Error for $name {}

        $( $(
            impl From<$inner> for $name {
                fn from(inner: $inner) -> $name {
                    $name::$cause(inner)
                }
            }
        )+ )?
    )+};
}

errors! {
    /// Why a message, reply or timer was not accepted.
    SendError {
        /// No such actor: it has ended.
        NoActor = NO_ACTOR,
        /// Nobody holds this name.
        NoName = NO_NAME,
        /// The receiver's mailbox is full.
        MailboxFull = MAILBOX_FULL,
        /// The message is larger than the limit.
        TooLarge = TOO_LARGE,
        /// The pid does not carry the right to send.
        NotPermitted = NOT_PERMITTED,
        /// The pid is not one that this host made.
        InvalidPid = INVALID_PID,
        /// The node of that actor cannot be reached.
        NoConnection = NO_CONNECTION,
        /// The deadline passed before there was room.
        Timeout = TIMED_OUT,
        /// The sender holds as many timers or notices as it may.
        Limit = LIMIT,
        ;
        /// The message cannot be encoded.
        Encode(EncodeError),
    }

    /// Why a receive gave no message.
    ReceiveError {
        /// No message came in time.
        Timeout = TIMED_OUT,
        ;
        /// A message came, and was taken, but is not what was asked for.
        Decode(DecodeError),
    }

    /// Why a call gave no answer.
    CallError {
        /// No answer came in time; a later one is dropped.
        Timeout = TIMED_OUT,
        /// No such actor: it had ended before the call.
        NoActor = NO_ACTOR,
        /// Nobody holds this name.
        NoName = NO_NAME,
        /// An actor cannot call itself: it would wait for itself.
        CalledSelf = CALLED_SELF,
        /// The callee's mailbox is full.
        MailboxFull = MAILBOX_FULL,
        /// The request is larger than the limit.
        TooLarge = TOO_LARGE,
        /// The pid does not carry the right to send.
        NotPermitted = NOT_PERMITTED,
        /// The pid is not one that this host made.
        InvalidPid = INVALID_PID,
        /// The node of that actor cannot be reached.
        NoConnection = NO_CONNECTION,
        /// The caller has as many open requests as it may.
        Limit = LIMIT,
        /// The answer was taken already.
        Taken = NO_REFERENCE,
        ;
        /// The callee ended before it answered:
        Died(ExitReason),
        /// The request cannot be encoded.
        Encode(EncodeError),
        /// The answer is not what was asked for.
        Decode(DecodeError),
        /// The typed actor has no such method:
        NoSuchMethod(NoSuchMethod),
        /// Caller and actor do not agree on the protocol:
        ProtocolMismatch(ProtocolMismatch),
        /// The typed actor could not read the call, or not write its answer:
        BadCall(BadCall),
    }

    /// Why an actor was not spawned.
    SpawnError {
        /// No module of this name was given to the host.
        NoModule = NO_MODULE,
        /// The module has no such entry, or one of another style.
        NoEntry = NO_ENTRY,
        /// Another actor holds this name.
        NameTaken = NAME_TAKEN,
        /// A limit on actors, memory, links or monitors is reached.
        Limit = LIMIT,
        /// The arguments are larger than the limit.
        TooLarge = TOO_LARGE,
        /// An option has no meaning, or a value out of range.
        Invalid = INVALID,
        /// The host is shutting down and starts nothing any more.
        ShuttingDown = SHUTTING_DOWN,
        ;
        /// The arguments cannot be encoded.
        Encode(EncodeError),
        ! PermissionDenied
    }

    /// Why a join gave no value.
    JoinError {
        /// The value was taken already.
        Taken = NO_REFERENCE,
        ;
        /// The actor did not end normally:
        Died(ExitReason),
        /// The actor ended normally, but its value is not what was asked for.
        Decode(DecodeError),
    }

    /// Why nothing could be done with a pid.
    PidError {
        /// The pid does not carry the right that this needs.
        NotPermitted = NOT_PERMITTED,
        /// The pid is not one that this host made.
        InvalidPid = INVALID_PID,
        /// The actor has as many links or monitors as it may.
        Limit = LIMIT,
        /// The value is larger than the limit.
        TooLarge = TOO_LARGE,
        /// The node of that actor cannot be reached.
        NoConnection = NO_CONNECTION,
    }

    /// Why an actor did not join or leave a group.
    GroupError {
        /// No such actor: it has ended.
        NoActor = NO_ACTOR,
        /// The actor is no member of this group.
        NoMember = NONE,
        /// The pid does not carry the right to end the actor, which this needs.
        NotPermitted = NOT_PERMITTED,
        /// The pid is not one that this host made.
        InvalidPid = INVALID_PID,
        /// The actor is in as many groups as it may, or the group has as many members as it may.
        Limit = LIMIT,
        /// The name is empty or too long.
        Invalid = INVALID,
        ! PermissionDenied
    }

    /// Why an operation on a channel was not started.
    SelectError {
        /// Too many wait on the channel, the actor has as many selects under way as it may, or the host makes no more channels.
        Limit = LIMIT,
        /// The value is larger than the limit.
        TooLarge = TOO_LARGE,
        /// The select has no arms, or too many.
        Invalid = INVALID,
        ;
        /// The value cannot be encoded.
        Encode(EncodeError),
    }

    /// Why a name was not given.
    RegisterError {
        /// Another actor holds this name: it is already registered.
        NameTaken = NAME_TAKEN,
        /// No such actor: it has ended.
        NoActor = NO_ACTOR,
        /// The pid is not one that this host made.
        InvalidPid = INVALID_PID,
        /// The actor has as many names as it may.
        Limit = LIMIT,
        /// The name is empty or too long.
        Invalid = INVALID,
        ! PermissionDenied
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flower_abi::Status;

    #[test]
    fn a_status_becomes_its_variant() {
        assert_eq!(SendError::from(Status::MAILBOX_FULL), SendError::MailboxFull);
        assert_eq!(CallError::from(Status::CALLED_SELF), CallError::CalledSelf);
        assert_eq!(PidError::from(Status::NAME_TAKEN), PidError::Other(Status::NAME_TAKEN));
    }

    #[test]
    fn the_doc_comment_is_the_message() {
        assert_eq!(SendError::NoActor.to_string(), "No such actor: it has ended.");
        let died = CallError::Died(ExitReason::Killed).to_string();
        assert_eq!(died, "The callee ended before it answered: killed");
    }
}

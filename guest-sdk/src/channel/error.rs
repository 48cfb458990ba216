//! Why a value was not sent, or none was received. What was not sent is given back.

use std::error::Error;
use std::fmt;

/// Declares enums whose variants hold the value that was not sent; their doc comment is the message.
macro_rules! sending {
    ($( $(#[$head:meta])* $name:ident { $( $(#[doc = $doc:literal])+ $variant:ident, )+ } )+) => {$(
        $(#[$head])*
        #[derive(Clone, Copy, PartialEq, Eq)]
        pub enum $name<T> {
            $( $(#[doc = $doc])+ $variant(T), )+
        }

        impl<T> $name<T> {
            /// The value that was not sent.
            pub fn into_inner(self) -> T {
                match self {
                    $( $name::$variant(value) => value, )+
                }
            }
        }

        impl<T> fmt::Display for $name<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {
                    $( $name::$variant(_) => concat!($($doc),+).trim(), )+
                })
            }
        }

        /// Without the value, which need not be `Debug`.
        impl<T> fmt::Debug for $name<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {
                    $( $name::$variant(_) => concat!(stringify!($variant), "(..)"), )+
                })
            }
        }

        impl<T> Error for $name<T> {}
    )+};
}

/// The same without a value.
macro_rules! receiving {
    ($( $(#[$head:meta])* $name:ident { $( $(#[doc = $doc:literal])+ $variant:ident, )+ } )+) => {$(
        $(#[$head])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum $name {
            $( $(#[doc = $doc])+ $variant, )+
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {
                    $( $name::$variant => concat!($($doc),+).trim(), )+
                })
            }
        }

        impl Error for $name {}
    )+};
}

sending! {
    /// Why a value was not sent.
    SendError {
        /// send on a closed channel
        Closed,
        /// too many senders wait on this channel, or it holds too many bytes
        Limit,
        /// send of a value that is too large for a message, or cannot be written as one
        Unfit,
    }

    /// Why a value was not sent at once.
    TrySendError {
        /// send on a full channel
        Full,
        /// send on a closed channel
        Closed,
        /// the channel holds too many bytes
        Limit,
        /// send of a value that is too large for a message, or cannot be written as one
        Unfit,
    }

    /// Why a value was not sent in time.
    SendTimeoutError {
        /// nobody took the value in time
        Timeout,
        /// send on a closed channel
        Closed,
        /// too many senders wait on this channel, or it holds too many bytes
        Limit,
        /// send of a value that is too large for a message, or cannot be written as one
        Unfit,
    }
}

receiving! {
    /// Why there is no value at once.
    TryRecvError {
        /// receive on an empty channel
        Empty,
        /// receive on a closed and drained channel
        Closed,
    }

    /// Why there was no value in time.
    RecvTimeoutError {
        /// no value came in time
        Timeout,
        /// receive on a closed and drained channel
        Closed,
    }
}

impl<T> From<SendError<T>> for SendTimeoutError<T> {
    fn from(error: SendError<T>) -> SendTimeoutError<T> {
        match error {
            SendError::Closed(value) => SendTimeoutError::Closed(value),
            SendError::Limit(value) => SendTimeoutError::Limit(value),
            SendError::Unfit(value) => SendTimeoutError::Unfit(value),
        }
    }
}

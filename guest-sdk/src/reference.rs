//! References: what is still outstanding, and how to give it up.

use std::fmt;

use flower_abi::{RefKind, Status};

use crate::envelope::Envelope;
use crate::host;

macro_rules! references {
    ($( $(#[$doc:meta])+ $name:ident = $kind:ident; )+) => {$(
        $(#[$doc])+
        ///
        /// A plain number that is never used twice by one actor, and means nothing to another.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub(crate) u64);

        impl $name {
            /// The number.
            pub fn id(self) -> u64 {
                self.0
            }

            /// Every one that is outstanding, the oldest first.
            pub fn all() -> Vec<$name> {
                all(RefKind::$kind).into_iter().map($name).collect()
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
    )+};
}

references! {
    /// A monitor, made by [`monitor`](crate::monitor) or [`spawn_monitor`](crate::spawn_monitor).
    MonitorRef = Monitor;
    /// A timer, made by [`after`](crate::after), [`send_after`](crate::send_after) and the others.
    TimerRef = Timer;
    /// A request whose answer comes as an event, made by [`start_request`](crate::start_request).
    RequestRef = Request;
    /// A notice of room, made by [`notify_room`](crate::notify_room).
    RoomRef = Room;
    /// A select over channels whose completion comes as an event, made by [`StartSelect`](crate::channel::StartSelect).
    SelectRef = Select;
}

impl RequestRef {
    /// Gives the request up: no answer of it is seen any more. Returns whether it was outstanding.
    pub fn cancel(self) -> bool {
        host::cancel(self.0)
    }
}

impl RoomRef {
    /// Gives the notice up. Returns whether it was outstanding.
    pub fn cancel(self) -> bool {
        host::cancel(self.0)
    }
}

impl SelectRef {
    /// Gives the select up. Returns whether none of its arms was done, and none will be; else its completion comes, or has
    /// come.
    pub fn cancel(self) -> bool {
        host::cancel(self.0)
    }
}

fn all(kind: RefKind) -> Vec<u64> {
    let mut found = vec![0; host::references(kind, &mut []) as usize];
    let count = host::references(kind, &mut found) as usize;
    found.truncate(count);
    found
}

/// A reference whose completion the host keeps until it is waited for; dropping it gives it up.
pub(crate) struct Held(u64);

impl Held {
    pub(crate) fn new(reference: u64) -> Held {
        Held(reference)
    }

    pub(crate) fn id(&self) -> u64 {
        self.0
    }

    /// Waits until the deadline; `None` means that it has not come yet.
    pub(crate) fn wait(&mut self, deadline: u64) -> Option<Result<Envelope, Status>> {
        match host::wait(self.0, deadline) {
            Err(Status::TIMED_OUT) => None,
            result => {
                self.0 = 0;
                Some(result)
            }
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if self.0 != 0 {
            host::cancel(self.0);
        }
    }
}

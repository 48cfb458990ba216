//! Status codes: what a host call answers when it cannot do what was asked.

/// Declares the codes once: constant, name and meaning.
macro_rules! statuses {
    ($( $(#[doc = $doc:literal])+ $name:ident = $code:literal, )+) => {
        /// The answer of a host call: 0 is success, every other code is negative.
        #[derive(Clone, Copy, PartialEq, Eq, Hash)]
        pub struct Status(pub i32);

        impl Status {
            $( $(#[doc = $doc])+ pub const $name: Status = Status($code); )+

            /// Every code with its name and meaning, for the documentation.
            pub const ALL: &[(Status, &str, &str)] =
                &[$( (Status::$name, stringify!($name), concat!($($doc),+)), )+];
        }
    };
}

statuses! {
    /// Done.
    OK = 0,
    /// No such actor: it has ended, or was never there.
    NO_ACTOR = -1,
    /// Nobody holds this name.
    NO_NAME = -2,
    /// The receiver's mailbox is at its limit.
    MAILBOX_FULL = -3,
    /// Larger than the limit for a message, an argument or a reason.
    TOO_LARGE = -4,
    /// The pid or token does not carry the right that this needs.
    NOT_PERMITTED = -5,
    /// The deadline passed first.
    TIMED_OUT = -6,
    /// Another actor holds this name.
    NAME_TAKEN = -7,
    /// A limit of the actor, of its budget or of the host is reached.
    LIMIT = -8,
    /// An argument has no meaning here.
    INVALID = -9,
    /// The pid is not one that this host made.
    INVALID_PID = -10,
    /// The node of that actor cannot be reached.
    NO_CONNECTION = -11,
    /// No module of this name was given to the host.
    NO_MODULE = -12,
    /// The module has no such entry, or one of another style.
    NO_ENTRY = -13,
    /// An actor cannot call itself: it would wait for itself.
    CALLED_SELF = -14,
    /// No such reference, or its completion was taken already.
    NO_REFERENCE = -15,
    /// The actor that should have answered has ended.
    ACTOR_DIED = -16,
    /// It would have to wait, which a handler may not.
    WOULD_PARK = -17,
    /// There is none.
    NONE = -18,
    /// The host is shutting down and starts nothing any more.
    SHUTTING_DOWN = -19,
    /// The actor has no such handle, or it stands for something else.
    NO_HANDLE = -20,
    /// The channel is closed: nothing can be sent any more, or nothing is left to be received.
    CLOSED = -21,
    /// The channel holds as much as it may.
    CHANNEL_FULL = -22,
    /// The actor was not granted this; `refusal` says what.
    NOT_GRANTED = -23,
    /// Nobody listens at that address.
    CONNECTION_REFUSED = -40,
    /// The peer, or the network, has broken the connection off.
    CONNECTION_RESET = -41,
    /// The connection has ended, so that nothing can be written.
    BROKEN_PIPE = -42,
    /// The socket has no peer.
    NOT_CONNECTED = -43,
    /// Something else has that address.
    ADDRESS_IN_USE = -44,
    /// This machine has no such address.
    ADDRESS_NOT_AVAILABLE = -45,
    /// There is no way to that address.
    UNREACHABLE = -46,
    /// That name has no address, or that path no socket.
    NAME_NOT_FOUND = -47,
    /// The operating system has no descriptors left: later there may be some.
    NO_DESCRIPTORS = -48,
    /// The encryption failed: a certificate that is not trusted, or a peer that speaks something else.
    TLS = -49,
    /// The operating system failed in another way.
    IO = -50,
}

impl Status {
    /// The constant's name, or `UNKNOWN`.
    pub fn name(self) -> &'static str {
        self.entry().map_or("UNKNOWN", |(_, name, _)| name)
    }

    /// One sentence on what it means.
    pub fn meaning(self) -> &'static str {
        self.entry().map_or("A status of a newer host.", |(_, _, meaning)| meaning.trim())
    }

    /// `Ok` with the value of a result that is zero or more, else the status.
    pub const fn check(result: i64) -> Result<u64, Status> {
        if result < 0 { Err(Status(result as i32)) } else { Ok(result as u64) }
    }

    fn entry(self) -> Option<(Status, &'static str, &'static str)> {
        Self::ALL.iter().copied().find(|(status, ..)| *status == self)
    }
}

impl core::fmt::Debug for Status {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}({})", self.name(), self.0)
    }
}

impl core::fmt::Display for Status {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.meaning())
    }
}

impl core::error::Error for Status {}

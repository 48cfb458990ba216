//! Exit reasons on the wire: a tag, a code and a detail.

/// Why an actor ended. The list is open: a reader treats a tag it does not know as abnormal.
#[repr(u32)]
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ExitTag {
    /// It returned, or exited of its own will; the detail is its value, the code the value's codec.
    Normal = 0,
    /// It was asked to end, or ended in good order; the detail says more, the code is its codec.
    Shutdown = 1,
    /// It ended with an error value; the detail is the value, the code its codec.
    Error = 2,
    /// It panicked; the detail is the message followed by the location, the code the message's length.
    Panic = 3,
    /// It trapped; the code is a [`TrapCode`], the detail a sentence.
    Trap = 4,
    /// It met a limit; the code is a [`LimitCode`], the detail a sentence.
    Limit = 5,
    /// It ran longer than it may without waiting.
    OutOfTime = 6,
    /// It was killed.
    Killed = 7,
    /// There was no such actor.
    NoProcess = 8,
    /// Its node cannot be reached.
    NoConnection = 9,
    /// The host failed it; the detail is an id that the host's log names too.
    HostError = 10,
    /// The program called WASI's `proc_exit`; the code is its status, when that is not 0.
    ExitCode = 11,
}

impl ExitTag {
    /// The tag with this number.
    pub const fn from_u32(tag: u32) -> Option<ExitTag> {
        use ExitTag::*;
        const ALL: [ExitTag; 12] = [
            Normal,
            Shutdown,
            Error,
            Panic,
            Trap,
            Limit,
            OutOfTime,
            Killed,
            NoProcess,
            NoConnection,
            HostError,
            ExitCode,
        ];
        if (tag as usize) < ALL.len() { Some(ALL[tag as usize]) } else { None }
    }
}

/// Declares an open list of numbers with a name each.
macro_rules! codes {
    ($(#[$meta:meta])* $type:ident { $( $(#[doc = $doc:literal])+ $name:ident = $code:literal, )+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub struct $type(pub u32);

        impl $type {
            $( $(#[doc = $doc])+ pub const $name: $type = $type($code); )+

            /// Every code with its name and meaning.
            pub const ALL: &[($type, &str, &str)] =
                &[$( ($type::$name, stringify!($name), concat!($($doc),+)), )+];

            /// What it stands for, in lower case words.
            pub fn meaning(self) -> &'static str {
                Self::ALL.iter().find(|(code, ..)| *code == self).map_or("unknown", |(_, _, text)| text.trim())
            }
        }
    };
}

codes! {
    /// Which trap it was.
    TrapCode {
        /// a trap that has no code of its own
        OTHER = 0,
        /// unreachable code was executed
        UNREACHABLE = 1,
        /// memory access out of bounds
        MEMORY_OUT_OF_BOUNDS = 2,
        /// table access out of bounds
        TABLE_OUT_OF_BOUNDS = 3,
        /// call to a null or unknown function
        INDIRECT_CALL = 4,
        /// call with a wrong signature
        BAD_SIGNATURE = 5,
        /// integer overflow
        INTEGER_OVERFLOW = 6,
        /// division by zero
        DIVISION_BY_ZERO = 7,
        /// float has no integer value
        BAD_CONVERSION = 8,
        /// an uncaught exception
        UNCAUGHT_EXCEPTION = 9,
        /// a host call got a pointer or length outside the memory
        BAD_POINTER = 10,
        /// a host call that waits was made in a handler
        PARKED_IN_HANDLER = 11,
        /// the module broke a rule of the ABI
        PROTOCOL = 12,
    }
}

codes! {
    /// Which limit it was.
    LimitCode {
        /// a limit that has no code of its own
        OTHER = 0,
        /// call stack
        STACK = 1,
        /// linear memory
        MEMORY = 2,
        /// table elements
        TABLE = 3,
        /// size of an exit reason
        REASON = 4,
        /// number of actors
        ACTORS = 5,
    }
}

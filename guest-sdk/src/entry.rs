//! Entries: how an instance is set up, and by what the host enters it.
//!
//! The host makes a new instance for every actor and enters it once. For the program's start that
//! is `_start`, which runs the constructors and `main`. Any other entry must not run `main`, so the
//! host calls `flower_initialize` first, which runs the constructors if nobody has.
//!
//! The panic hook is installed by a constructor, so that it is there however the instance is
//! entered, and in a program that is plain `fn main()` and names no attribute.

use std::fmt::{self, Write as _};
use std::io::Write as _;
use std::panic::PanicHookInfo;

use crate::exit::exit_with;
use crate::message::DecodeError;
use crate::{Envelope, ExitReason, Message, exit, host};

/// What `spawn` leaves in front of the arguments: a function of this type, which knows the types of
/// the function to run and of its arguments.
pub(crate) type Trampoline = fn(function: usize, args: &[u8]);

/// Length of that in bytes.
const PREFIX: usize = 4;

/// The trampoline as the bytes in front of the arguments. Both functions are indices into the
/// function table of this very module, which `spawn` never leaves.
pub(crate) fn prefix(trampoline: Trampoline) -> [u8; PREFIX] {
    (trampoline as usize as u32).to_le_bytes()
}

/// Runs the spawned function with its arguments, and leaves its value.
pub(crate) fn run<A: Message, R: Message>(function: usize, args: &[u8]) {
    // SAFETY: `Spawn::new` paired this trampoline with a function of this type.
    let function: fn(A) -> R = unsafe { std::mem::transmute(function) };
    finish(function, A::decode(A::CODEC, args));
}

/// Runs an exported entry: the arguments are those of the spawn, the value is its exit value.
#[doc(hidden)]
pub fn enter<A: Message, R: Message>(function: fn(A) -> R) {
    finish(function, start_args());
}

fn finish<A, R: Message>(function: fn(A) -> R, args: Result<A, DecodeError>) {
    match args {
        Ok(args) => exit_with(&function(args)),
        Err(error) => exit(bad_args(&error)),
    }
}

/// The reason of an actor that cannot read what it was spawned with.
pub(crate) fn bad_args(error: &DecodeError) -> ExitReason {
    ExitReason::error(format!("arguments: {error}").as_str())
}

/// The arguments that the calling actor was spawned with.
///
/// `main` needs this when another program spawns it; functions, [entries](crate::entry) and handlers
/// get theirs as parameters.
///
/// # Errors
/// When they are not a `T`. An actor that was given none has `()`.
pub fn start_args<T: Message>() -> Result<T, DecodeError> {
    start_envelope().decode()
}

fn start_envelope() -> Envelope {
    host::start_args()
}

/// Writes out what the program has printed; std does so by itself only when `main` returns.
pub(crate) fn flush_output() {
    // An actor that is ending can do nothing about an output that fails.
    let _ = std::io::stdout().flush();
}

/// What `#[flower::main]` begins with: makes sure that this file is linked in.
#[doc(hidden)]
pub fn start() {
    exports::initialize();
}

/// Tells the host what a panic said and where, without an allocation of its own.
fn note_panic(info: &PanicHookInfo<'_>) {
    let message = info.payload_as_str().unwrap_or("Box<dyn Any>");
    let mut place = Place::default();
    if let Some(location) = info.location() {
        // A place that is too long is cut.
        let _ = write!(place, "{location}");
    }
    host::panic_note(message, place.as_str());
}

/// A short text on the stack; what does not fit is cut.
struct Place {
    text: [u8; 256],
    len: usize,
}

impl Default for Place {
    fn default() -> Place {
        Place { text: [0; 256], len: 0 }
    }
}

impl Place {
    fn as_str(&self) -> &str {
        let text = &self.text[..self.len];
        std::str::from_utf8(text)
            .unwrap_or_else(|error| std::str::from_utf8(&text[..error.valid_up_to()]).unwrap_or_default())
    }
}

impl fmt::Write for Place {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = &mut self.text[self.len..];
        let len = text.len().min(room.len());
        room[..len].copy_from_slice(&text.as_bytes()[..len]);
        self.len += len;
        Ok(())
    }
}

/// What the host finds by name, and the constructor that the linker finds by its section.
#[cfg(target_family = "wasm")]
mod exports {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::{PREFIX, Trampoline, note_panic, start_envelope};

    unsafe extern "C" {
        /// Runs every constructor; made by the linker.
        fn __wasm_call_ctors();
    }

    /// Whether the constructors have run, whoever ran them.
    static CONSTRUCTED: AtomicBool = AtomicBool::new(false);

    #[used]
    // SAFETY: the section takes pointers to functions without parameters, which the linker calls.
    #[unsafe(link_section = ".init_array")]
    static CONSTRUCTOR: extern "C" fn() = construct;

    extern "C" fn construct() {
        CONSTRUCTED.store(true, Ordering::Relaxed);
        std::panic::set_hook(Box::new(note_panic));
    }

    pub(super) fn initialize() {
        if !CONSTRUCTED.load(Ordering::Relaxed) {
            // SAFETY: they have not run, and run once.
            unsafe { __wasm_call_ctors() };
        }
    }

    // SAFETY: the name is this crate's own.
    #[unsafe(no_mangle)]
    extern "C" fn flower_initialize() {
        initialize();
    }

    // SAFETY: the name is this crate's own.
    #[unsafe(no_mangle)]
    extern "C" fn flower_entry(function: i32) {
        let args = start_envelope();
        let Some((trampoline, args)) = args.bytes().split_first_chunk::<PREFIX>() else {
            panic!("flower_entry is for flower::spawn only");
        };
        let trampoline = u32::from_le_bytes(*trampoline) as usize;
        // SAFETY: `Spawn::new` wrote it, in an actor of this very module.
        let trampoline: Trampoline = unsafe { std::mem::transmute(trampoline) };
        trampoline(function as u32 as usize, args);
    }
}

/// Away from wasm there is nothing to set up.
#[cfg(not(target_family = "wasm"))]
mod exports {
    pub(super) fn initialize() {
        let _: fn(&std::panic::PanicHookInfo<'_>) = super::note_panic;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_place_is_cut_at_a_character() {
        let mut place = Place::default();
        write!(place, "{}é{}", "a".repeat(255), "b").unwrap();
        assert_eq!(place.as_str(), "a".repeat(255));
    }
}

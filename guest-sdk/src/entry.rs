//! Entries: how an instance is set up, and by what the host enters it.
//!
//! The host makes a new instance for every actor and enters it once. For the program's start that
//! is `_start`, which runs the constructors and `main`. Any other entry must not run `main`, so it
//! begins by running the constructors if nobody has. (The host would call `flower_initialize` for it,
//! which costs a spawn one entry more.)
//!
//! The panic hook is installed by a constructor, so that it is there however the instance is
//! entered, and in a program that is plain `fn main()` and names no attribute.

use std::fmt::{self, Write as _};
use std::io::Write as _;
use std::panic::PanicHookInfo;
use std::ptr::NonNull;

use crate::exit::exit_with;
use crate::function::Function;
use crate::message::DecodeError;
use crate::{ExitReason, Message, actor, exit, host};

/// What [`Exports::ENTRY`](flower_abi::Exports::ENTRY) is told to run, by its index in the function
/// table: it knows the types of the function to run and of its arguments.
type Run = fn();

/// The index by which another instance of this very module runs `f`.
///
/// All that travels is the type of `f`, and so it must be all that there is of it.
pub(crate) fn index_of<F: Function<A, S>, A: Message, S>(_: F) -> u32 {
    const {
        assert!(
            size_of::<F>() == 0,
            "an actor shares no memory: pass what the function needs as its argument"
        );
    }
    let run: Run = || {
        // SAFETY: `F` has no bytes, and whoever spawned this had one and could copy it.
        let f = unsafe { NonNull::<F>::dangling().read() };
        enter::<F, A, S>(f);
    };
    run as usize as u32
}

/// A number that differs from program to program, or [`index_of`] would mean something else in each: where
/// its statics end, and where some of its functions stand.
pub(crate) fn program() -> u64 {
    flower_abi::fingerprint(&format!("{:?}", exports::places()))
}

/// Runs an entry: the arguments are those of the spawn, what it returns is the exit value.
#[doc(hidden)]
pub fn enter<F: Function<A, S>, A: Message, S>(function: F) {
    start();
    match start_args() {
        Ok(args) => exit_with(&function.call(args)),
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
    host::start_args().decode()
}

/// Writes out what the program has printed; std does so by itself only when `main` returns.
pub(crate) fn flush_output() {
    // An actor that is ending can do nothing about an output that fails.
    let _ = std::io::stdout().flush();
}

/// What every entry begins with: runs the constructors if nobody has, and has this file linked in.
#[doc(hidden)]
#[inline]
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
    actor::failed(message, place.as_str());
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

    use super::{Run, note_panic};

    unsafe extern "C" {
        /// Runs every constructor; made by the linker.
        fn __wasm_call_ctors();

        /// Where the statics end; made by the linker.
        static __data_end: u8;
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

    pub(super) fn places() -> [usize; 3] {
        let functions = [construct as *const (), note_panic as *const ()];
        [&raw const __data_end as usize, functions[0] as usize, functions[1] as usize]
    }

    // SAFETY: the name is this crate's own.
    #[unsafe(no_mangle)]
    extern "C" fn flower_entry(index: i32) {
        // SAFETY: `index_of` made it, in an actor of this very module.
        let run: Run = unsafe { std::mem::transmute(index) };
        run();
    }
}

/// Away from wasm there is nothing to set up.
#[cfg(not(target_family = "wasm"))]
mod exports {
    pub(super) fn initialize() {
        let _: fn(&std::panic::PanicHookInfo<'_>) = super::note_panic;
    }

    pub(super) fn places() -> [usize; 3] {
        [0; 3]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_place_is_cut_at_a_character() {
        let mut place = Place::default();
        write!(place, "{}éb", "a".repeat(255)).unwrap();
        assert_eq!(place.as_str(), "a".repeat(255));
    }
}

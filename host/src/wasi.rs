//! WASI preview 1 (`wasi_snapshot_preview1`), all 46 functions, for actors.
//!
//! What can block or be observed is ours: [`stdio`] (lines of different actors do not mix within a
//! line), [`clocks`], [`random`], [`process`] (arguments, environment, exit), and [`poll`], whose
//! waits park the actor on the host's timers. Files are served by `wasmtime-wasi`, off the worker and
//! off the actor's fiber ([`files`]); it is made at an actor's first file call, so that an actor that
//! asks for nothing pays two pointers. Sockets are refused.
//!
//! The functions are generic over the store's data, which implements [`WasiActor`]; whatever they
//! learn of the outside (clocks, randomness, results of files) comes through it or through
//! [`files::off_worker`].
//!
//! There are two registrations. Actors in process style may wait. Handlers must not, nor may their
//! store have a single asynchronous import: what would park traps there with a reason that names the
//! function. `sched_yield` does nothing in a handler, `poll_oneoff` answers what is ready at once,
//! and `random_get` is limited to [`RANDOM_HANDLER_BYTES_MAX`].
//!
//! A pointer or length outside the guest's memory ends the guest. `EFAULT` would be the other way,
//! but no libc does anything with it, and the reason would be lost.

use std::sync::Arc;

use wasmtime::{Caller, Error, Extern, Linker, Memory, Result};
use wasmtime_wasi::p1::types::Errno;

use crate::budget::HeldDescriptor;
use crate::guest_memory::{BadPointer, GuestMemory};
use crate::output::{OutputSink, Stream};
use crate::policy::{Granted, Refusal};

mod clocks;
mod config;
mod files;
mod iovec;
mod poll;
mod prestat;
mod process;
mod random;
mod sockets;
mod stdin;
mod stdio;
#[cfg(test)]
mod tests;

pub use config::{Access, ConfigError, Dir, Dirs, Strings};

/// Bytes of all arguments, and of all environment variables: each actor copies them.
pub(crate) const STRINGS_BYTES_MAX: usize = 1 << 20;

/// Bytes of a line that wait for its end, for each stream of each actor; longer lines are written
/// in pieces, between which others may print.
pub(crate) const LINE_BYTES_MAX: usize = 64 << 10;

/// Bytes that one call may print; a queue of output is exceeded by no more than this for each worker.
pub(crate) const PRINT_BYTES_MAX: u32 = 64 << 10;

/// Bytes that one call may read from stdin; the host holds as many that nobody has taken.
pub(crate) const STDIN_BYTES_MAX: u32 = 64 << 10;

/// Subscriptions of one `poll_oneoff`: the host reads and sorts all of them in one go.
pub(crate) const SUBSCRIPTIONS_MAX: u32 = 1024;

/// Buffers of one read or write, as `IOV_MAX` elsewhere.
pub(crate) const IOVECS_MAX: u32 = 1024;

/// Bytes of one read, write or directory listing: the host holds a copy. More is moved by calling
/// again, which programs must do anyway.
pub(crate) const IO_BYTES_MAX: u32 = 1 << 20;

/// Bytes of one path; as `PATH_MAX` elsewhere.
pub(crate) const PATH_BYTES_MAX: u32 = 4096;

/// Files and directories that one actor may have open, those that were granted among them; they are the host's own
/// descriptors.
pub(crate) const OPEN_FILES_MAX: usize = 1024;

/// Directories granted to an actor; their numbers have to fit [`State::closed`].
pub(crate) const DIRS_MAX: usize = 60;

/// Random bytes made before others get their turn: 64 MiB in one go would hold a worker for long.
pub(crate) const RANDOM_STEP_BYTES: u32 = 64 << 10;

/// Random bytes that a handler may ask for in one call, since it cannot yield.
pub(crate) const RANDOM_HANDLER_BYTES_MAX: u32 = 1 << 20;

/// The first file descriptor that is not one of the three standard ones.
const FIRST_FILE: u32 = 3;

const _: () = assert!(DIRS_MAX + FIRST_FILE as usize <= 64, "each has a bit in `State::closed`");
const _: () = assert!(PATH_BYTES_MAX < IO_BYTES_MAX, "the contents of a link fit one transfer");

/// The name under which guests import this.
pub(crate) const MODULE: &str = "wasi_snapshot_preview1";

/// What the store's data of an actor offers to WASI.
pub(crate) trait WasiActor: Send + Sized + 'static {
    /// Stands for outstanding work outside the workers, as long as it lives: an actor that waits
    /// for that is not stuck.
    type Io: Send + 'static;

    /// The actor's WASI state.
    fn wasi(&mut self) -> &mut Wasi;

    /// The memory that the instance exports as `memory`; `None` lets WASI look for it.
    fn memory(&self) -> Option<Memory>;

    /// Nanoseconds on a clock that never goes back.
    fn monotonic_ns(&self) -> u64;

    /// Nanoseconds since 1970.
    fn realtime_ns(&self) -> u64;

    /// Fills `bytes` from the actor's own generator.
    fn fill_random(&mut self, bytes: &mut [u8]);

    /// Parks the actor until its monotonic clock has reached `deadline_ns`, which may be `u64::MAX`
    /// for never. An error ends the actor.
    fn park_until(&mut self, deadline_ns: u64) -> impl Future<Output = Result<()>> + Send;

    /// Lets others have their turn. An error ends the actor.
    fn yield_now(&mut self) -> impl Future<Output = Result<()>> + Send;

    /// What ends the actor for `proc_exit`.
    fn exit(&mut self, code: u32) -> Error;

    /// What ends a handler that called `function`, which would have parked it.
    fn parked_in_handler(&self, function: &'static str) -> Error;

    /// Work outside the workers begins, for which the actor waits.
    fn io_started(&mut self) -> Self::Io;

    /// The runtime whose blocking threads serve files.
    fn io_handle(&self) -> tokio::runtime::Handle;

    /// A descriptor of the host's for the actor; `None` where its budget has no more.
    fn hold_descriptor(&mut self) -> Option<HeldDescriptor>;

    /// The actor reached for what it was not given.
    fn note_refused(&mut self, refusal: &Refusal) {
        let _ = refusal;
    }

    /// Whether the worker itself waits while a file is served: in deterministic mode, where the
    /// order of actors must not depend on the speed of a disk.
    fn files_inline(&self) -> bool {
        false
    }
}

/// An actor's WASI state: nothing but its configuration until it opens, closes or prints something.
pub(crate) struct Wasi {
    granted: Arc<Granted>,
    state: Option<Box<State>>,
}

/// What an actor has that uses WASI for more than asking.
#[derive(Default)]
struct State {
    lines: stdio::Lines,
    /// A bit for each standard stream and granted directory that the guest has closed.
    closed: u64,
    files: files::Files,
}

impl Wasi {
    /// The state of a new actor.
    pub(crate) fn new(granted: Arc<Granted>) -> Wasi {
        Wasi { granted, state: None }
    }

    /// The actor ends: prints what it left of its lines, and lets go of its files. Also done when
    /// this is dropped; calling it lets the host choose when.
    pub(crate) fn finish(&mut self) {
        if let Some(mut state) = self.state.take() {
            state.lines.flush(Stream::Stdout, &*self.granted.output);
            state.lines.flush(Stream::Stderr, &*self.granted.output);
        }
    }

    /// What the actor was granted.
    pub(crate) fn granted(&self) -> &Arc<Granted> {
        &self.granted
    }

    /// Where the actor prints to.
    fn output(&self) -> &dyn OutputSink {
        &*self.granted.output
    }

    fn state(&mut self) -> &mut State {
        self.state.get_or_insert_default()
    }

    /// Whether the guest has closed this standard stream or granted directory, or never had the stream.
    fn is_closed(&self, fd: u32) -> bool {
        let closed = self.state.as_ref().map_or(0, |state| state.closed);
        closed.checked_shr(fd).unwrap_or(0) & 1 == 1 || !self.granted.policy.allows_stream(fd)
    }

    /// Notes that this descriptor is no longer a standard stream or a granted directory.
    fn note_closed(&mut self, fd: u32) {
        self.state().closed |= 1u64.checked_shl(fd).unwrap_or(0);
    }

    /// The granted directory of this descriptor, unless the guest has closed it.
    fn dir(&self, fd: u32) -> Option<&Dir> {
        let at = fd.checked_sub(FIRST_FILE)?;
        self.granted.policy.dirs.get(at as usize).filter(|_| !self.is_closed(fd))
    }

    /// Whether the descriptor could name something: what lies beyond the standard streams is known
    /// off the worker only.
    fn may_be_open(&self, fd: u32) -> bool {
        if fd < FIRST_FILE { !self.is_closed(fd) } else { !self.granted.policy.dirs.is_empty() }
    }
}

impl Drop for Wasi {
    fn drop(&mut self) {
        self.finish();
    }
}

/// Why a function did not do what it was asked for.
enum Failure {
    /// The guest is told.
    Errno(Errno),
    /// The guest ends.
    End(Error),
}

/// What a function comes to; its results are in the guest's memory.
type Outcome = Result<(), Failure>;

impl From<Errno> for Failure {
    fn from(errno: Errno) -> Failure {
        Failure::Errno(errno)
    }
}

impl From<BadPointer> for Failure {
    fn from(bad: BadPointer) -> Failure {
        Failure::End(bad.into())
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure::End(error)
    }
}

/// The module gives WASI no memory to write its answers to.
#[derive(Debug, thiserror::Error)]
#[error("a WASI function was called, but the module exports no memory as `memory`")]
pub(crate) struct NoMemory;

/// An outcome as the guest sees it: an error number, 0 for success.
fn answer(outcome: Outcome) -> Result<u32> {
    match outcome {
        Ok(()) => Ok(0),
        Err(Failure::Errno(errno)) => Ok(errno as u32),
        Err(Failure::End(error)) => Err(error),
    }
}

/// The guest's memory and the actor, side by side.
fn split<'a, T: WasiActor>(caller: &'a mut Caller<'_, T>) -> Result<(GuestMemory<'a>, &'a mut T), NoMemory> {
    let cached = caller.data().memory();
    let exported = || caller.get_export("memory").and_then(Extern::into_memory);
    let memory = cached.or_else(exported).ok_or(NoMemory)?;
    let (bytes, actor) = memory.data_and_store_mut(caller);
    Ok((GuestMemory(bytes), actor))
}

impl From<NoMemory> for Failure {
    fn from(error: NoMemory) -> Failure {
        Failure::End(error.into())
    }
}

/// Registers every function for actors that may wait.
pub(crate) fn add_to_process_linker<T: WasiActor>(linker: &mut Linker<T>) -> Result<()> {
    add_immediate(linker)?;
    files::add_to_process_linker(linker)?;
    linker.func_wrap_async(MODULE, "poll_oneoff", |mut caller: Caller<'_, T>, (i, o, n, out)| {
        Box::new(async move { answer(poll::poll_oneoff(&mut caller, i, o, n, out).await) })
    })?;
    linker.func_wrap_async(MODULE, "random_get", |mut caller: Caller<'_, T>, (buf, len)| {
        Box::new(async move { answer(random::random_get(&mut caller, buf, len).await) })
    })?;
    linker.func_wrap_async(MODULE, "sched_yield", |mut caller: Caller<'_, T>, ()| {
        Box::new(async move { caller.data_mut().yield_now().await.map(|()| 0) })
    })?;
    Ok(())
}

/// Registers every function for handlers; none of them is asynchronous.
pub(crate) fn add_to_handler_linker<T: WasiActor>(linker: &mut Linker<T>) -> Result<()> {
    add_immediate(linker)?;
    files::add_to_handler_linker(linker)?;
    linker.func_wrap(MODULE, "poll_oneoff", |mut caller: Caller<'_, T>, i, o, n, out| {
        answer(poll::poll_oneoff_in_handler(&mut caller, i, o, n, out))
    })?;
    linker.func_wrap(MODULE, "random_get", |mut caller: Caller<'_, T>, buf, len| {
        answer(random::random_get_in_handler(&mut caller, buf, len))
    })?;
    linker.func_wrap(MODULE, "sched_yield", |_: Caller<'_, T>| -> u32 { 0 })?;
    Ok(())
}

/// Registers what never waits.
fn add_immediate<T: WasiActor>(linker: &mut Linker<T>) -> Result<()> {
    macro_rules! immediate {
        ($($room:ident::$name:ident($($arg:ident),*);)*) => {$(
            linker.func_wrap(MODULE, stringify!($name), |mut caller: Caller<'_, T>, $($arg),*| {
                answer($room::$name(&mut caller, $($arg),*))
            })?;
        )*};
    }
    immediate! {
        process::args_sizes_get(count, bytes);
        process::args_get(pointers, buf);
        process::environ_sizes_get(count, bytes);
        process::environ_get(pointers, buf);
        process::proc_raise(signal);
        clocks::clock_res_get(clock, out);
        clocks::clock_time_get(clock, precision, out);
        prestat::fd_prestat_get(fd, out);
        prestat::fd_prestat_dir_name(fd, name, len);
        sockets::sock_accept(fd, flags, out);
        sockets::sock_recv(fd, iovs, count, flags, len, flags_out);
        sockets::sock_send(fd, iovs, count, flags, len);
        sockets::sock_shutdown(fd, how);
    }
    linker.func_wrap(MODULE, "proc_exit", |mut caller: Caller<'_, T>, code: u32| -> Result<()> {
        Err(caller.data_mut().exit(code))
    })?;
    Ok(())
}

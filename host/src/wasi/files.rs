//! Files: every call goes to `wasmtime-wasi`, on a thread where it may block.
//!
//! The way of one call:
//! 1. [`here`] answers what needs no file: standard streams, no granted directory.
//! 2. [`Scratch::place`] copies what the call reads out of guest memory, and makes room for what it
//!    writes. Bad pointers end the guest here, before anything is done.
//! 3. The actor's context and the scratch memory move to a blocking thread of tokio ([`off_worker`]),
//!    where [`Context::run`] calls the generated function of `wasmtime-wasi`. Neither its stack nor
//!    its waits touch the worker or the actor's fiber. One call at a time is on its way for an actor.
//! 4. [`arrive`] takes the context back and copies the results into guest memory.
//!
//! An actor that is killed meanwhile drops its interest; the thread ends its call with its own
//! buffers and then lets go of them.

use wasmtime::Caller;
use wasmtime_wasi::p1::types::Errno;

use super::stdin;
use super::stdio::{self, Stdio};
use super::{Dirs, FIRST_FILE, Failure, OPEN_FILES_MAX, Outcome, Wasi, WasiActor, split};
use crate::budget::HeldDescriptor;
use crate::policy::Refusal;

mod context;
mod scratch;
mod table;
mod wait;

pub(super) use table::{add_to_handler_linker, add_to_process_linker};

use context::{Context, Run};
use scratch::{Scratch, Shape};
use wait::wait;

/// Arguments of a call as the guest gave them; the longest list has nine.
type Args = [u64; 9];

/// One file function.
struct Function {
    name: &'static str,
    /// How its arguments cross.
    shapes: &'static [Shape],
    /// What it does for a standard stream.
    stdio: Stdio,
    /// The function of `wasmtime-wasi`.
    run: Run,
}

/// An actor's files.
#[derive(Default)]
pub(super) struct Files {
    /// Made at the first call, and absent while a call is on its way.
    context: Option<Context>,
    /// One for each that is open: the granted directories, once there is a context, and what the guest has opened.
    pub(super) open: Vec<HeldDescriptor>,
}

/// A file function did not come back.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FileError {
    /// A bug of the host, which ends the one actor.
    #[error("the host failed in {function}")]
    Panicked {
        /// What the guest called.
        function: &'static str,
    },
    /// The runtime that serves files has ended.
    #[error("{function} was not served: the host shuts down")]
    ShutDown {
        /// What the guest called.
        function: &'static str,
    },
}

/// Calls a function for an actor that may wait.
async fn call<T: WasiActor>(caller: &mut Caller<'_, T>, function: &'static Function, args: Args) -> Outcome {
    if function.stdio == Stdio::Write {
        stdio::wait_for_room(caller, args[0] as u32).await;
    }
    if stdin::is_asked(caller, function.stdio, &args) {
        return stdin::read(caller, &args).await;
    }
    if let Some(outcome) = here(caller, function, &args) {
        return outcome;
    }
    let (memory, actor) = split(caller)?;
    let mut scratch = Scratch::place(function.shapes, &memory, args)?;
    let held = hold(actor, function)?;
    let context = actor.wasi().state().files.context.take();
    let dirs = actor.wasi().granted.policy.dirs.clone();
    let work = move || {
        let (context, code) = serve(context, &dirs, function, &mut scratch);
        (context, scratch, code)
    };
    let (context, scratch, code) = off_worker(caller, function.name, work).await?;
    arrive(caller, function, &args, (context, held), &scratch, code?)
}

/// Calls a function for a handler, which may not wait.
fn call_in_handler<T: WasiActor>(
    caller: &mut Caller<'_, T>,
    function: &'static Function,
    args: Args,
) -> Outcome {
    let parked = |caller: &Caller<'_, T>| caller.data().parked_in_handler(function.name);
    if stdin::is_asked(caller, function.stdio, &args) {
        return Err(Failure::End(parked(caller)));
    }
    here(caller, function, &args).unwrap_or_else(|| Err(Failure::End(parked(caller))))
}

/// Answers what can be answered without files; `None` for the rest.
fn here<T: WasiActor>(caller: &mut Caller<'_, T>, function: &Function, args: &Args) -> Option<Outcome> {
    let (mut fds, wasi) = (function.fds(args), caller.data_mut().wasi());
    if fds.any(|fd| fd < FIRST_FILE) {
        Some(stdio::call(caller, function.stdio, args))
    } else if wasi.granted.policy.dirs.is_empty() {
        Some(Err(Errno::Badf.into()))
    } else {
        None
    }
}

/// Takes what a call may open of the actor's limit and of its budget.
fn hold(actor: &mut impl WasiActor, function: &Function) -> Result<Vec<HeldDescriptor>, Errno> {
    let wasi = actor.wasi();
    let dirs = wasi.granted.policy.dirs.len();
    let files = &wasi.state().files;
    let wanted = if files.context.is_none() { dirs } else { 0 } + usize::from(function.opens());
    if files.open.len() + wanted > OPEN_FILES_MAX {
        return Err(Errno::Mfile);
    }
    (0..wanted).map(|_| actor.hold_descriptor().ok_or(Errno::Mfile)).collect()
}

/// Runs on a blocking thread: makes the context if this is the first call, and calls.
fn serve(
    context: Option<Context>,
    dirs: &Dirs,
    function: &Function,
    scratch: &mut Scratch,
) -> (Option<Context>, wasmtime::Result<u32>) {
    match context.map_or_else(|| Context::open(dirs), Ok) {
        Ok(mut context) => {
            let code = context.run(function.run, scratch);
            (Some(context), code)
        }
        Err(errno) => (None, Ok(errno as u32)),
    }
}

/// Does `work` on a blocking thread while the actor waits; the one way by which an actor learns
/// something of files and of stdin.
pub(super) async fn off_worker<T: WasiActor, R: Send + 'static>(
    caller: &mut Caller<'_, T>,
    function: &'static str,
    work: impl FnOnce() -> R + Send + 'static,
) -> Result<R, FileError> {
    let actor = caller.data_mut();
    let (inline, _io) = (actor.files_inline(), actor.io_started());
    let task = actor.io_handle().spawn_blocking(work);
    let done = if inline { wait(task) } else { task.await };
    done.map_err(|error| match error.is_panic() {
        true => FileError::Panicked { function },
        false => FileError::ShutDown { function },
    })
}

/// Takes the context back, and gives the guest its results.
fn arrive<T: WasiActor>(
    caller: &mut Caller<'_, T>,
    function: &Function,
    args: &Args,
    (context, mut held): (Option<Context>, Vec<HeldDescriptor>),
    scratch: &Scratch,
    code: u32,
) -> Outcome {
    let (mut memory, actor) = split(caller)?;
    if context.is_none() {
        held.clear();
    } else if function.opens() && code != 0 {
        held.pop();
    }
    let files = &mut actor.wasi().state().files;
    files.context = context;
    files.open.append(&mut held);
    if code != 0 {
        let errno = Errno::try_from(code as i32).unwrap_or(Errno::Io);
        if function.is_path() && matches!(errno, Errno::Perm | Errno::Notcapable) {
            let dir = function.fds(args).next().and_then(|fd| actor.wasi().dir(fd));
            let refusal = Refusal::file(function.name, dir.map(|dir| dir.guest.as_str()));
            actor.note_refused(&refusal);
        }
        return Err(errno.into());
    }
    note_descriptors(actor.wasi(), function.name, args);
    scratch.copy_out(function.shapes, &mut memory, args)
}

/// Gives back the descriptors that name nothing any more after a call that has succeeded.
fn note_descriptors(wasi: &mut Wasi, name: &str, args: &Args) {
    let (fd, to) = (args[0] as u32, args[1] as u32);
    match name {
        "fd_close" => release(wasi, fd),
        "fd_renumber" if fd != to => {
            release(wasi, to);
            // A granted directory is from now on one like any other that the guest has opened.
            wasi.note_closed(fd);
        }
        _ => {}
    }
}

/// This descriptor names nothing any more.
fn release(wasi: &mut Wasi, fd: u32) {
    wasi.note_closed(fd);
    let held = wasi.state().files.open.pop();
    debug_assert!(held.is_some(), "what is neither granted nor opened cannot be closed");
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Failure {
        Failure::End(error.into())
    }
}

impl Function {
    /// Whether it goes by a path, which may lead out of what was granted.
    fn is_path(&self) -> bool {
        self.shapes.iter().any(|shape| matches!(shape, Shape::Path))
    }

    /// Whether there is one descriptor more when it has succeeded.
    fn opens(&self) -> bool {
        self.name == "path_open"
    }

    /// The arguments that are file descriptors.
    fn fds<'a>(&self, args: &'a Args) -> impl Iterator<Item = u32> + use<'a> {
        let shapes = scratch::placed(self.shapes);
        let fds = shapes.filter(|(shape, _)| matches!(shape, Shape::Fd));
        fds.map(|(_, at)| args[at] as u32)
    }
}

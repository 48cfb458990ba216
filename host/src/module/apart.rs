//! Compiling apart: in a child process that has only so much time and memory.
//!
//! A module that is checked is safe to run, but a compiler is large, and what it does with time and memory grows with
//! what it is given in ways that no check of the module foresees. So who loads modules of strangers lets a child
//! compile them: one that loops, takes all memory, overflows its stack or crashes is a refused module, and
//! the host goes on.
//!
//! The parent checks the module as ever, and hands the bytes to the child's standard input. The child limits itself by
//! `setrlimit` before it reads them ([`child`]), compiles, and writes a sealed artifact to its standard
//! output, of which the parent reads no more than an artifact may have. The parent checks the seal, and that the
//! artifact is the one it asked for.
//!
//! What this does not do: the code that comes back is run, so it has to be what the compiler made of the module. A module
//! that took control of the compiler would have control of the code too. The child has an empty environment and can open
//! no file for writing, but it is no sandbox.

mod child;

use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use rustix::io::retry_on_intr;
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
use wasmtime::Engine;

use super::artifact::{self, ArtifactFault, Compatibility};
use super::error::LoadError;
use super::source::Source;
use super::validate::{self, Shape};
use crate::instance::ModuleOptions;
use crate::limits::{APART_ARTIFACT_BYTES_MAX, APART_MESSAGE_BYTES_MAX};

pub use child::compile_apart;

/// What a program that may be started as the child is called with; the rest of the arguments is for [`compile_apart`].
pub const COMPILE_APART: &str = "compile-apart";

/// A compiler in a process of its own, with limits; for [`HostBuilder::compiler`](crate::HostBuilder::compiler).
///
/// ```no_run
/// # use flower_host::{ChildCompiler, Host};
/// let compiler = ChildCompiler::new("/usr/bin/flower-host").memory_max(256 << 20);
/// let host = Host::builder().compiler(compiler).build()?;
/// # Ok::<(), flower_host::BuildError>(())
/// ```
#[derive(Clone, Debug)]
pub struct ChildCompiler {
    program: PathBuf,
    memory_max: u64,
    time_max: Duration,
}

impl ChildCompiler {
    /// A compiler that is started as `PROGRAM compile-apart ...`: the program `flower-host`, or one that calls
    /// [`compile_apart`] when its first argument is [`COMPILE_APART`]. It has 30 s and 1 GiB.
    pub fn new(program: impl Into<PathBuf>) -> ChildCompiler {
        ChildCompiler { program: program.into(), memory_max: 1 << 30, time_max: Duration::from_secs(30) }
    }

    /// Memory that compiling a module may take, in bytes.
    pub fn memory_max(mut self, bytes: u64) -> ChildCompiler {
        self.memory_max = bytes;
        self
    }

    /// Time that compiling a module may take: of all its threads together in whole seconds, and by the clock.
    pub fn time_max(mut self, time: Duration) -> ChildCompiler {
        self.time_max = time;
        self
    }

    /// What the engine makes of a module, made by a child.
    pub(crate) fn compile(
        &self,
        engine: &Engine,
        options: ModuleOptions,
        deterministic: bool,
        source: &Source<'_>,
    ) -> Result<(wasmtime::Module, Shape), LoadError> {
        // What can be said without a child is said without one.
        let shape = validate::inspect(source.bytes())?;
        let sealed = self.run(options, deterministic, source.bytes())?;
        let compatibility = Compatibility::of(engine, options.memory_engine);
        let (code, made) = artifact::unseal(sealed, source.hash(), compatibility).map_err(broken)?;
        if (Shape { image: shape.image.clone(), ..made.clone() }) != shape {
            return Err(broken(ArtifactFault::OtherModule));
        }
        // SAFETY: this program, or one that the embedder named, has compiled it for this engine a moment ago, and
        // the seal says that it has come as it was written.
        let module = unsafe { wasmtime::Module::deserialize(engine, code) };
        Ok((module.map_err(super::not_compiled)?, made))
    }

    /// Lets a child compile, and returns what it has written.
    fn run(&self, options: ModuleOptions, deterministic: bool, module: &[u8]) -> Result<Vec<u8>, LoadError> {
        let mut command = Command::new(&self.program);
        command.arg(COMPILE_APART).args(child::arguments(
            options,
            deterministic,
            self.memory_max,
            self.time_max,
        ));
        command.env_clear().envs(child::ENVIRONMENT);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(LoadError::io("start the compiler", &self.program))?;
        let talked = self.talk(&mut child, module);
        // Whatever it still does, nobody waits for it.
        let _ = child.kill();
        let status = child.wait().map_err(LoadError::io("wait for the compiler", &self.program))?;
        let Talked { artifact, message, timed_out } = talked;
        match artifact {
            Some(artifact) if status.success() => Ok(artifact),
            _ if timed_out => Err(self.too_long()),
            None => {
                let what = format!("more than {APART_ARTIFACT_BYTES_MAX} bytes of code");
                Err(LoadError::CompilerLimit { what })
            }
            _ => Err(self.failure(status, &message)),
        }
    }

    /// Gives the child its input and takes its output, until both ends are closed or its time is over.
    fn talk(&self, child: &mut Child, module: &[u8]) -> Talked {
        let process = Pid::from_child(child);
        let mut stdin = child.stdin.take().expect("it is piped");
        let mut stdout = child.stdout.take().expect("it is piped").take(APART_ARTIFACT_BYTES_MAX + 1);
        let mut stderr = child.stderr.take().expect("it is piped").take(APART_MESSAGE_BYTES_MAX);
        thread::scope(|scope| {
            let (done, over) = channel();
            let timer = scope.spawn(move || self.kill_late(child, &over));
            // A child that has ended, or been killed, reads no more, and says why itself.
            scope.spawn(move || _ = stdin.write_all(module));
            let message = scope.spawn(move || {
                let mut text = Vec::new();
                let _ = stderr.read_to_end(&mut text);
                String::from_utf8_lossy(&text).into_owned()
            });
            let mut artifact = Vec::new();
            let read = stdout.read_to_end(&mut artifact);
            let whole = read.is_ok() && artifact.len() as u64 <= APART_ARTIFACT_BYTES_MAX;
            // Its other ends are closed soon; if not, the timer sees to it.
            drop(stdout);
            let message = message.join().expect("it only reads");
            if whole {
                // Who has said all ends a moment later, and must not look as if it had been killed. It stays a zombie, whose
                // number is nobody else's, until the timer has let go of it.
                let ended = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
                let _ = retry_on_intr(|| waitid(WaitId::Pid(process), ended));
            }
            let _ = Sender::send(&done, ());
            let timed_out = timer.join().expect("it only waits");
            Talked { artifact: whole.then_some(artifact), message, timed_out }
        })
    }

    /// Kills the child unless the work is done in time; whether it did.
    fn kill_late(&self, child: &mut Child, done: &std::sync::mpsc::Receiver<()>) -> bool {
        let late = done.recv_timeout(self.time_max) == Err(RecvTimeoutError::Timeout);
        if late {
            // It may have ended just now.
            let _ = child.kill();
        }
        late
    }

    fn too_long(&self) -> LoadError {
        LoadError::CompilerLimit { what: format!("longer than {:?}", self.time_max) }
    }

    /// What an end without an artifact means.
    fn failure(&self, status: ExitStatus, message: &str) -> LoadError {
        use std::os::unix::process::ExitStatusExt;
        match status.signal() {
            Some(libc::SIGXCPU) => self.too_long(),
            // An allocation that fails aborts, and says so.
            Some(libc::SIGABRT | libc::SIGKILL) if message.is_empty() || message.contains("allocation") => {
                LoadError::CompilerLimit { what: format!("more than {} bytes of memory", self.memory_max) }
            }
            Some(signal) => LoadError::Compile { message: format!("the compiler crashed (signal {signal})") },
            None => LoadError::Compile { message: message.split_whitespace().collect::<Vec<_>>().join(" ") },
        }
    }
}

/// What became of a child.
struct Talked {
    /// All that it wrote, if it was not too much.
    artifact: Option<Vec<u8>>,
    message: String,
    timed_out: bool,
}

fn broken(fault: ArtifactFault) -> LoadError {
    LoadError::Compile { message: format!("what the compiler's process wrote cannot be used: {fault}") }
}

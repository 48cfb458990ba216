//! `flower-host run`: a program, until its main actor ends.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::{Args, ValueEnum};
use flower_host::{
    Access, Actor, ChildCompiler, Clock, Dir, Direct, Dirs, ExitReason, Host, Inherit, Limits, Module,
    NetRule, OutputSink, Policy, Source, Spawn, StackClass, Strings, TrustedArtifact,
};

use super::crash::CrashFlags;
use super::http::HttpFlags;
use super::options::OptionFlags;
use super::report;
use super::values::{DirFlag, EnvFlag, ModuleFlag, Size};

/// Bytes that the folder for compiled modules may hold.
const CACHE_BYTES_MAX: u64 = 1 << 30;

/// How long a slow reader of the output is waited for at the end.
const OUTPUT_DEADLINE: Duration = Duration::from_secs(5);

/// The status when the user interrupts twice, as a shell shows it.
const INTERRUPTED: u8 = 130;

/// The status when every actor waits for nothing.
const STUCK: u8 = 3;

/// The flags of `flower-host run`.
#[derive(Args)]
pub(super) struct Run {
    /// The program: a .wasm or .wat file, or a .cwasm with --allow-precompiled
    program: PathBuf,
    /// Arguments of the program
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<String>,

    /// Enter by this export instead of `_start`
    #[arg(long, value_name = "NAME", default_value = "_start")]
    entry: String,
    /// Load another module that actors may spawn by name (repeatable)
    #[arg(long = "module", value_name = "NAME=PATH")]
    modules: Vec<ModuleFlag>,
    /// Grant the program a directory (repeatable)
    #[arg(long = "dir", value_name = "HOST[::GUEST]")]
    dirs: Vec<DirFlag>,
    /// The same, to read only
    #[arg(long = "dir-read", value_name = "HOST[::GUEST]")]
    dirs_read: Vec<DirFlag>,
    /// Give the program an environment variable (repeatable); without a value, the host's own
    #[arg(long = "env", value_name = "NAME[=VALUE]")]
    env: Vec<EnvFlag>,
    /// Let the program use a part of the network (repeatable): [connect:|bind:]HOST[:PORT[-PORT]], where HOST is an
    /// address, a CIDR, a name, *.NAME or *; or [connect:|bind:]unix:PATH
    #[arg(long, value_name = "RULE")]
    allow_net: Vec<NetRule>,
    /// Show the time to the program, which otherwise stands still at midnight
    #[arg(long, value_name = "CLOCK", num_args = 0..=1, require_equals = true, default_missing_value = "real")]
    allow_clock: Option<ClockFlag>,

    /// Keep running after the main actor has ended, until the others have
    #[arg(long)]
    wait: bool,
    /// How long actors have to stop once the main actor has ended, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 2000)]
    stop_deadline_ms: u64,
    /// Worker threads [default: one per core]
    #[arg(long, value_name = "N")]
    workers: Option<usize>,
    /// One worker, virtual time, and an order that only depends on the seed
    #[arg(long)]
    deterministic: bool,
    /// Seed of all randomness and, with --deterministic, of the order of actors
    #[arg(long, value_name = "N")]
    seed: Option<u64>,

    /// Run a .cwasm file: it is native code, and is trusted to be what `compile` wrote
    #[arg(long)]
    allow_precompiled: bool,
    /// Folder for compiled modules [default: flower/modules in the user's cache]
    #[arg(long, value_name = "DIR", conflicts_with = "no_cache")]
    cache: Option<PathBuf>,
    /// Compile anew, and keep nothing
    #[arg(long)]
    no_cache: bool,
    /// Compile each module in a process of its own, limited in time and memory: for modules of strangers
    #[arg(long)]
    compile_apart: bool,

    #[command(flatten)]
    options: OptionFlags,
    #[command(flatten, next_help_heading = "Crash reports")]
    crashes: CrashFlags,
    #[command(flatten, next_help_heading = "HTTP")]
    http: HttpFlags,
    #[command(flatten, next_help_heading = "Limits")]
    limits: LimitFlags,
}

/// Limits as flags; what is not given keeps its default.
#[derive(Args)]
struct LimitFlags {
    /// Linear memory of one actor [default: 64M]
    #[arg(long, value_name = "SIZE")]
    memory_max: Option<Size>,
    /// Linear memory of all actors together [default: 64G]
    #[arg(long, value_name = "SIZE")]
    host_memory_max: Option<Size>,
    /// Elements of one table [default: 100000]
    #[arg(long, value_name = "N")]
    table_elements_max: Option<u64>,
    /// Bytes of one message [default: 16M]
    #[arg(long, value_name = "SIZE")]
    message_max: Option<Size>,
    /// Bytes of all messages that wait anywhere [default: 4G]
    #[arg(long, value_name = "SIZE")]
    host_message_bytes_max: Option<Size>,
    /// Messages in one mailbox [default: 65536]
    #[arg(long, value_name = "N")]
    mailbox_len_max: Option<u32>,
    /// Bytes in one mailbox [default: 16M]
    #[arg(long, value_name = "SIZE")]
    mailbox_bytes_max: Option<Size>,
    /// Actors of the host [default: 1048576]
    #[arg(long, value_name = "N")]
    actors_max: Option<u64>,
    /// Timers of one actor [default: 1048576]
    #[arg(long, value_name = "N")]
    timers_max: Option<u32>,
    /// Names of one actor [default: 64]
    #[arg(long, value_name = "N")]
    names_max: Option<u32>,
    /// Groups that one actor is in [default: 64]
    #[arg(long, value_name = "N")]
    groups_max: Option<u32>,
    /// Members of one group [default: 131072]
    #[arg(long, value_name = "N")]
    group_members_max: Option<u32>,
    /// Open requests and monitors of one actor [default: 65536]
    #[arg(long, value_name = "N")]
    references_max: Option<u32>,
    /// Links of one actor [default: 65536]
    #[arg(long, value_name = "N")]
    links_max: Option<u32>,
    /// How long an actor may run without waiting, in milliseconds [default: no limit]
    #[arg(long, value_name = "MS")]
    run_time_max_ms: Option<u64>,
    /// How long a handler may take for one message, in milliseconds [default: 60000]
    #[arg(long, value_name = "MS")]
    handler_time_max_ms: Option<u64>,
    /// Memory for compiling one module, with --compile-apart [default: 1G]
    #[arg(long, value_name = "SIZE", requires = "compile_apart")]
    compile_memory_max: Option<Size>,
    /// Time for compiling one module, with --compile-apart, in milliseconds [default: 30000]
    #[arg(long, value_name = "MS", requires = "compile_apart")]
    compile_time_max_ms: Option<u64>,
    /// Stack of the main actor: 128 KiB for wasm frames, or nearly 2 MiB
    #[arg(long, value_name = "CLASS", default_value = "small")]
    stack: Stack,
}

// Comments on the variants would give every flag of the help a paragraph of its own.
#[derive(Clone, Copy, ValueEnum)]
enum Stack {
    Small,
    Large,
}

// As above.
#[derive(Clone, Copy, ValueEnum)]
enum ClockFlag {
    Coarse,
    Real,
}

impl LimitFlags {
    /// This program itself, as a compiler with limits.
    fn compiler(&self) -> anyhow::Result<ChildCompiler> {
        let program = std::env::current_exe().context("this program cannot find itself, to compile apart")?;
        let mut compiler = ChildCompiler::new(program);
        if let Some(Size(bytes)) = self.compile_memory_max {
            compiler = compiler.memory_max(bytes);
        }
        if let Some(ms) = self.compile_time_max_ms {
            compiler = compiler.time_max(Duration::from_millis(ms));
        }
        Ok(compiler)
    }

    fn limits(&self) -> Limits {
        let mut limits = Limits::default();
        fn set<T, U: From<T>>(limit: &mut U, flag: Option<T>) {
            if let Some(value) = flag {
                *limit = value.into();
            }
        }
        let bytes = |size: Option<Size>| size.map(|Size(bytes)| bytes);
        set(&mut limits.memory_max, bytes(self.memory_max));
        set(&mut limits.host_memory_max, bytes(self.host_memory_max));
        set(&mut limits.table_elements_max, self.table_elements_max);
        set(
            &mut limits.message_bytes_max,
            bytes(self.message_max).map(|max| max.min(u32::MAX.into()) as u32),
        );
        set(&mut limits.host_message_bytes_max, bytes(self.host_message_bytes_max));
        set(&mut limits.mailbox_len_max, self.mailbox_len_max);
        set(&mut limits.mailbox_bytes_max, bytes(self.mailbox_bytes_max));
        set(&mut limits.actors_max, self.actors_max);
        set(&mut limits.timers_max, self.timers_max);
        set(&mut limits.names_max, self.names_max);
        set(&mut limits.groups_max, self.groups_max);
        set(&mut limits.group_members_max, self.group_members_max);
        set(&mut limits.references_max, self.references_max);
        set(&mut limits.links_max, self.links_max);
        let time = |ms: Option<u64>| ms.map(Duration::from_millis);
        set(&mut limits.run_time_max, time(self.run_time_max_ms));
        set(&mut limits.handler_time_max, time(self.handler_time_max_ms));
        limits
    }
}

/// How a run came to its end.
enum End {
    Main(Arc<ExitReason>),
    Stuck,
    Interrupted,
}

impl Run {
    /// Runs the program and returns its exit code.
    pub(super) fn execute(self) -> anyhow::Result<u8> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let code = runtime.block_on(self.run());
        runtime.shutdown_background();
        code
    }

    async fn run(self) -> anyhow::Result<u8> {
        let output: Arc<dyn OutputSink> =
            if self.deterministic { Arc::new(Direct::new()) } else { Arc::new(Inherit::new()?) };
        super::log::start(output.clone());
        let host = self.host(output.clone())?;
        // Before anybody runs: a program that says that it is ready can be interrupted.
        let mut interrupts = Interrupts::new()?;
        let program = self.load_all(&host)?;
        let servers = self.http.serve(&host, &program)?;
        let main = self.start(&host, &program)?;
        let end = self.supervise(&host, main, &mut interrupts).await;
        let code = match &end {
            End::Main(reason) => report::exit_code(reason),
            End::Interrupted => INTERRUPTED,
            End::Stuck => {
                tracing::error!("{}", report::stuck(&host.actors(), &host.waiting_cycle()));
                STUCK
            }
        };
        let deadline = match end {
            End::Stuck => Duration::ZERO,
            _ => Duration::from_millis(self.stop_deadline_ms),
        };
        // What is under way is answered as long as actors live.
        drop(servers);
        self.stop(host, deadline, &mut interrupts).await;
        output.flush(OUTPUT_DEADLINE);
        if output.dropped() > 0 {
            eprintln!(
                "flower-host: {} bytes of output were dropped: their reader is gone or too slow",
                output.dropped()
            );
        }
        Ok(code)
    }

    fn host(&self, output: Arc<dyn OutputSink>) -> anyhow::Result<Host> {
        let mut builder = Host::builder().limits(self.limits.limits()).output(output);
        builder = builder.deterministic(self.deterministic).module_options(self.options.options());
        if let Some(seed) = self.seed {
            builder = builder.seed(seed);
        }
        if let Some(workers) = self.workers {
            builder = builder.workers(workers);
        }
        if let (false, Some(folder)) = (self.no_cache, super::cache_folder(self.cache.clone())) {
            builder = builder.cache(folder, CACHE_BYTES_MAX);
        }
        if self.compile_apart {
            builder = builder.compiler(self.limits.compiler()?);
        }
        Ok(self.crashes.set_up(builder).build()?)
    }

    /// Loads every module; the program's is returned.
    fn load_all(&self, host: &Host) -> anyhow::Result<Module> {
        for ModuleFlag { name, path } in &self.modules {
            self.load(host, name, path)?;
        }
        self.load(host, &super::stem(&self.program), &self.program)
    }

    /// Spawns the main actor.
    fn start(&self, host: &Host, module: &Module) -> anyhow::Result<Actor> {
        let program = self.program.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let args = std::iter::once(program).chain(self.args.iter().cloned());
        let stack = match self.limits.stack {
            Stack::Small => StackClass::Small,
            Stack::Large => StackClass::Large,
        };
        let spawn =
            Spawn::entry(module, &self.entry).stack(stack).policy(self.policy()?.args(Strings::args(args)?));
        host.spawn(spawn).with_context(|| self.program.display().to_string())
    }

    /// The rights of the main actor.
    fn policy(&self) -> anyhow::Result<Policy> {
        let env = self.env.iter().map(|EnvFlag(name, value)| (name.clone(), value.clone()));
        let writable = self.dirs.iter().map(|flag| dir(flag, Access::ReadWrite));
        let readable = self.dirs_read.iter().map(|flag| dir(flag, Access::ReadOnly));
        let clock = match self.allow_clock {
            None => Clock::Frozen,
            Some(ClockFlag::Coarse) => Clock::Coarse,
            Some(ClockFlag::Real) => Clock::Real,
        };
        let policy = Policy::default().env(Strings::env(env)?).dirs(Dirs::new(writable.chain(readable))?);
        Ok(self.allow_net.iter().cloned().fold(policy.clock(clock), Policy::net))
    }

    fn load(&self, host: &Host, name: &str, path: &Path) -> anyhow::Result<Module> {
        if path.extension().is_some_and(|ending| ending == "cwasm") {
            if !self.allow_precompiled {
                anyhow::bail!(
                    "{}: a compiled file is native code: say --allow-precompiled if you trust it, or run the .wasm file",
                    path.display()
                );
            }
            // SAFETY: the user vouched for the file with --allow-precompiled.
            let artifact = unsafe { TrustedArtifact::open(path) }.and_then(TrustedArtifact::check_content);
            return artifact
                .and_then(|artifact| host.load_artifact(name, &artifact))
                .map_err(super::about(path));
        }
        Source::from_file(path).and_then(|source| host.load(name, &source)).map_err(super::about(path))
    }

    /// Waits for the end of the main actor, of the last one with `--wait`, of all hope, or for Ctrl-C.
    async fn supervise(&self, host: &Host, main: Actor, interrupts: &mut Interrupts) -> End {
        let mut main = std::pin::pin!(main.join());
        let reason = tokio::select! {
            biased;
            reason = &mut main => reason,
            () = interrupts.next() => return End::Interrupted,
            // It may be quiet because the main actor ended just after the first look.
            () = host.quiescent() => match tokio::time::timeout(Duration::ZERO, main).await {
                Ok(reason) => reason,
                Err(_) => return End::Stuck,
            },
        };
        if self.wait && host.actor_count() > 0 {
            tokio::select! {
                () = interrupts.next() => return End::Interrupted,
                () = host.quiescent() => if host.actor_count() > 0 { return End::Stuck },
            }
        }
        End::Main(reason)
    }

    async fn stop(&self, host: Host, deadline: Duration, interrupts: &mut Interrupts) {
        let running = host.actor_count();
        // Pinned out here, since the host in it, when dropped, waits for its workers.
        let mut shutdown = std::pin::pin!(host.shutdown(deadline));
        tokio::select! {
            left = &mut shutdown => {
                if left > 0 && deadline > Duration::ZERO {
                    tracing::warn!("{left} of {running} actors did not stop within {deadline:?} and were killed");
                }
            }
            () = interrupts.next() => std::process::exit(i32::from(INTERRUPTED)),
        }
    }
}

fn dir(flag: &DirFlag, access: Access) -> Dir {
    Dir { host: flag.host.clone(), guest: flag.guest.clone(), access }
}

/// Ctrl-C, and the signal that service managers send.
struct Interrupts {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

impl Interrupts {
    fn new() -> std::io::Result<Interrupts> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Interrupts {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

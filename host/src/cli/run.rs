//! `flower-host run`: a program, until its main actor ends.

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::Args;

use super::budget::{BudgetFlag, TenantFlag};
use super::crash::CrashFlags;
use super::http::HttpFlags;
use super::limits::LimitFlags;
use super::options::OptionFlags;
use super::report;
use super::rights::RightFlags;
use super::tls::TlsFlags;
use super::values::ModuleFlag;
use crate::{
    Actor, Direct, ExitReason, Host, Inherit, Module, OutputSink, Policy, Source, Spawn, Strings,
    TrustedArtifact,
};

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
    /// What the main actor and all its descendants may use together, as in actors=1000,memory=256M: any of memory, actors, cpu (a
    /// weight: 100 is that of everybody else), timers, descriptors, messages and message-bytes
    #[arg(long, value_name = "NAME=VALUE,..")]
    budget: Option<BudgetFlag>,
    /// Run another program beside this one, without rights, within such a budget (repeatable)
    #[arg(long = "tenant", value_name = "PATH[,NAME=VALUE..]")]
    tenants: Vec<TenantFlag>,
    #[command(flatten)]
    rights: RightFlags,

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
    #[command(flatten, next_help_heading = "TLS")]
    tls: TlsFlags,
    #[command(flatten, next_help_heading = "Limits")]
    limits: LimitFlags,
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

    /// Says what is wrong with limits and rights before there is a host.
    pub(super) fn check(&self) -> anyhow::Result<()> {
        self.limits.limits();
        self.rights.policy().map(drop)
    }

    async fn run(self) -> anyhow::Result<u8> {
        let output: Arc<dyn OutputSink> =
            if self.deterministic { Arc::new(Direct::new()) } else { Arc::new(Inherit::new()?) };
        super::log::start(output.clone());
        let host = self.host(output.clone())?;
        // Before anybody runs: a program that says that it is ready can be interrupted.
        let mut interrupts = Interrupts::new()?;
        let program = self.load_all(&host)?;
        let tenants: Vec<Module> =
            self.tenants.iter().map(|tenant| self.load_tenant(&host, tenant)).collect::<Result<_, _>>()?;
        let servers = self.http.serve(&host, &program)?;
        let main = self.start(&host, &program)?;
        for (tenant, module) in self.tenants.iter().zip(&tenants) {
            self.start_tenant(&host, tenant, module)?;
        }
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
        Ok(self.tls.set_up(self.crashes.set_up(builder))?.build()?)
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
        let policy = self.rights.policy()?.args(Strings::args(args)?);
        let spawn = Spawn::entry(module, &self.entry).stack(self.limits.stack()).policy(policy);
        let spawn = match self.budget {
            Some(BudgetFlag(budget)) => spawn.budget(budget),
            None => spawn,
        };
        host.spawn(spawn).with_context(|| self.program.display().to_string())
    }

    /// Loads a tenant's program under a name that stands for no other.
    fn load_tenant(&self, host: &Host, tenant: &TenantFlag) -> anyhow::Result<Module> {
        let (name, path) = (super::stem(&tenant.path), &tenant.path);
        let programs = self.tenants.iter().map(|tenant| &tenant.path).chain([&self.program]);
        let others = programs.filter(|other| *other != path).map(|other| super::stem(other));
        if others.chain(self.modules.iter().map(|flag| flag.name.clone())).any(|other| other == name) {
            anyhow::bail!("--tenant {}: there is another module {name:?}: rename the file", path.display());
        }
        self.load(host, &name, path)
    }

    /// Spawns the main actor of another program, which is known by its crash reports and what it prints alone.
    fn start_tenant(&self, host: &Host, tenant: &TenantFlag, module: &Module) -> anyhow::Result<()> {
        let name = tenant.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let policy = Policy::default().modules([""; 0]).args(Strings::args([name])?);
        let spawn = Spawn::program(module).stack(self.limits.stack()).policy(policy).budget(tenant.budget);
        host.spawn(spawn).map(drop).with_context(|| format!("--tenant {}", tenant.path.display()))
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

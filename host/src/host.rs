//! The embedder's handle: build a host, load modules, spawn actors, watch them, shut down.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use flower_abi::{Pid, Rights, Status};
use parking_lot::{Mutex, RwLock};
use tokio::sync::{Notify, Semaphore, oneshot};

use crate::actor::Table;
use crate::budget::{Budget, Ledger, Resource};
use crate::channel::Channels;
use crate::crash::{CrashOptions, CrashReport, Crashes};
use crate::error::{BuildError, SpawnError};
use crate::exit::ExitReason;
use crate::group::Groups;
use crate::instance::{Engines, ModuleOptions, StackClass};
use crate::limits::{CRASH_PATIENCE, IO_THREAD_KEPT, LOOKUPS_MAX, Limits, WORKERS_MAX};
use crate::loaded::Loaded;
use crate::module::{Cache, ChildCompiler, LoadError, Module, ModuleHash, Source, TrustedArtifact};
use crate::name::Names;
use crate::native::Mailbox;
use crate::net::{Reactor, TlsConfigs};
use crate::observe::{Accounts, Counters};
use crate::output::{Direct, Inherit, OutputSink};
use crate::outside::{Outside, Real, Simulated};
use crate::pid::{ActorId, PidMint};
use crate::policy::{Granted, NetRules, Policy, Refusals};
use crate::scheduler::{self, Scheduler};
use crate::shared::Shared;
use crate::signal::{Body, Signal};
use crate::spawn::{Options, Request};
use crate::status::{ActorStatus, ChannelStatus, SlotStatus};
use crate::timer::Timers;
use crate::waits::CycleStep;
use crate::wasi::{Dirs, Strings};

/// Tells the schedulers of one process apart; nothing else is shared between hosts.
static HOSTS: AtomicU64 = AtomicU64::new(1);

/// How a host is made. [`HostBuilder::build`] makes it.
pub struct HostBuilder {
    limits: Limits,
    workers: Option<usize>,
    deterministic: bool,
    seed: Option<u64>,
    cache: Option<(PathBuf, u64)>,
    module_options: ModuleOptions,
    output: Option<Arc<dyn OutputSink>>,
    tls: TlsConfigs,
    crashes: CrashOptions,
    compiler: Option<ChildCompiler>,
}

impl HostBuilder {
    /// What actors may use.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Worker threads; one per core by default, and always one in deterministic mode.
    pub fn workers(mut self, workers: usize) -> Self {
        self.workers = Some(workers);
        self
    }

    /// One worker, virtual time, preemption by fuel: the same seed gives the same run.
    pub fn deterministic(mut self, deterministic: bool) -> Self {
        self.deterministic = deterministic;
        self
    }

    /// Where randomness comes from; in deterministic mode also the order in which actors run, which
    /// without a seed is first come, first served.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// A folder for compiled modules, of at most this many bytes.
    pub fn cache(mut self, folder: impl Into<PathBuf>, bytes_max: u64) -> Self {
        self.cache = Some((folder.into(), bytes_max));
        self
    }

    /// How the actors of modules are run for which [`Host::load`] says nothing else.
    pub fn module_options(mut self, options: ModuleOptions) -> Self {
        self.module_options = options;
        self
    }

    /// Where the output of actors goes; the process's own stdout and stderr by default.
    pub fn output(mut self, output: Arc<dyn OutputSink>) -> Self {
        self.output = Some(output);
        self
    }

    /// A folder for crash reports, with one file for each crash. It is made if need be.
    pub fn crash_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.crashes.dir = Some(folder.into());
        self
    }

    /// How many reports the folder keeps; 100 by default. The oldest make room for the newest.
    pub fn crash_keep(mut self, reports: usize) -> Self {
        self.crashes.keep = Some(reports);
        self
    }

    /// Whether a dump of the instance, with its memory, is put beside each report; it is not by default.
    /// A worker that meets a crash then takes the time to copy the memory.
    pub fn crash_coredumps(mut self, enabled: bool) -> Self {
        self.crashes.coredumps = enabled;
        self
    }

    /// Shows every crash report to a function, on a thread of its own and one after the other. Like the files, it
    /// is spared storms: of more than 20 crashes a second that are alike the rest are only counted.
    pub fn on_crash(mut self, show: impl Fn(&CrashReport) + Send + Sync + 'static) -> Self {
        self.crashes.on_crash = Some(Box::new(show));
        self
    }

    /// Certificates, in PEM, that TLS clients among the actors trust unless they bring their own; the usual
    /// authorities by default.
    pub fn tls_roots(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.tls.roots = Some(pem.into());
        self
    }

    /// Certificates and a key, in PEM, that TLS servers among the actors show unless they bring their own.
    pub fn tls_identity(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.tls.identity = Some(pem.into());
        self
    }

    /// Lets a process of its own compile each module that the cache does not have, limited in time and memory; the host
    /// does it itself by default. For hosts that load modules of strangers.
    pub fn compiler(mut self, compiler: ChildCompiler) -> Self {
        self.compiler = Some(compiler);
        self
    }

    /// Makes the host and starts its workers. Inside a tokio runtime its I/O runs there; else it
    /// brings a small one of its own.
    pub fn build(self) -> Result<Host, BuildError> {
        let workers = match (self.deterministic, self.workers) {
            (true, _) => 1,
            (false, Some(0)) => return Err(BuildError::NoWorkers),
            (false, Some(workers)) if workers > WORKERS_MAX => return Err(BuildError::TooManyWorkers),
            (false, Some(workers)) => workers,
            (false, None) => std::thread::available_parallelism().map_or(1, |cores| cores.get()),
        };
        self.tls.check().map_err(BuildError::Tls)?;
        let cache = self.cache.as_ref().map(|(folder, max)| Cache::open(folder, *max)).transpose()?;
        let (tokio, runtime) = runtime()?;
        let outside: Box<dyn Outside> = match self.deterministic {
            true => Box::new(Simulated::new(self.seed)),
            false => Box::new(Real::new(self.seed)),
        };
        let output = match self.output {
            Some(output) => output,
            None if self.deterministic => Arc::new(Direct::new()),
            None => Arc::new(Inherit::new()?),
        };
        let crashes = Crashes::new(self.crashes, self.deterministic)?;
        let engines = Engines::new(&self.limits, self.deterministic, crashes.wants_coredumps());
        let shared = Arc::new(Shared {
            mint: PidMint::new(&*outside),
            engines: engines.map_err(BuildError::Engine)?,
            ledger: Ledger::of_host(&self.limits),
            limits: self.limits,
            deterministic: self.deterministic,
            refusals: Refusals::default(),
            made_at: outside.realtime_ns(),
            outside,
            table: Table::new(),
            timers: Timers::new(),
            names: Names::default(),
            groups: Groups::default(),
            channels: Channels::default(),
            links: AtomicU64::new(0),
            modules: RwLock::default(),
            counters: Counters::new(workers),
            crashes,
            scheduler: Scheduler::new(workers, self.deterministic, HOSTS.fetch_add(1, Ordering::Relaxed)),
            reactor: Reactor::new(workers)?,
            lookups: Arc::new(Semaphore::new(LOOKUPS_MAX)),
            tls: self.tls,
            output,
            tokio,
            io_pending: AtomicUsize::new(0),
            closing: AtomicBool::new(false),
            killing: AtomicBool::new(false),
            ended: Notify::new(),
            natives: AtomicUsize::new(0),
        });
        let reactor = shared.reactor.clone();
        shared.scheduler.set_interrupt(move || reactor.interrupt());
        scheduler::start(&shared);
        let module_options = self.module_options;
        let compiler = self.compiler;
        Ok(Host { shared, cache, compiler, module_options, by_hash: Mutex::default(), runtime })
    }
}

/// A host of actors. Dropping it ends all of them at once; [`Host::shutdown`] is the gentle way.
pub struct Host {
    pub(crate) shared: Arc<Shared>,
    cache: Option<Cache>,
    compiler: Option<ChildCompiler>,
    module_options: ModuleOptions,
    by_hash: Mutex<HashMap<(ModuleHash, ModuleOptions), Module>>,
    runtime: Option<tokio::runtime::Runtime>,
}

impl Host {
    /// A host with every default.
    pub fn new() -> Result<Host, BuildError> {
        Host::builder().build()
    }

    /// How to make one with other than defaults.
    pub fn builder() -> HostBuilder {
        HostBuilder {
            limits: Limits::default(),
            workers: None,
            deterministic: false,
            seed: None,
            cache: None,
            module_options: ModuleOptions::default(),
            output: None,
            tls: TlsConfigs::default(),
            crashes: CrashOptions::default(),
            compiler: None,
        }
    }

    /// Loads a module under a name. Blocks while it compiles; the same bytes compile once.
    pub fn load(&self, name: &str, source: &Source<'_>) -> Result<Module, LoadError> {
        self.load_with(name, source, self.module_options)
    }

    /// The same, for actors that are run in another way than the host's others.
    ///
    /// ```no_run
    /// # use flower_host::{Host, LoadError, MemoryEngine, Module, ModuleOptions, Source};
    /// # fn load(host: &Host, source: &Source<'_>) -> Result<Module, LoadError> {
    /// let options = ModuleOptions::new().memory_engine(MemoryEngine::Guarded);
    /// host.load_with("solver", source, options)
    /// # }
    /// ```
    pub fn load_with(
        &self,
        name: &str,
        source: &Source<'_>,
        options: ModuleOptions,
    ) -> Result<Module, LoadError> {
        let known = { self.by_hash.lock().get(&(source.hash(), options)).cloned() };
        if let Some(known) = known {
            return Ok(self.keep(known.renamed(name), options));
        }
        let engine = self.engine(options)?;
        let (memory_engine, cache) = (options.memory_engine, self.cache.as_ref());
        let module = match &self.compiler {
            None => Module::load_for(engine, memory_engine, name, source, cache)?,
            Some(compiler) => {
                let compiled = || compiler.compile(engine, options, self.shared.deterministic, source);
                Module::load_compiled_by(engine, memory_engine, name, source, cache, compiled)?
            }
        };
        Ok(self.keep(module, options))
    }

    /// Loads code that [`Module::compile_to_file`] wrote, and that the caller vouches for.
    pub fn load_artifact(&self, name: &str, artifact: &TrustedArtifact) -> Result<Module, LoadError> {
        self.load_artifact_with(name, artifact, self.module_options)
    }

    /// The same, for actors that are run in another way than the host's others. The code must have been
    /// compiled from a module that was loaded with the same options.
    pub fn load_artifact_with(
        &self,
        name: &str,
        artifact: &TrustedArtifact,
        options: ModuleOptions,
    ) -> Result<Module, LoadError> {
        let module = Module::load_artifact_for(self.engine(options)?, options.memory_engine, name, artifact)?;
        Ok(self.keep(module, options))
    }

    fn engine(&self, options: ModuleOptions) -> Result<&wasmtime::Engine, LoadError> {
        let set = self.shared.engines.get(StackClass::Small, options);
        set.map(|set| &set.engine).map_err(|error| LoadError::Compile { message: format!("{error:#}") })
    }

    fn keep(&self, module: Module, options: ModuleOptions) -> Module {
        self.by_hash.lock().insert((module.hash(), options), module.clone());
        let name = Box::from(module.name());
        self.shared.modules.write().insert(name, Loaded::new(module.clone(), options));
        module
    }

    /// Spawns an actor. It runs at once, on a worker.
    pub fn spawn(&self, spawn: Spawn) -> Result<Actor, SpawnError> {
        let (id, ended) = self.shared.spawn(spawn)?;
        Ok(Actor { pid: self.shared.mint.mint(id, Rights::ALL), ended })
    }

    /// Makes a mailbox through which native code takes part as an actor of its own.
    pub fn mailbox(&self) -> Result<Mailbox, SpawnError> {
        Mailbox::open(&self.shared)
    }

    /// The pid registered under a name, with the rights it was registered with.
    pub fn whereis(&self, name: &str) -> Option<Pid> {
        let (id, rights) = self.shared.names.whereis(name)?;
        Some(self.shared.mint.mint(id, rights))
    }

    /// Ends an actor at once. Fails if the pid does not allow that.
    pub fn kill(&self, pid: Pid) -> Result<(), Status> {
        let id = self.shared.resolve(&pid, Rights::EXIT)?;
        self.shared.signal(id, Signal::Kill);
        Ok(())
    }

    /// Asks an actor to stop, behind the messages sent to it before.
    pub fn stop(&self, pid: Pid) -> Result<(), Status> {
        let id = self.shared.resolve(&pid, Rights::EXIT)?;
        match self.shared.signal(id, Signal::Stop { from: ActorId::HOST }) {
            true => Ok(()),
            false => Err(Status::NO_ACTOR),
        }
    }

    /// Every live actor and what it does, in order of spawning.
    pub fn actors(&self) -> Vec<ActorStatus> {
        crate::status::list(&self.shared)
    }

    /// How many actors live, native mailboxes left out.
    pub fn actor_count(&self) -> usize {
        self.shared.live_actors()
    }

    /// The accounts of messages and actors.
    pub fn accounts(&self) -> Accounts {
        crate::status::accounts(&self.shared)
    }

    /// A cycle of actors that wait for one another, each for the next and the last for the first; empty if there is
    /// none. Of actors that run, or are about to, it knows nothing.
    pub fn waiting_cycle(&self) -> Vec<CycleStep> {
        crate::waits::cycle(&self.shared)
    }

    /// Every channel of which somebody has an endpoint, in the order of their making.
    pub fn channels(&self) -> Vec<ChannelStatus> {
        crate::status::channels(&self.shared)
    }

    /// Bytes of linear memory that actors have.
    pub fn memory_used(&self) -> u64 {
        self.shared.ledger.used(Resource::Memory)
    }

    /// Where the memory of actors is: slots in use, kept warm, and given back.
    pub fn slots(&self) -> Vec<SlotStatus> {
        self.shared.engines.slots()
    }

    /// Waits until every actor waits, no timer is armed and no I/O is under way, so that nothing can
    /// happen unless native code does something.
    pub async fn quiescent(&self) {
        self.shared.scheduler.quiescent().await;
    }

    /// Asks all actors to stop, waits for them until the deadline, and ends the rest. Returns how many
    /// those were. Output is written before this returns.
    ///
    /// It returns within two seconds of the deadline, also when an actor without
    /// [epoch interruption](ModuleOptions::epoch_interruption) never waits: the thread of that one is left behind,
    /// and who joins it waits for its end.
    pub async fn shutdown(self, deadline: Duration) -> usize {
        self.shared.closing.store(true, Ordering::Release);
        self.signal_all(|| Signal::Stop { from: ActorId::HOST });
        let ended = self.shared.all_ended();
        // The wait must not hang on a virtual clock: this is the embedder's time.
        let _ = tokio_timeout(&self.shared, deadline, ended).await;
        let left = self.actor_count();
        self.shared.killing.store(true, Ordering::Release);
        self.signal_all(|| Signal::Kill);
        let killed = self.shared.all_ended();
        let _ = tokio_timeout(&self.shared, Duration::from_secs(1), killed).await;
        left
    }

    fn signal_all(&self, signal: impl Fn() -> Signal) {
        for actor in self.actors() {
            if let Ok(id) = self.shared.resolve(&actor.pid, Rights::EXIT) {
                self.shared.signal(id, signal());
            }
        }
    }
}

/// Waits for a future, but no longer than `limit`, by the host's own tokio runtime.
async fn tokio_timeout(shared: &Shared, limit: Duration, future: impl Future<Output = ()>) -> bool {
    let timer = shared.tokio.spawn(tokio::time::sleep(limit));
    tokio::select! {
        () = future => true,
        _ = timer => false,
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.shared.closing.store(true, Ordering::Release);
        let all_stopped = self.shared.scheduler.stop();
        self.shared.free_all(all_stopped);
        self.shared.crashes.finish(CRASH_PATIENCE);
        self.shared.output.flush(Duration::from_secs(1));
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Shared {
    /// Spawns an actor for native code, which is told of its end.
    pub(crate) fn spawn(
        &self,
        spawn: Spawn,
    ) -> Result<(ActorId, oneshot::Receiver<Arc<ExitReason>>), SpawnError> {
        let module = spawn.module.name();
        let loaded = self.module(module).filter(|loaded| loaded.module.is_same_code(&spawn.module));
        let loaded = loaded.ok_or_else(|| SpawnError::UnknownModule { name: module.to_owned() })?;
        if spawn.args.len() > self.limits.message_bytes_max as usize {
            return Err(SpawnError::Refused { status: Status::TOO_LARGE });
        }
        loaded.module.entry_or_why(&spawn.entry)?;
        let granted = Arc::new(Granted::new(spawn.policy, self.output.clone()));
        let ledger = self.ledger.clone();
        let mut request = Request::new(loaded, spawn.entry, ActorId::HOST, granted, ledger);
        request.label = spawn.label;
        request.name = spawn.name;
        request.args.codec = spawn.codec;
        request.args.body = Body::from_vec(spawn.args);
        request.options = spawn.options;
        let prepared = self.prepare(request)?;
        let (watcher, ended) = oneshot::channel();
        let id = prepared.id;
        self.signal(id, Signal::Watch(watcher));
        self.launch(prepared);
        Ok((id, ended))
    }

    /// How many actors live that are not native.
    pub(crate) fn live_actors(&self) -> usize {
        let all = self.ledger.used(Resource::Actors) as usize;
        all.saturating_sub(self.natives.load(Ordering::Acquire))
    }

    /// Waits until no actor lives.
    async fn all_ended(&self) {
        loop {
            let ended = self.ended.notified();
            let mut ended = std::pin::pin!(ended);
            ended.as_mut().enable();
            if self.live_actors() == 0 {
                return;
            }
            ended.await;
        }
    }

    /// Frees what the stopped workers left. Nobody is told any more. A thread that was left behind keeps the
    /// actor that it runs.
    fn free_all(&self, all_stopped: bool) {
        for cell in self.table.cells() {
            if !all_stopped && !cell.gate.retire() {
                continue;
            }
            let mut queue = cell.gate.lock();
            // Native code has its mailbox in its own hands, and ends it itself.
            if queue.native.is_some() {
                continue;
            }
            queue.serial = 0;
            drop(queue);
            drop(cell.move_out());
        }
    }
}

/// An actor that native code spawned.
#[derive(Debug)]
pub struct Actor {
    pid: Pid,
    ended: oneshot::Receiver<Arc<ExitReason>>,
}

impl Actor {
    /// Its pid, with all rights.
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// Waits for its end and returns the reason, also long after it.
    pub async fn join(self) -> Arc<ExitReason> {
        // Only a host that is dropped forgets to tell.
        self.ended.await.unwrap_or_else(|_| Arc::new(ExitReason::Killed))
    }

    /// The same, blocking this thread; not for async code.
    pub fn join_blocking(self) -> Arc<ExitReason> {
        self.ended.blocking_recv().unwrap_or_else(|_| Arc::new(ExitReason::Killed))
    }
}

/// What native code wants to spawn.
#[derive(Clone)]
pub struct Spawn {
    module: Module,
    entry: Box<str>,
    label: Option<Arc<str>>,
    name: Option<Box<str>>,
    codec: u32,
    args: Vec<u8>,
    options: Options,
    policy: Policy,
}

impl Spawn {
    /// The program of a module: its `_start`.
    pub fn program(module: &Module) -> Spawn {
        Spawn::entry(module, flower_abi::Exports::START)
    }

    /// An entry of a module; its signature says the style.
    pub fn entry(module: &Module, entry: &str) -> Spawn {
        Spawn {
            module: module.clone(),
            entry: entry.into(),
            label: Some(module.name().into()),
            name: None,
            codec: 0,
            args: Vec::new(),
            options: Options::default(),
            policy: Policy::default(),
        }
    }

    /// Registers the actor under a name before it runs.
    pub fn name(mut self, name: &str) -> Self {
        self.name = Some(name.into());
        self
    }

    /// What logs call it.
    pub fn label(mut self, label: &str) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Arguments of the entry, with the codec that they are written in.
    pub fn args(mut self, codec: flower_abi::Codec, args: impl Into<Vec<u8>>) -> Self {
        self.codec = codec.0;
        self.args = args.into();
        self
    }

    /// Linear memory that it may grow to, in bytes; not more than the host's limit.
    pub fn memory_max(mut self, bytes: u64) -> Self {
        self.options.memory_max = Some(bytes);
        self
    }

    /// Messages that its mailbox may hold.
    pub fn mailbox_len_max(mut self, messages: u32) -> Self {
        self.options.mailbox_len_max = Some(messages);
        self
    }

    /// How deep it may recurse.
    pub fn stack(mut self, class: StackClass) -> Self {
        self.options.stack = Some(class);
        self
    }

    /// How long it may run without waiting.
    pub fn run_time_max(mut self, time: Duration) -> Self {
        self.options.run_time_max_ns = Some(time.as_nanos() as u64);
        self
    }

    /// What it and all its descendants may use together: a tenant's budget. What goes past it is refused inside
    /// the tree alone.
    pub fn budget(mut self, budget: Budget) -> Self {
        self.options.budget = Some(budget);
        self
    }

    /// The arguments that the program sees; the first is its name.
    pub fn program_args(mut self, args: Strings) -> Self {
        self.policy = self.policy.args(args);
        self
    }

    /// The environment that it sees; empty by default.
    pub fn env(mut self, env: Strings) -> Self {
        self.policy = self.policy.env(env);
        self
    }

    /// What it may use of the network; nothing by default.
    pub fn net(mut self, rules: NetRules) -> Self {
        self.policy.net = rules;
        self
    }

    /// The directories that it may use; none by default.
    pub fn dirs(mut self, dirs: Dirs) -> Self {
        self.policy = self.policy.dirs(dirs);
        self
    }

    /// All its rights at once, in place of those said before.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }
}

fn runtime() -> Result<(tokio::runtime::Handle, Option<tokio::runtime::Runtime>), BuildError> {
    if let Ok(handle) = tokio::runtime::Handle::try_current() {
        return Ok((handle, None));
    }
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.thread_keep_alive(IO_THREAD_KEPT);
    let runtime = builder.worker_threads(1).thread_name("flower-io").enable_all().build()?;
    Ok((runtime.handle().clone(), Some(runtime)))
}

//! Engines: how wasmtime is configured, once for each class of stack and each kind of code.
//!
//! [`Engines::make`] is the only place where a `Config` is made, and each of its lines names where the rest of the lines
//! are, each with its reason:
//!
//! - what guests may use of WebAssembly: `module/features.rs`, which turns off all that it does not name;
//! - where linear memories live, and what bounds an access: `memory.rs` (comparisons) and `guarded.rs` (guard pages);
//! - where stacks live, how deep guests may recurse, and what is left for the host: `stack.rs`;
//! - how running code is stopped: [`configure_preemption`]; what a trap leaves: [`configure_traces`];
//! - everything else: [`harden`]. It says also what is wasmtime's default, so that a default that changes does
//!   not change what guests can do.
//!
//! Memory and tables are limited for each store by its `ResourceLimiter` (`state.rs`), not here.

use std::num::NonZeroUsize;
use std::sync::{Arc, OnceLock};

use wasmtime::{Collector, Config, Engine, Linker, OptLevel, ProfilingStrategy, WasmBacktraceDetails};

use super::ActorState;
use super::options::{MemoryEngine, ModuleOptions};
use crate::guarded;
use crate::host_calls;
use crate::limits::{BACKTRACE_FRAMES_MAX, HOST_STACK, LARGE_WASM_STACK, Limits, SMALL_WASM_STACK};
use crate::memory::{self, SlabMemoryCreator};
use crate::module::configure_features;
use crate::stack::{self, SlabStackCreator};
use crate::status::SlotStatus;
use crate::wasi;

/// How much stack an actor has; wasmtime sets it per engine.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum StackClass {
    /// 128 KiB for wasm frames.
    #[default]
    Small,
    /// Nearly 2 MiB for wasm frames, for deep recursion.
    Large,
}

impl StackClass {
    const ALL: [StackClass; 2] = [StackClass::Small, StackClass::Large];

    fn wasm_bytes(self) -> usize {
        match self {
            StackClass::Small => SMALL_WASM_STACK,
            StackClass::Large => LARGE_WASM_STACK,
        }
    }

    fn bytes(self) -> usize {
        self.wasm_bytes() + HOST_STACK
    }
}

/// One engine with its linkers.
pub(crate) struct EngineSet {
    pub(crate) engine: Engine,
    pub(crate) process: Linker<ActorState>,
    pub(crate) handler: Linker<ActorState>,
}

/// The engines of one host, which share its slabs. Each is made when the first module or actor asks for it.
pub(crate) struct Engines {
    /// By class of stack, memory engine and interruption.
    sets: [[[OnceLock<EngineSet>; 2]; 2]; 2],
    memories: Arc<SlabMemoryCreator>,
    /// By class.
    stacks: [Arc<SlabStackCreator>; 2],
    deterministic: bool,
    coredumps: bool,
}

impl Engines {
    /// The engines of a host; the one that most modules use is made at once.
    pub(crate) fn new(limits: &Limits, deterministic: bool, coredumps: bool) -> wasmtime::Result<Engines> {
        let slots_max = usize::try_from(limits.actors_max).unwrap_or(usize::MAX);
        let engines = Engines {
            sets: Default::default(),
            memories: SlabMemoryCreator::new(limits.memory_max as usize, slots_max),
            stacks: StackClass::ALL.map(|class| SlabStackCreator::new(class.bytes(), slots_max)),
            deterministic,
            coredumps,
        };
        engines.get(StackClass::Small, ModuleOptions::default())?;
        Ok(engines)
    }

    /// The engine for modules with these options, and actors of this class.
    pub(crate) fn get(&self, class: StackClass, options: ModuleOptions) -> wasmtime::Result<&EngineSet> {
        let place = &self.sets[class as usize][options.memory_engine as usize]
            [usize::from(options.epoch_interruption)];
        if let Some(set) = place.get() {
            return Ok(set);
        }
        let made = self.make(class, options)?;
        Ok(place.get_or_init(|| made))
    }

    /// Lets every running actor look at the time.
    pub(crate) fn increment_epoch(&self) {
        for set in self.sets.as_flattened().as_flattened().iter().filter_map(OnceLock::get) {
            set.engine.increment_epoch();
        }
    }

    /// Where the slots of all sizes are.
    pub(crate) fn slots(&self) -> Vec<SlotStatus> {
        let memories = self.memories.counts().map(|(bytes, counts)| SlotStatus::new(bytes, false, counts));
        let stacks = StackClass::ALL
            .map(|class| SlotStatus::new(class.bytes(), true, self.stacks[class as usize].counts()));
        memories.chain(stacks).collect()
    }

    /// Gives memory that has not been used for a while back to the kernel; returns how many slots.
    pub(crate) fn trim(&self, now_ns: u64) -> usize {
        self.memories.trim(now_ns) + self.stacks.iter().map(|stacks| stacks.trim(now_ns)).sum::<usize>()
    }

    fn make(&self, class: StackClass, options: ModuleOptions) -> wasmtime::Result<EngineSet> {
        let mut config = Config::new();
        configure_features(&mut config);
        harden(&mut config);
        match options.memory_engine {
            MemoryEngine::Slab => memory::configure(&mut config, self.memories.clone()),
            MemoryEngine::Guarded => guarded::configure(&mut config),
        }
        stack::configure(&mut config, self.stacks[class as usize].clone(), class.wasm_bytes());
        configure_preemption(&mut config, self.deterministic, options.epoch_interruption);
        configure_traces(&mut config, self.coredumps);
        let engine = Engine::new(&config)?;
        let (process, handler) = (process_linker(&engine)?, handler_linker(&engine)?);
        Ok(EngineSet { engine, process, handler })
    }
}

/// What is the same for every engine. None of it is left to wasmtime's defaults or to the environment.
fn harden(config: &mut Config) {
    // Where the environment asks for backtraces, each end of an actor would walk the host's own stack: a third of the time
    // in which a tree of 100,000 is reclaimed.
    wasmtime::error::disable_backtrace();
    config
        // A module's debug information is not translated into the host's own.
        .debug_info(false)
        // Divisions, and accesses to guarded memories, trap by a signal, which costs code nothing where it
        // does not trap. The handler looks only at code that wasmtime made.
        .signals_based_traps(true)
        // From an address in compiled code to the instruction: which trap it was, and where.
        .generate_address_map(true)
        // Exceptions are the only objects that a guest can make. They are not collected: what it throws
        // counts as its memory until it ends, and collecting is code that need not be trusted.
        .collector(Collector::Null)
        // A table of a hundred thousand elements costs what is used of it.
        .table_lazy_init(true)
        // Optimised, and as it was before this line for all compiled modules. Cranelift's mitigations of Spectre, for
        // bounds of memories and tables and for branch tables, are on by default and stay on.
        .cranelift_opt_level(OptLevel::Speed)
        // Canonical NaNs cost a few instructions each, and matter only where runs must be the same everywhere:
        // `configure_preemption` turns them on there.
        .cranelift_nan_canonicalization(false)
        // No file that a profiler reads, and no thread that samples.
        .profiler(ProfilingStrategy::None);
}

/// Epochs cost less and follow the clock; fuel follows the program, whatever the machine.
fn configure_preemption(config: &mut Config, deterministic: bool, epoch_interruption: bool) {
    config.epoch_interruption(epoch_interruption && !deterministic).consume_fuel(deterministic);
    if deterministic {
        config.cranelift_nan_canonicalization(true);
    }
}

/// What is kept of a crash. Lines of source are looked up by the host itself, and only for a report.
fn configure_traces(config: &mut Config, coredumps: bool) {
    config
        // Debug information is a stranger's input to a parser, which would run at each trap, on a worker. By default an
        // environment variable decides.
        .wasm_backtrace_details(WasmBacktraceDetails::Disable)
        // A trap at the end of a deep recursion walks so many frames and no more.
        .wasm_backtrace_max_frames(NonZeroUsize::new(BACKTRACE_FRAMES_MAX))
        // A dump copies the whole memory: only who asks for dumps pays that, and so many a second.
        .coredump_on_trap(coredumps);
}

fn process_linker(engine: &Engine) -> wasmtime::Result<Linker<ActorState>> {
    let mut linker = Linker::new(engine);
    host_calls::add_to_process_linker(&mut linker)?;
    wasi::add_to_process_linker(&mut linker)?;
    Ok(linker)
}

fn handler_linker(engine: &Engine) -> wasmtime::Result<Linker<ActorState>> {
    let mut linker = Linker::new(engine);
    host_calls::add_to_handler_linker(&mut linker)?;
    wasi::add_to_handler_linker(&mut linker)?;
    Ok(linker)
}

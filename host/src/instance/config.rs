//! Engines: how wasmtime is configured, once for each class of stack.

use std::sync::{Arc, OnceLock};

use wasmtime::{Config, Engine, Linker};

use super::ActorState;
use crate::host_calls;
use crate::limits::{HOST_STACK, LARGE_WASM_STACK, Limits, SMALL_WASM_STACK};
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

/// One engine with its linkers.
pub(crate) struct EngineSet {
    pub(crate) engine: Engine,
    pub(crate) process: Linker<ActorState>,
    pub(crate) handler: Linker<ActorState>,
    memories: Arc<SlabMemoryCreator>,
    stacks: Arc<SlabStackCreator>,
    stack_bytes: usize,
}

/// The engines of one host. The second is made when the first actor asks for it.
pub(crate) struct Engines {
    small: EngineSet,
    large: OnceLock<EngineSet>,
    limits: Limits,
    deterministic: bool,
}

impl Engines {
    /// The engine of the small class.
    pub(crate) fn new(limits: &Limits, deterministic: bool) -> wasmtime::Result<Engines> {
        let small = EngineSet::new(StackClass::Small, limits, deterministic)?;
        Ok(Engines { small, large: OnceLock::new(), limits: limits.clone(), deterministic })
    }

    /// The engine of a class.
    pub(crate) fn get(&self, class: StackClass) -> wasmtime::Result<&EngineSet> {
        if class == StackClass::Small {
            return Ok(&self.small);
        }
        if let Some(large) = self.large.get() {
            return Ok(large);
        }
        let made = EngineSet::new(class, &self.limits, self.deterministic)?;
        Ok(self.large.get_or_init(|| made))
    }

    /// The engine that modules are checked and cached for.
    pub(crate) fn small(&self) -> &EngineSet {
        &self.small
    }

    /// Lets every running actor look at the time.
    pub(crate) fn increment_epoch(&self) {
        self.small.engine.increment_epoch();
        if let Some(large) = self.large.get() {
            large.engine.increment_epoch();
        }
    }

    /// Where the slots of all sizes are.
    pub(crate) fn slots(&self) -> Vec<SlotStatus> {
        let sets = std::iter::once(&self.small).chain(self.large.get());
        sets.flat_map(EngineSet::slots).collect()
    }

    /// Gives memory that has not been used for a while back to the kernel; returns how many slots.
    pub(crate) fn trim(&self, now_ns: u64) -> usize {
        let sets = std::iter::once(&self.small).chain(self.large.get());
        sets.map(|set| set.memories.trim(now_ns) + set.stacks.trim(now_ns)).sum()
    }
}

impl EngineSet {
    fn slots(&self) -> impl Iterator<Item = SlotStatus> {
        let memories = self.memories.counts().map(|(bytes, counts)| SlotStatus::new(bytes, false, counts));
        let stacks = SlotStatus::new(self.stack_bytes, true, self.stacks.counts());
        memories.chain(std::iter::once(stacks))
    }

    fn new(class: StackClass, limits: &Limits, deterministic: bool) -> wasmtime::Result<EngineSet> {
        let wasm_stack = match class {
            StackClass::Small => SMALL_WASM_STACK,
            StackClass::Large => LARGE_WASM_STACK,
        };
        let slots_max = usize::try_from(limits.actors_max).unwrap_or(usize::MAX);
        let memories = SlabMemoryCreator::new(limits.memory_max as usize, slots_max);
        let stacks = SlabStackCreator::new(wasm_stack + HOST_STACK, slots_max);
        let mut config = Config::new();
        configure_features(&mut config);
        memory::configure(&mut config, memories.clone());
        stack::configure(&mut config, stacks.clone(), wasm_stack);
        configure_preemption(&mut config, deterministic);
        let engine = Engine::new(&config)?;
        let (process, handler) = (process_linker(&engine)?, handler_linker(&engine)?);
        Ok(EngineSet { engine, process, handler, memories, stacks, stack_bytes: wasm_stack + HOST_STACK })
    }
}

/// Epochs cost less and follow the clock; fuel follows the program, whatever the machine.
fn configure_preemption(config: &mut Config, deterministic: bool) {
    config.epoch_interruption(!deterministic).consume_fuel(deterministic);
    if deterministic {
        config.cranelift_nan_canonicalization(true);
    }
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

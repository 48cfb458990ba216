//! How the actors of a module are run: the memories they get, and whether they are interrupted.

/// Where the linear memories of a module's actors live, and how their code stays inside.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum MemoryEngine {
    /// Slots of a few large mappings, reused while warm; code compares every address with the length.
    ///
    /// A million actors can live, and spawning is cheapest. The choice for actors that mostly wait.
    #[default]
    Slab,
    /// A reservation of 4 GiB for each actor with guard pages around it, and the module's data mapped copy on
    /// write; code compares nothing.
    ///
    /// Code that works on its memory in loops runs faster. About 10,700 actors of a process can live this
    /// way before the kernel has no more mappings (`vm.max_map_count`), past which spawning is refused
    /// with [`Status::LIMIT`](crate::Status::LIMIT), and each spawn takes some system calls.
    Guarded,
}

/// How the actors of a module are run. Two modules of one host may differ.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ModuleOptions {
    pub(crate) memory_engine: MemoryEngine,
    pub(crate) epoch_interruption: bool,
}

impl Default for ModuleOptions {
    fn default() -> ModuleOptions {
        ModuleOptions { memory_engine: MemoryEngine::Slab, epoch_interruption: true }
    }
}

impl ModuleOptions {
    /// Memories in slots, and interruption.
    pub fn new() -> ModuleOptions {
        ModuleOptions::default()
    }

    /// Where memories live; [`MemoryEngine::Slab`] by default.
    pub fn memory_engine(mut self, memory_engine: MemoryEngine) -> ModuleOptions {
        self.memory_engine = memory_engine;
        self
    }

    /// Whether compiled code looks at every turn of a loop and at every call whether its time is up; it does by
    /// default.
    ///
    /// Without, tight loops run up to twice as fast, but only code that is trusted to wait often may be run
    /// so. Until an actor of such a module waits or returns, it holds its worker: no other actor runs there, those in
    /// that worker's queue may wait with it, timers fire late or, once all workers are held, not at all, and
    /// neither `kill` nor a limit on its run time ends it. Memory and message limits hold as ever. A host
    /// that shuts down waits for such an actor as long as for any other, and then leaves its
    /// thread behind.
    ///
    /// In deterministic mode fuel interrupts all the same.
    pub fn epoch_interruption(mut self, enabled: bool) -> ModuleOptions {
        self.epoch_interruption = enabled;
        self
    }
}

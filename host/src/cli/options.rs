//! Flags that say how actors are run; `run` and `compile` must agree on them.

use clap::{Args, ValueEnum};

use crate::ModuleOptions;

/// How the actors of all modules of a call are run.
#[derive(Args)]
pub(super) struct OptionFlags {
    /// Where memories live: in shared slots for many actors that wait, or each behind guard pages for
    /// fewer that compute
    #[arg(long, value_name = "ENGINE", default_value = "slab")]
    memory_engine: MemoryEngine,
    /// Let actors run until they wait or end: faster, and for trusted code only, since a busy loop keeps
    /// its worker and cannot be killed
    #[arg(long, conflicts_with = "deterministic")]
    no_epoch_interruption: bool,
}

// Comments on the variants would give every flag of the help a paragraph of its own.
#[derive(Clone, Copy, ValueEnum)]
enum MemoryEngine {
    Slab,
    Guarded,
}

impl OptionFlags {
    pub(super) fn options(&self) -> ModuleOptions {
        let memory_engine = match self.memory_engine {
            MemoryEngine::Slab => crate::MemoryEngine::Slab,
            MemoryEngine::Guarded => crate::MemoryEngine::Guarded,
        };
        ModuleOptions::new().memory_engine(memory_engine).epoch_interruption(!self.no_epoch_interruption)
    }
}

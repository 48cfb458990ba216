//! The memory engine that a run of the tests is for: `FLOWER_TEST_MEMORY_ENGINE=guarded` runs all of them on
//! guarded memories, as `cargo xtask test` does after it has run them on the default.

use std::env;
use std::sync::OnceLock;

use flower_host::{Host, HostBuilder, MemoryEngine, ModuleOptions};

/// The variable that names the engine.
const VARIABLE: &str = "FLOWER_TEST_MEMORY_ENGINE";

/// The engine that is tested.
pub(crate) fn memory_engine() -> MemoryEngine {
    static ENGINE: OnceLock<MemoryEngine> = OnceLock::new();
    *ENGINE.get_or_init(|| match env::var(VARIABLE).as_deref() {
        Err(_) | Ok("slab") => MemoryEngine::Slab,
        Ok("guarded") => MemoryEngine::Guarded,
        Ok(other) => panic!("{VARIABLE} is {other:?}: it may be slab or guarded"),
    })
}

/// A host on that engine.
pub(crate) fn host_builder() -> HostBuilder {
    Host::builder().module_options(ModuleOptions::new().memory_engine(memory_engine()))
}

/// Who live at once in a test of many: the kernel has mappings for 10,700 guarded memories in a process, and
/// the tests of this one share them.
pub(crate) fn crowd() -> &'static str {
    match memory_engine() {
        MemoryEngine::Slab => "10000",
        MemoryEngine::Guarded => "1000",
    }
}

/// The flags that give the program that engine.
pub(super) fn flags() -> &'static [&'static str] {
    match memory_engine() {
        MemoryEngine::Slab => &[],
        MemoryEngine::Guarded => &["--memory-engine", "guarded"],
    }
}

//! What the benchmarks share: a host with one worker, and the measured guests in it.
//!
//! Criterion stands behind the feature `micro`, so that neither tests nor ordinary builds pay for it.

use std::path::PathBuf;
use std::sync::Arc;

use flower_host::{Actor, ExitReason, Host, Module, Null, Source, Spawn, Strings};

/// Bytes of compiled modules that are kept; the two take far less.
const CACHE_BYTES_MAX: u64 = 64 << 20;

/// The rows in WebAssembly text, which the instruction counts use as well.
const ROWS: &str = include_str!("../../instructions/rows.wat");

/// A measured module in a host of its own.
pub struct Rig {
    /// The host.
    pub host: Host,
    module: Module,
}

impl Rig {
    /// The exports of `rows.wat`.
    pub fn wat() -> Rig {
        Rig::new(&Source::from_wat(ROWS).expect("the text is well-formed"))
    }

    /// The guest `instructions`, which is written with the SDK and which `cargo xtask bench micro` builds.
    pub fn sdk() -> Rig {
        let folder =
            std::env::var_os("FLOWER_GUESTS_DIR").expect("`cargo xtask bench micro` says where it is");
        let file = PathBuf::from(folder).join("instructions.wasm");
        Rig::new(&Source::from_file(&file).expect("it can be read"))
    }

    fn new(source: &Source<'_>) -> Rig {
        let builder = Host::builder().workers(1).output(Arc::new(Null));
        let host = builder.cache(cache(), CACHE_BYTES_MAX).build().expect("a host can be made");
        let module = host.load("rows", source).expect("the module is sound");
        Rig { host, module }
    }

    /// Runs an export with arguments to its end.
    pub fn run(&self, entry: &str, arguments: &[&str]) {
        let reason = self.start(entry, arguments).join_blocking();
        assert!(matches!(*reason, ExitReason::Normal(_)), "{entry} {arguments:?}: {reason}");
    }

    /// Starts an export with arguments.
    pub fn start(&self, entry: &str, arguments: &[&str]) -> Actor {
        let arguments = std::iter::once("rows").chain(arguments.iter().copied()).map(str::to_owned);
        let arguments = Strings::args(arguments).expect("they are short");
        self.host
            .spawn(Spawn::entry(&self.module, entry).program_args(arguments))
            .expect("the entry is there")
    }
}

/// Compiled modules, beside the program, so that a new host costs no compilation.
fn cache() -> PathBuf {
    let program = std::env::current_exe().expect("a process knows its program");
    program.with_file_name("flower-benches-modules")
}

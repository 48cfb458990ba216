//! `cargo xtask sanitize`: the unit tests of the host under a sanitizer of a nightly toolchain.
//!
//! Both run on the standard library as rustup ships it, which is not instrumented itself. For the address sanitizer that
//! is enough. The thread sanitizer takes what it cannot see for a race: fences and locks of the standard library
//! ([`NO_RACE`]), and switches between stacks, so that it gets the tests in which no WebAssembly runs.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::workspace::{nightly, probe, run, say, target_dir};

/// Tests that run without WebAssembly, by parts of their names.
const WITHOUT_WASM: [&str; 22] = [
    "actor::",
    "address_space::",
    "budget::",
    "channel::",
    "cli::",
    "crash::",
    "exit::",
    "gate::",
    "group::",
    "guest_memory::",
    "http::",
    "mailbox::",
    "name::",
    "net::",
    "output::",
    "pid::",
    "policy::",
    "reference::",
    "scheduler::",
    "slab::",
    "timer::",
    "waits::",
];

/// What is not reported: wasmtime forgets the data of a store for which it gets no memory, which is what this test does.
const NO_LEAK: &str = "leak:whichever_allocation_of_a_store_fails\n";

/// What the thread sanitizer reports although it is none: what the standard library orders where it is not instrumented, and
/// tokio's pool, which relies on that.
const NO_RACE: &str = "race:alloc::sync::Arc\nrace:drop_slow\nrace:std::sync::mpmc\nrace:std::sync::lazy_lock\n\
    race:tokio::runtime::blocking::pool\n";

/// A sanitizer.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Sanitizer {
    Address,
    Thread,
}

/// Run the host's unit tests under a sanitizer, where a nightly toolchain is.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Which; both, one after the other, if none is named.
    sanitizers: Vec<Sanitizer>,
}

/// Runs the command.
pub(crate) fn main(args: &Args) -> Result<()> {
    let Some(triple) = host_triple() else {
        bail!("sanitizers are parts of nightly toolchains: type `rustup toolchain install nightly`");
    };
    let both = [Sanitizer::Address, Sanitizer::Thread];
    let asked = if args.sanitizers.is_empty() { &both[..] } else { &args.sanitizers };
    asked.iter().try_for_each(|sanitizer| sanitizer.run(&triple))
}

/// What the nightly toolchain builds for: with a target named, build scripts and macros are left alone.
fn host_triple() -> Option<String> {
    let mut rustc = Command::new("rustup");
    let version = probe(rustc.args(["run", "nightly", "rustc", "-vV"]))?;
    version.lines().find_map(|line| line.strip_prefix("host: ")).map(str::to_owned)
}

impl Sanitizer {
    fn name(self) -> &'static str {
        match self {
            Sanitizer::Address => "address",
            Sanitizer::Thread => "thread",
        }
    }

    fn run(self, triple: &str) -> Result<()> {
        let name = self.name();
        let folder = target_dir()?.join("sanitize").join(name);
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        say!("running the host's unit tests under the {name} sanitizer");
        let mut test = nightly();
        test.args(["test", "--package", "flower-host", "--lib", "--target", triple, "--target-dir"]);
        test.arg(&folder).env("RUSTFLAGS", self.flags());
        // What is built is looked at, not measured.
        test.args(["--config", "profile.dev.package.\"*\".opt-level=1"]);
        self.choose(&mut test, &folder)?;
        run(&mut test, "what the sanitizer found is above")
    }

    fn flags(self) -> &'static str {
        match self {
            Sanitizer::Address => "-Zsanitizer=address",
            Sanitizer::Thread => "-Zsanitizer=thread -Cunsafe-allow-abi-mismatch=sanitizer",
        }
    }

    /// Which tests, and with which options of the sanitizer.
    fn choose(self, test: &mut Command, folder: &Path) -> Result<()> {
        let (variable, suppressed) = match self {
            Sanitizer::Address => ("LSAN_OPTIONS", NO_LEAK),
            Sanitizer::Thread => ("TSAN_OPTIONS", NO_RACE),
        };
        let suppressions = folder.join("suppressions");
        fs::write(&suppressions, suppressed)?;
        test.env(variable, format!("suppressions={}", suppressions.display()));
        if self == Sanitizer::Thread {
            test.arg("--").args(WITHOUT_WASM);
        }
        Ok(())
    }
}

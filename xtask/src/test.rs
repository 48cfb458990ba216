//! `cargo xtask test`: all guests, then all tests, on whatever a bare clone has.
//!
//! The tests find what was built through two variables: `FLOWER_GUESTS_DIR` is the folder of the
//! wasm files, `FLOWER_HOST_BIN` the program `flower-host`. The integration tests run once more on the
//! other memory engine.

use std::ffi::OsString;

use anyhow::Result;

use crate::workspace::{cargo, run, say};
use crate::{guests, host, programs};

/// Build the guests and run every test of the workspace.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Passed on to `cargo test`.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

/// Runs the command.
pub(crate) fn main(args: &Args) -> Result<()> {
    everything(&args.arguments)
}

/// What `cargo xtask test` and `cargo xtask ci` both do.
pub(crate) fn everything(arguments: &[OsString]) -> Result<()> {
    programs::report();
    let folder = guests::build(&[], guests::PROFILE)?;
    let host = host::build_with_tests()?;
    // The same packages in both passes: with fewer of them, features would differ and the engine be compiled again.
    let cargo_test = || {
        let mut cargo = cargo();
        cargo.args(["test", "--workspace"]).args(guests::packages_excluded());
        cargo.env("FLOWER_GUESTS_DIR", &folder).env("FLOWER_HOST_BIN", &host);
        cargo
    };
    say!("running the tests of the workspace");
    run(cargo_test().args(arguments), "the failed tests are named above")?;
    say!("running the integration tests on guarded memories");
    let mut tests = cargo_test();
    tests.args(["--test", "all"]).args(arguments).env("FLOWER_TEST_MEMORY_ENGINE", "guarded");
    run(&mut tests, "the failed tests are named above")
}

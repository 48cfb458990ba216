//! `cargo xtask bench micro`: the parts by the clock, measured by criterion in `benches/micro`.
//!
//! Criterion compares with the run before, and keeps its figures in `target/criterion`.

use std::ffi::OsString;

use anyhow::Result;

use crate::guests;
use crate::workspace::{cargo, run};

/// Measure the parts of host and SDK by the clock.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// What names contain; and flags for criterion.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

/// Runs the command.
pub(crate) fn main(args: &Args) -> Result<()> {
    let folder = guests::build(&["instructions".to_owned()], guests::PROFILE)?;
    let mut cargo = cargo();
    cargo.args(["bench", "--package", "flower-benches", "--features", "micro", "--bench", "micro", "--"]);
    cargo.args(&args.arguments);
    // Errors of the engine would each take a backtrace.
    cargo.env_remove("RUST_BACKTRACE").env_remove("RUST_LIB_BACKTRACE");
    run(cargo.env("FLOWER_GUESTS_DIR", folder), "its message is above")
}

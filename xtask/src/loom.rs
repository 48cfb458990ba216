//! `cargo xtask loom`: the lock-free parts of the scheduler in every order of their threads.

use std::ffi::OsString;

use anyhow::Result;

use crate::workspace::{cargo, run, say};

/// Run the models of the scheduler in every order of their threads.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How often threads are interrupted in one run; three take minutes.
    #[arg(long, default_value_t = 2)]
    interruptions: u32,
    /// Passed on to `cargo test`.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

/// Runs the command.
pub(crate) fn main(args: &Args) -> Result<()> {
    models(args.interruptions, &args.arguments)
}

/// What `cargo xtask ci` runs.
pub(crate) fn everything() -> Result<()> {
    models(2, &[])
}

fn models(interruptions: u32, arguments: &[OsString]) -> Result<()> {
    say!("running the models of the scheduler");
    let mut cargo = cargo();
    cargo.args(["test", "--package", "flower-loom", "--features", "loom"]).args(arguments);
    cargo.env("LOOM_MAX_PREEMPTIONS", interruptions.to_string());
    run(&mut cargo, "the failed models are named above; LOOM_LOG=trace shows the order of steps")
}

//! `cargo xtask loom`: the lock-free parts of the scheduler in every order of their threads.

use anyhow::Result;

use crate::workspace::{cargo, run, say};

/// Run the models of the scheduler in every order of their threads.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How often threads are interrupted in one run; three take minutes.
    #[arg(long, default_value_t = 2)]
    interruptions: u32,
    /// Which models, by parts of their names; all of them if none is named.
    models: Vec<String>,
}

/// Runs the command.
pub(crate) fn main(args: &Args) -> Result<()> {
    models(args.interruptions, &args.models)
}

/// What `cargo xtask ci` runs.
pub(crate) fn everything() -> Result<()> {
    models(2, &[])
}

fn models(interruptions: u32, names: &[String]) -> Result<()> {
    say!("running the models of the scheduler");
    let mut cargo = cargo();
    cargo.args(["run", "--package", "flower-loom", "--features", "loom", "--"]).args(names);
    cargo.env("LOOM_MAX_PREEMPTIONS", interruptions.to_string());
    run(&mut cargo, "the model named last failed; LOOM_LOG=trace shows the order of its steps")
}

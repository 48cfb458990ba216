//! `cargo xtask histories`: random histories of links, monitors and exits, on the host and on the model.
//!
//! They are a test of `tests/all/lifecycle.rs`, which runs some of them each time; this runs many, half of them
//! in deterministic mode and half on threads, on a host with all its assertions.

use anyhow::Result;

use crate::workspace::{cargo, run, say};

/// Compare what actors see of links, monitors and exits with a model, in random histories.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How many histories.
    #[arg(long, default_value_t = 100_000)]
    count: u32,
}

/// Runs the command.
pub(crate) fn main(args: &Args) -> Result<()> {
    say!("comparing {} histories with the model", args.count);
    let mut cargo = cargo();
    cargo.args(["test", "--package", "flower-tests", "--test", "all", "lifecycle::", "--", "--nocapture"]);
    cargo.env("FLOWER_HISTORIES", args.count.div_ceil(2).to_string());
    run(&mut cargo, "the history above is one that the host and the model see differently")
}

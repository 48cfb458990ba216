//! `cargo xtask soak`: actors by the million, after which the host must be as it was.

use anyhow::Result;

use crate::guests;
use crate::workspace::{cargo, run, say};

/// Spawn actors that end in every way, and check that nothing is left of them.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How many actors.
    #[arg(long, default_value_t = 10_000_000)]
    actors: u64,
}

/// Runs the command.
pub(crate) fn main(args: &Args) -> Result<()> {
    let guest = guests::build(&["soak".to_owned()], guests::PROFILE)?.join("soak.wasm");
    say!("soaking the host with {} actors", args.actors);
    let mut cargo = cargo();
    cargo.args(["run", "--release", "--package", "flower-tests", "--bin", "soak", "--"]);
    run(cargo.arg(guest).arg(args.actors.to_string()), "its message is above")
}

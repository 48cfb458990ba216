//! `cargo xtask chaos`: deterministic storms in which somebody kills, stops, signals, links and delays at random.
//!
//! They are a test of `tests/all/chaos.rs`, which runs some seeds each time; this runs many, on a host with all its
//! assertions. A seed is the whole run: one that fails fails again.

use anyhow::Result;

use crate::workspace::{cargo, run, say};

/// Let chaos reign by seeds, and check that every message and every actor is accounted for.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How many seeds.
    #[arg(long, default_value_t = 1000)]
    seeds: u64,
    /// The first of them; to see a failure again, that seed.
    #[arg(long, default_value_t = 0)]
    from: u64,
}

/// Runs the command.
pub(crate) fn main(args: &Args) -> Result<()> {
    say!("letting chaos reign for {} seeds", args.seeds);
    let mut cargo = cargo();
    cargo.args(["test", "--package", "flower-tests", "--test", "all", "chaos::", "--", "--nocapture"]);
    cargo.env("FLOWER_CHAOS_FROM", args.from.to_string()).env("FLOWER_CHAOS_SEEDS", args.seeds.to_string());
    run(&mut cargo, "the seed named last failed: `cargo xtask chaos --seeds 1 --from SEED` shows it again")
}

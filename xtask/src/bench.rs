//! `cargo xtask bench`: what the host costs, by several measures.

mod instructions;
mod micro;
mod peers;

use anyhow::Result;
use clap::Subcommand;

/// Measure the host.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    Instructions(instructions::Args),
    Micro(micro::Args),
    Peers(peers::Args),
}

/// Runs the command.
pub(crate) fn main(args: &Args) -> Result<()> {
    match &args.what {
        What::Instructions(args) => instructions::main(args),
        What::Micro(args) => micro::main(args),
        What::Peers(args) => peers::main(args),
    }
}

//! `cargo xtask setup`: makes sure that guests can be compiled and tested, and says with what.

use anyhow::Result;

use crate::programs;
use crate::toolchain::{self, Route};
use crate::workspace::say;

/// Find or make a toolchain for wasm32-wasip1, which every other command does by itself, and install what the tests use as clients.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Take this way to a toolchain and no other.
    #[arg(long, value_enum)]
    route: Option<Route>,
    /// Print what a shell needs in order to use the toolchain with plain cargo.
    #[arg(long)]
    print_env: bool,
}

/// Runs the command.
pub(crate) fn main(args: &Args) -> Result<()> {
    let toolchain = toolchain::ensure_by(args.route.or(toolchain::route_asked_for()?))?;
    say!("guests are built with {} ({})", toolchain.version, toolchain.route.explanation());
    if args.print_env {
        for (name, value) in &toolchain.env {
            println!("export {name}='{}'", value.display());
        }
        return Ok(());
    }
    programs::install();
    Ok(())
}

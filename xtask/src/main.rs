//! The chores of this repository, reached as `cargo xtask CMD` from any folder inside it.
//!
//! Every command works from a bare clone: it makes what it needs before it starts, says in a
//! plain line what it is about to do, and ends a failure with one line of cause and remedy.

mod workspace;

mod programs;
mod setup;
mod toolchain;

mod guests;
mod host;

mod demo;
mod run;
mod test;

mod bench;
mod chaos;
mod fuzz;
mod histories;
mod loom;
mod sanitize;
mod soak;
mod spec;

mod abi;
mod ci;
mod deny;
mod tidy;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", about = "The chores of this repository.")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Setup(setup::Args),
    Guests(guests::Args),
    Demo(demo::Args),
    Run(run::Args),
    Test(test::Args),
    Bench(bench::Args),
    Soak(soak::Args),
    Spec(spec::Args),
    Histories(histories::Args),
    Chaos(chaos::Args),
    Fuzz(fuzz::Args),
    Sanitize(sanitize::Args),
    Loom(loom::Args),
    Abi(abi::Args),
    Tidy(tidy::Args),
    Ci(ci::Args),
    #[command(hide = true)]
    Runner(run::RunnerArgs),
}

fn main() -> ExitCode {
    if fuzz::wraps_rustc() {
        let status = fuzz::be_rustc().ok().and_then(|status| status.code());
        return ExitCode::from(status.and_then(|code| u8::try_from(code).ok()).unwrap_or(1));
    }
    match dispatch(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(command: Command) -> Result<()> {
    match command {
        Command::Setup(args) => setup::main(&args),
        Command::Guests(args) => guests::main(&args),
        Command::Demo(args) => demo::main(&args),
        Command::Run(args) => run::main(&args),
        Command::Test(args) => test::main(&args),
        Command::Bench(args) => bench::main(&args),
        Command::Soak(args) => soak::main(&args),
        Command::Spec(args) => spec::main(&args),
        Command::Histories(args) => histories::main(&args),
        Command::Chaos(args) => chaos::main(&args),
        Command::Fuzz(args) => fuzz::main(&args),
        Command::Sanitize(args) => sanitize::main(&args),
        Command::Loom(args) => loom::main(&args),
        Command::Abi(args) => abi::main(&args),
        Command::Tidy(args) => tidy::main(&args),
        Command::Ci(args) => ci::main(&args),
        Command::Runner(args) => run::runner(&args),
    }
}

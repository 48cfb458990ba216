//! `cargo xtask run NAME`: one guest under the host; and the runner that cargo itself calls.
//!
//! `.cargo/config.toml` names the hidden `runner` as what starts a wasm file, so `cargo run` and
//! `cargo test` work inside a guest's crate.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use crate::{guests, host};

/// Build one guest or example and run it under the host.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Build the host with the release profile.
    #[arg(long)]
    release: bool,
    /// Flags for `flower-host run`, in one word: --host-flags "--seed 7".
    #[arg(long, default_value = "", allow_hyphen_values = true)]
    host_flags: String,
    /// The guest or example.
    name: String,
    /// What the guest gets as its arguments.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

/// What cargo passes: the file that it built, and the user's arguments.
#[derive(clap::Args)]
pub(crate) struct RunnerArgs {
    /// The wasm file.
    file: PathBuf,
    /// What the guest gets as its arguments.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

/// Runs the command.
pub(crate) fn main(args: &Args) -> Result<()> {
    let host = host::build(args.release)?;
    let folder = guests::build(std::slice::from_ref(&args.name), guests::PROFILE)?;
    let file = folder.join(format!("{}.wasm", args.name));
    start(
        Command::new(host)
            .arg("run")
            .args(args.host_flags.split_whitespace())
            .arg(file)
            .args(&args.arguments),
    )
}

/// Runs a file that cargo built; relative paths stay relative to where cargo was called.
pub(crate) fn runner(args: &RunnerArgs) -> Result<()> {
    if !args.file.exists() {
        bail!("{} is not there: let cargo call the runner", args.file.display());
    }
    let host = host::build(false)?;
    start(Command::new(host).arg("run").arg(absolute(&args.file)?).args(&args.arguments))
}

fn absolute(file: &Path) -> Result<PathBuf> {
    Ok(env::current_dir()?.join(file))
}

/// Becomes the host where the system can do that, so that signals and exit codes are its own.
#[cfg(unix)]
fn start(command: &mut Command) -> Result<()> {
    use std::os::unix::process::CommandExt;
    let error = command.exec();
    bail!("cannot start flower-host: {error}")
}

#[cfg(not(unix))]
fn start(command: &mut Command) -> Result<()> {
    crate::workspace::run(command, "its message is above")
}

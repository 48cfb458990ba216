//! `cargo xtask ci`: everything that must hold before a change is let in, the quick checks first.

use std::process::Command;

use anyhow::{Result, bail};

use crate::workspace::{cargo, probe, run, say};
use crate::{deny, loom, test, tidy};

/// Check format, lints, tidiness and documentation, then run the models and all tests.
#[derive(clap::Args)]
pub(crate) struct Args {}

/// Runs the command.
pub(crate) fn main(_: &Args) -> Result<()> {
    format()?;
    tidiness()?;
    lints()?;
    documentation()?;
    deny::everything()?;
    loom::everything()?;
    test::everything(&[])
}

fn format() -> Result<()> {
    say!("checking the format");
    require("fmt", "rustfmt")?;
    run(cargo().args(["fmt", "--all", "--check"]), "type `cargo fmt --all`")
}

fn tidiness() -> Result<()> {
    say!("checking tidiness");
    tidy::everything()
}

fn lints() -> Result<()> {
    say!("checking the lints");
    require("clippy", "clippy")?;
    let clippy = [
        "clippy",
        "--workspace",
        "--all-targets",
        "--features",
        "flower-benches/micro",
        "--",
        "-D",
        "warnings",
    ];
    run(cargo().args(clippy), "mend what clippy says above")
}

fn documentation() -> Result<()> {
    say!("building the documentation");
    let mut doc: Command = cargo();
    doc.args(["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings");
    run(&mut doc, "mend what rustdoc says above")
}

/// A part of the toolchain that a bare machine may lack.
fn require(subcommand: &str, component: &str) -> Result<()> {
    if probe(cargo().args([subcommand, "--version"])).is_none() {
        bail!(
            "`cargo {subcommand}` is missing: type `rustup component add {component}`, \
             or install your distribution's package of it"
        );
    }
    Ok(())
}

//! Builds the host, for the commands that run something under it.

use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Context, Result};

use crate::workspace::{cargo, json_strings, output, say};

/// Compiles `flower-host` for this machine and returns the program.
///
/// The development profile is the default: its dependencies are optimised, it is what the tests
/// use anyway, and it is there minutes before a release build would be.
pub(crate) fn build(release: bool) -> Result<PathBuf> {
    let profile = if release { "release" } else { "dev" };
    say!("building flower-host (profile {profile})");
    binary("flower-host", "flower-host", profile)
}

/// Compiles another program of the workspace with the release profile and returns it.
pub(crate) fn release(package: &str, name: &str) -> Result<PathBuf> {
    binary(package, name, "release")
}

fn binary(package: &str, name: &str, profile: &str) -> Result<PathBuf> {
    let mut cargo = cargo();
    cargo.args(["build", "--package", package, "--bin", name, "--profile", profile]);
    cargo.args(["--message-format", "json-render-diagnostics"]).stdin(Stdio::null());
    let messages = output(&mut cargo)?;
    let program = json_strings(&messages, "executable").pop();
    Ok(program.with_context(|| format!("cargo built no {name}: look for it in {package}"))?.into())
}

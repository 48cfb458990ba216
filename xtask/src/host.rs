//! Builds the host, for the commands that run something under it.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use crate::guests;
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

/// Compiles `flower-host` and all tests in one go, so that what they share is compiled once, and returns the program.
pub(crate) fn build_with_tests() -> Result<PathBuf> {
    say!("building flower-host and the tests");
    let mut cargo = cargo();
    cargo.args(["build", "--workspace", "--bins", "--tests"]).args(guests::packages_excluded());
    let programs = executables(&mut cargo)?;
    let host = programs.into_iter().find(|program| program.file_stem() == Some("flower-host".as_ref()));
    host.context("cargo built no flower-host: look for it in host/")
}

/// Compiles another program of the workspace with the release profile and returns it.
pub(crate) fn release(package: &str, name: &str) -> Result<PathBuf> {
    binary(package, name, "release")
}

fn binary(package: &str, name: &str, profile: &str) -> Result<PathBuf> {
    let mut cargo = cargo();
    cargo.args(["build", "--package", package, "--bin", name, "--profile", profile]);
    let program = executables(&mut cargo)?.pop();
    program.with_context(|| format!("cargo built no {name}: look for it in {package}"))
}

fn executables(build: &mut Command) -> Result<Vec<PathBuf>> {
    build.args(["--message-format", "json-render-diagnostics"]).stdin(Stdio::null());
    let messages = output(build)?;
    Ok(json_strings(&messages, "executable").into_iter().map(PathBuf::from).collect())
}

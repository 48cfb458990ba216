//! The packages of the Debian route: which are missing, and installing them.
//!
//! A package counts as there when its files are, so that this asks no package manager and a
//! machine prepared in another way is as good.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use super::Rustc;
use crate::workspace::{probe, say};

/// Debian's compiler.
pub(super) const RUSTC: &str = "/usr/bin/rustc";
/// Debian's cargo.
pub(super) const CARGO: &str = "/usr/bin/cargo";
/// The source of the standard library that belongs to [`RUSTC`].
pub(super) const LIBRARY: &str = "/usr/lib/rustlib/src/rust/library";
/// The linker, under its generic name: the first arguments tell it that the target is wasm.
pub(super) const LLD: &str = "/usr/bin/lld";

/// Where releases of Debian keep wasi-libc, the newest first.
const WASI_LIBC: [&str; 2] = ["/usr/lib/wasm32-wasip1", "/usr/lib/wasm32-wasi"];

/// The folder of wasi-libc, with `libc.a` and the start files.
pub(super) fn wasi_libc() -> Option<PathBuf> {
    WASI_LIBC.map(PathBuf::from).into_iter().find(|folder| folder.join("libc.a").exists())
}

/// Installs what is missing, or says what to type.
pub(super) fn install_missing() -> Result<()> {
    let missing = missing();
    if missing.is_empty() {
        return Ok(());
    }
    let names = missing.join(" ");
    let Some(sudo) = privilege() else {
        bail!(
            "installing {names} needs root: type `sudo apt-get update && sudo apt-get install --no-remove \
             --no-install-recommends {names}` and call this again"
        );
    };
    say!("installing {names} with apt-get");
    apt_get(sudo, &["update"])
        .and_then(|()| apt_get(sudo, &install_arguments(&missing)))
        .with_context(|| format!("apt-get could not install {names}: its message is above"))?;
    check()
}

fn missing() -> Vec<&'static str> {
    let new_enough = Rustc::ask(Path::new(RUSTC)).is_some_and(|rustc| rustc.suffices());
    let there = [
        ("rustc-web", new_enough),
        ("cargo-web", new_enough && Path::new(CARGO).exists()),
        ("rust-web-src", new_enough && Path::new(LIBRARY).join("std").exists()),
        ("wasi-libc", wasi_libc().is_some()),
        ("lld", Path::new(LLD).exists()),
    ];
    there.into_iter().filter(|(_, is_there)| !is_there).map(|(name, _)| name).collect()
}

fn check() -> Result<()> {
    let still = missing();
    if !still.is_empty() {
        bail!(
            "the packages {} of this release of Debian do not suffice (rustc {} or newer is needed): use rustup",
            still.join(" "),
            env!("CARGO_PKG_RUST_VERSION")
        );
    }
    Ok(())
}

/// What to put before a command so that it runs as root; `None` if that takes a password.
fn privilege() -> Option<&'static [&'static str]> {
    if probe(Command::new("id").arg("-u")).is_some_and(|uid| uid.trim() == "0") {
        return Some(&[]);
    }
    probe(Command::new("sudo").args(["-n", "true"])).map(|_| ["sudo", "-n"].as_slice())
}

/// Never removes a package: somebody's own compiler is worth more than this convenience.
fn install_arguments<'a>(packages: &[&'a str]) -> Vec<&'a str> {
    let options =
        ["install", "-y", "--no-remove", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300"];
    options.into_iter().chain(packages.iter().copied()).collect()
}

fn apt_get(sudo: &[&str], arguments: &[&str]) -> Result<()> {
    let quiet = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-o", "Dpkg::Use-Pty=0"];
    let words: Vec<&str> = sudo.iter().chain(&quiet).chain(arguments).copied().collect();
    let status = Command::new(words[0]).args(&words[1..]).stdout(Stdio::null()).status();
    match status.context("cannot start apt-get")? {
        status if status.success() => Ok(()),
        status => bail!("apt-get {}: {status}", arguments[0]),
    }
}

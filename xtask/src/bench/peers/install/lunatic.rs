//! Lunatic: its host, out of the published source, and the guest that runs under it.

use std::env;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::toolchain::{self, TARGET};
use crate::workspace::{cargo, probe, run, say};

/// The last one.
pub(super) const VERSION: &str = "0.13.2";

/// The published lock file names a `time` that current compilers reject; this one they take.
const TIME: &str = "0.3.41";

const REMEDY: &str = "its message is above";

/// Builds both, and returns the host and the guest.
pub(super) fn build(folder: &Path) -> Result<(PathBuf, PathBuf)> {
    Ok((host(folder)?, guest(folder)?))
}

fn host(folder: &Path) -> Result<PathBuf> {
    let target = folder.join("lunatic-host");
    let program = target.join("release").join("lunatic");
    if program.exists() {
        return Ok(program);
    }
    if probe(Command::new("pkg-config").args(["--exists", "openssl"])).is_none() {
        bail!("Lunatic needs OpenSSL to be built: such as `apt install libssl-dev pkg-config`");
    }
    say!("building Lunatic {VERSION}, which takes some minutes");
    let source = unpacked(folder)?;
    let in_source = || {
        let mut cargo = cargo();
        cargo.current_dir(&source);
        cargo
    };
    run(in_source().args(["update", "--package", "time", "--precise", TIME]), REMEDY)?;
    let mut build = in_source();
    build.args(["build", "--release", "--locked", "--bin", "lunatic", "--target-dir"]).arg(&target);
    run(&mut build, REMEDY)?;
    Ok(program)
}

/// A copy of the published source that belongs to no other workspace.
fn unpacked(folder: &Path) -> Result<PathBuf> {
    let name = format!("lunatic-runtime-{VERSION}");
    let source = folder.join(&name);
    if source.exists() {
        fs::remove_dir_all(&source).with_context(|| format!("cannot remove {}", source.display()))?;
    }
    // It unpacks the package into cargo's own folder.
    let package = format!("lunatic-runtime@{VERSION}");
    probe(cargo().args(["info", &package])).with_context(|| format!("cargo finds no {package}"))?;
    let published = published(&name).context("cargo has not unpacked the source of Lunatic")?;
    run(Command::new("cp").arg("-r").arg(published).arg(&source), REMEDY)?;
    let mut manifest = OpenOptions::new().append(true).open(source.join("Cargo.toml"))?;
    manifest.write_all(b"\n[workspace]\n")?;
    Ok(source)
}

fn published(name: &str) -> Option<PathBuf> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cargo")))?;
    let registries = home.join("registry").join("src").read_dir().ok()?;
    registries.flatten().map(|registry| registry.path().join(name)).find(|source| source.exists())
}

/// It is built from outside the repository, whose flags for guests are not meant for it.
fn guest(folder: &Path) -> Result<PathBuf> {
    let target = folder.join("lunatic-guest");
    let mut cargo = toolchain::ensure()?.cargo();
    cargo.current_dir(folder).env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS");
    cargo.args(["build", "--release", "--locked", "--target", TARGET, "--manifest-path"]);
    cargo.arg(super::peers().join("lunatic").join("Cargo.toml")).arg("--target-dir").arg(&target);
    run(&mut cargo, REMEDY)?;
    Ok(target.join(TARGET).join("release").join("bench.wasm"))
}

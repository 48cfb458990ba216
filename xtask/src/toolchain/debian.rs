//! The Debian route: a prefix in the user's cache that is the distribution's compiler plus a
//! standard library for `wasm32-wasip1`.
//!
//! The prefix is complete or not there at all: it is assembled beside its place, under a lock,
//! and renamed. Its name carries the compiler's release and [`RECIPE`], its `stamp` the compiler's
//! whole version, so a prefix is never used with a compiler that it was not built by.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::{Route, Rustc, Toolchain, apt, build_std};
use crate::workspace::say;

/// To be raised when `build_std.rs` changes what it makes.
const RECIPE: u32 = 1;

/// How the names of folders under construction begin.
const SITE: &str = "building-";

/// Whether this machine has the package manager that the route needs.
pub(super) fn is_possible() -> bool {
    cfg!(unix) && Path::new("/usr/bin/apt-get").exists()
}

/// The toolchain that an earlier call made, if it still fits the installed compiler.
pub(super) fn remembered() -> Option<Toolchain> {
    let rustc = Rustc::ask(Path::new(apt::RUSTC))?;
    let prefix = cache().ok()?.join(prefix_name(&rustc));
    let stamp = fs::read_to_string(prefix.join("stamp")).ok()?;
    (rustc.suffices() && stamp == rustc.version).then(|| toolchain(&rustc, &prefix))
}

/// Makes the toolchain, or waits for somebody who is making it already.
pub(super) fn ensure() -> Result<Toolchain> {
    if let Some(found) = remembered() {
        return Ok(found);
    }
    let cache = cache()?;
    let _lock = lock(&cache)?;
    match remembered() {
        Some(made_meanwhile) => Ok(made_meanwhile),
        None => make(&cache),
    }
}

fn make(cache: &Path) -> Result<Toolchain> {
    apt::install_missing()?;
    let rustc =
        Rustc::ask(Path::new(apt::RUSTC)).context("/usr/bin/rustc does not run: reinstall rustc-web")?;
    let prefix = cache.join(prefix_name(&rustc));
    say!("building the standard library for wasm guests, once, into {}", prefix.display());
    let site = fresh_site(cache)?;
    let made = build_std::build(&site, &prefix, &rustc)?;
    move_into_place(&made, &prefix)?;
    fs::remove_dir_all(&site).with_context(|| format!("cannot remove {}", site.display()))?;
    Ok(toolchain(&rustc, &prefix))
}

fn toolchain(rustc: &Rustc, prefix: &Path) -> Toolchain {
    Toolchain {
        route: Route::Debian,
        version: rustc.headline(),
        cargo: prefix.join("bin/cargo"),
        env: vec![("RUSTC", prefix.join("bin/rustc"))],
        id: format!("{}\n{}", prefix.display(), rustc.version),
    }
}

fn prefix_name(rustc: &Rustc) -> String {
    format!("toolchain-{}-r{RECIPE}", rustc.release())
}

/// `~/.cache/flower`, or where the user keeps such things.
fn cache() -> Result<PathBuf> {
    let absolute = |name| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = absolute("XDG_CACHE_HOME").or_else(|| Some(absolute("HOME")?.join(".cache")));
    let folder = base.context("no place for the toolchain: set HOME or XDG_CACHE_HOME")?.join("flower");
    fs::create_dir_all(&folder)
        .with_context(|| format!("cannot make {}: check its owner", folder.display()))?;
    Ok(folder)
}

/// Held until the file is closed, also when this process dies.
fn lock(cache: &Path) -> Result<File> {
    let path = cache.join("lock");
    let file = File::create(&path).with_context(|| format!("cannot open {}", path.display()))?;
    if file.try_lock().is_err() {
        say!("waiting for another xtask that is making the toolchain");
        file.lock().with_context(|| format!("cannot lock {}", path.display()))?;
    }
    Ok(file)
}

/// An empty folder to work in; what an interrupted call left behind goes first. The name is new
/// each time, because a compiler that outlived its xtask may still be writing into the old one.
fn fresh_site(cache: &Path) -> Result<PathBuf> {
    for entry in cache.read_dir()?.flatten() {
        if entry.file_name().to_string_lossy().starts_with(SITE) {
            // It may come back under the hands of that compiler; the next call tries again.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
    let site = cache.join(format!("{SITE}{}", std::process::id()));
    fs::create_dir_all(&site).with_context(|| format!("cannot make {}", site.display()))?;
    Ok(site)
}

fn move_into_place(made: &Path, prefix: &Path) -> Result<()> {
    if prefix.exists() {
        // Its stamp did not fit: it belongs to an older build of the same release.
        fs::remove_dir_all(prefix).with_context(|| format!("cannot remove {}", prefix.display()))?;
    }
    fs::rename(made, prefix).with_context(|| format!("cannot put {} into place", prefix.display()))
}

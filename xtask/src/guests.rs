//! `cargo xtask guests`: compiles guests and examples to WebAssembly.
//!
//! They have a target folder of their own, so that building them never waits for the lock of, nor
//! invalidates, a native build. The flags that they are linked with stand in `.cargo/config.toml`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::toolchain::{self, TARGET, Toolchain};
use crate::workspace::{self, say};

/// The profile that guests are built with unless somebody asks for another.
pub(crate) const PROFILE: &str = "guest";

/// The packages whose binaries are guests, by their folder.
const PACKAGES: [(&str, &str); 3] =
    [("guests", "flower-guests"), ("examples", "flower-examples"), ("benches/guests", "flower-bench-guests")];

/// Compile guests and examples to wasm.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The cargo profile.
    #[arg(long, default_value = PROFILE)]
    profile: String,
    /// Which ones; all of them if none is named.
    names: Vec<String>,
}

/// Runs the command.
pub(crate) fn main(args: &Args) -> Result<()> {
    let folder = build(&args.names, &args.profile)?;
    say!("the guests are in {}", folder.display());
    Ok(())
}

/// Compiles the named guests, or all, and returns the folder that holds `NAME.wasm`.
pub(crate) fn build(names: &[String], profile: &str) -> Result<PathBuf> {
    refuse_unknown(names)?;
    let toolchain = toolchain::ensure()?;
    say!("building guests with {}", toolchain.version);
    let target_dir = workspace::target_dir()?.join("guests");
    keep_toolchains_apart(&target_dir, &toolchain)?;
    let mut cargo = toolchain.cargo();
    // Flags meant for the host would replace those in .cargo/config.toml.
    cargo.env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS");
    cargo.args(["build", "--target", TARGET, "--profile", profile, "--target-dir"]).arg(&target_dir);
    cargo.args(packages(names).flat_map(|package| ["--package", package]));
    cargo.args(names.iter().flat_map(|name| ["--bin", name]));
    workspace::run(&mut cargo, "mend what the compiler says above")?;
    Ok(target_dir.join(TARGET).join(profile_folder(profile)))
}

/// Flags that leave the guests out of a native test run: what they check, they check under the host.
pub(crate) fn packages_excluded() -> impl Iterator<Item = &'static str> {
    PACKAGES.into_iter().flat_map(|(_, package)| ["--exclude", package])
}

/// Refuses names of guests that there are not.
pub(crate) fn refuse_unknown(names: &[String]) -> Result<()> {
    let known: Vec<String> = PACKAGES.iter().flat_map(|(folder, _)| binaries(folder)).collect();
    match names.iter().find(|name| !known.contains(name)) {
        Some(name) => bail!("there is no guest `{name}`: there are {}", known.join(", ")),
        None => Ok(()),
    }
}

/// The packages that have one of the named binaries, or all.
fn packages(names: &[String]) -> impl Iterator<Item = &'static str> {
    let wanted = |folder: &str| names.is_empty() || binaries(folder).iter().any(|name| names.contains(name));
    PACKAGES.into_iter().filter(move |(folder, _)| wanted(folder)).map(|(_, package)| package)
}

fn binaries(folder: &str) -> Vec<String> {
    workspace::binaries(&workspace::root().join(folder))
}

/// Cargo does not notice that a standard library was exchanged under the same compiler version.
fn keep_toolchains_apart(target_dir: &Path, toolchain: &Toolchain) -> Result<()> {
    let stamp = target_dir.join("toolchain-id");
    let before = fs::read_to_string(&stamp).unwrap_or_default();
    if before == toolchain.id {
        return Ok(());
    }
    if target_dir.join(TARGET).exists() {
        say!("the toolchain changed: building all guests anew");
        fs::remove_dir_all(target_dir.join(TARGET)).context("cannot remove the old guests")?;
    }
    fs::create_dir_all(target_dir).with_context(|| format!("cannot make {}", target_dir.display()))?;
    fs::write(&stamp, &toolchain.id).with_context(|| format!("cannot write {}", stamp.display()))
}

fn profile_folder(profile: &str) -> &str {
    match profile {
        "dev" | "test" => "debug",
        "bench" => "release",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_guest_is_refused_by_name() {
        let error = refuse_unknown(&["no_such_guest".into()]).unwrap_err();
        assert!(error.to_string().contains("`no_such_guest`"));
    }

    #[test]
    fn no_name_means_every_package() {
        assert_eq!(
            packages(&[]).collect::<Vec<_>>(),
            ["flower-guests", "flower-examples", "flower-bench-guests"]
        );
    }

    #[test]
    fn the_folder_of_a_profile_is_cargos() {
        assert_eq!(profile_folder("dev"), "debug");
        assert_eq!(profile_folder("guest"), "guest");
    }
}

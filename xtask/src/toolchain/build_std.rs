//! Builds the standard library for `wasm32-wasip1` and assembles a sysroot around it.
//!
//! Cargo compiles the library as a dependency of an empty crate, from the vendored sources, so
//! nothing is fetched. The libraries carry machine code and bitcode, which lets guests link with
//! and without `lto = "fat"`. What an old wasi-libc lacks is added to its start files.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::{Rustc, TARGET, apt};
use crate::workspace::{forget_rust_variables, run};

const COMPAT: &str = include_str!("../../assets/wasi_compat.rs");

/// Assembles the prefix inside `site`, for use at `prefix`, and returns where it is.
pub(super) fn build(site: &Path, prefix: &Path, rustc: &Rustc) -> Result<PathBuf> {
    let libraries = compile_library(site)?;
    let made = site.join("prefix");
    let target = made.join("lib/rustlib").join(TARGET).join("lib");
    fs::create_dir_all(&target)?;
    move_libraries(&libraries, &target)?;
    link_host_side(&made, rustc)?;
    write_programs(&made, prefix)?;
    add_libc(site, &made, &target.join("self-contained"))?;
    check(site, &made)?;
    fs::write(made.join("stamp"), &rustc.version)?;
    Ok(made)
}

/// Returns the folder that holds the compiled libraries.
fn compile_library(site: &Path) -> Result<PathBuf> {
    write_seed(site)?;
    let mut cargo = Command::new(apt::CARGO);
    forget_rust_variables(&mut cargo);
    cargo
        .current_dir(site)
        .args([
            "build",
            "--quiet",
            "--release",
            "--target",
            TARGET,
            "-Zbuild-std=std,panic_abort,proc_macro,test",
        ])
        .args(vendored().map(|_| "--offline"))
        .env("CARGO_HOME", site.join("cargo-home"))
        .env("RUSTC", apt::RUSTC)
        .env("RUSTC_BOOTSTRAP", "1")
        .env("RUSTFLAGS", "-Cembed-bitcode=yes --remap-path-prefix=/usr/lib/rustlib/src/rust=/rust");
    run(&mut cargo, "reinstall rust-web-src, or use rustup")?;
    Ok(site.join("target").join(TARGET).join("release/deps"))
}

/// An empty crate, and a cargo configuration that takes dependencies from the vendored sources.
fn write_seed(site: &Path) -> Result<()> {
    fs::create_dir_all(site.join(".cargo"))?;
    fs::create_dir_all(site.join("src"))?;
    fs::write(site.join("Cargo.toml"), "[package]\nname = \"seed\"\nedition = \"2024\"\n[workspace]\n")?;
    fs::write(site.join("src/lib.rs"), "#![no_std]\n")?;
    let Some(vendor) = vendored() else { return Ok(()) };
    let sources = "[source.crates-io]\nreplace-with = \"vendored\"\n[source.vendored]\ndirectory = ";
    fs::write(site.join(".cargo/config.toml"), format!("{sources}'{}'\n", vendor.display()))?;
    Ok(())
}

fn vendored() -> Option<PathBuf> {
    Some(Path::new(apt::LIBRARY).join("vendor")).filter(|folder| folder.exists())
}

fn move_libraries(from: &Path, to: &Path) -> Result<()> {
    for file in from.read_dir()? {
        let file = file?;
        let name = file.file_name().to_string_lossy().into_owned();
        if name.ends_with(".rlib") && !name.starts_with("libseed-") {
            fs::rename(file.path(), to.join(name))?;
        }
    }
    Ok(())
}

/// Build scripts and procedural macros need the host's own libraries, and rustc its linker.
fn link_host_side(made: &Path, rustc: &Rustc) -> Result<()> {
    let host = Path::new("lib/rustlib").join(rustc.host());
    fs::create_dir_all(made.join(&host).join("bin"))?;
    link(&Path::new("/usr").join(&host).join("lib"), &made.join(&host).join("lib"))?;
    link(Path::new(apt::LLD), &made.join(&host).join("bin/rust-lld"))
}

/// With these, `rustup toolchain link flower PREFIX` is a toolchain as well.
fn write_programs(made: &Path, prefix: &Path) -> Result<()> {
    let bin = made.join("bin");
    fs::create_dir_all(&bin)?;
    link(Path::new(apt::CARGO), &bin.join("cargo"))?;
    let sysroot = prefix.display().to_string().replace('\'', r"'\''");
    for name in ["rustc", "rustdoc"] {
        let script = format!("#!/bin/sh\nexec /usr/bin/{name} --sysroot '{sysroot}' \"$@\"\n");
        write_executable(&bin.join(name), &script)?;
    }
    Ok(())
}

fn add_libc(site: &Path, made: &Path, to: &Path) -> Result<()> {
    let libc = apt::wasi_libc().context("wasi-libc has no libc.a: reinstall the package")?;
    fs::create_dir_all(to)?;
    for name in ["libc.a", "crt1-command.o", "crt1-reactor.o"] {
        fs::copy(libc.join(name), to.join(name))?;
    }
    if contains(&fs::read(libc.join("libc.a"))?, b"pthread_create\0") {
        return Ok(());
    }
    let functions = compile_compat(site, made, "functions")?;
    merge(&[&libc.join("crt1-reactor.o"), &functions], &to.join("crt1-reactor.o"))?;
    if contains(&fs::read(libc.join("crt1-command.o"))?, b"__wasm_call_ctors") {
        return merge(&[&libc.join("crt1-command.o"), &functions], &to.join("crt1-command.o"));
    }
    merge(&[&compile_compat(site, made, "start")?], &to.join("crt1-command.o"))
}

fn compile_compat(site: &Path, made: &Path, part: &str) -> Result<PathBuf> {
    let source = site.join("wasi_compat.rs");
    let object = site.join(format!("wasi_compat-{part}.o"));
    fs::write(&source, COMPAT)?;
    let mut rustc = compiler(made);
    rustc.args([
        "--edition=2024",
        "--crate-type=lib",
        "--emit=obj",
        "-O",
        "-Cpanic=abort",
        "-Cembed-bitcode=no",
    ]);
    rustc.args(["-Awarnings", "--cfg", part]).env("RUSTC_BOOTSTRAP", "1").arg(source).arg("-o").arg(&object);
    run(&mut rustc, "assets/wasi_compat.rs does not fit this rustc")?;
    Ok(object)
}

/// A start file is linked into every guest, and what it does not use is thrown away again.
fn merge(objects: &[&Path], into: &Path) -> Result<()> {
    let mut linker = Command::new(apt::LLD);
    linker.args(["-flavor", "wasm", "-r", "-o"]).arg(into).args(objects);
    run(&mut linker, "reinstall lld")
}

/// Links a program with and without bitcode, as guests will.
fn check(site: &Path, made: &Path) -> Result<()> {
    let source = site.join("check.rs");
    fs::write(
        &source,
        "fn main() { println!(\"{:?}\", std::thread::Builder::new().spawn(|| ()).is_ok()) }\n",
    )?;
    for lto in ["off", "fat"] {
        let mut rustc = compiler(made);
        rustc.arg(&source).arg("-o").arg(site.join("check.wasm"));
        rustc.args([format!("-Clto={lto}"), "-Cpanic=abort".into()]);
        run(&mut rustc, "the new toolchain cannot link a program: use rustup")?;
    }
    Ok(())
}

fn compiler(sysroot: &Path) -> Command {
    let mut rustc = Command::new(apt::RUSTC);
    forget_rust_variables(&mut rustc);
    rustc.arg("--sysroot").arg(sysroot).args(["--target", TARGET]);
    rustc
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

#[cfg(unix)]
fn link(to: &Path, at: &Path) -> Result<()> {
    std::os::unix::fs::symlink(to, at).with_context(|| format!("cannot link {}", at.display()))
}

#[cfg(not(unix))]
fn link(_: &Path, _: &Path) -> Result<()> {
    anyhow::bail!("the Debian route works on Debian only: use rustup")
}

#[cfg(unix)]
fn write_executable(path: &Path, text: &str) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::write(path, text)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))?;
    Ok(())
}

#[cfg(not(unix))]
fn write_executable(_: &Path, _: &str) -> Result<()> {
    anyhow::bail!("the Debian route works on Debian only: use rustup")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_found_in_bytes() {
        assert!(contains(b"ab\0pthread_create\0c", b"pthread_create\0"));
        assert!(!contains(b"pthread_created", b"pthread_create\0"));
        assert!(!contains(b"", b"x"));
    }
}

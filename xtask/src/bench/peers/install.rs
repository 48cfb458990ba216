//! Builds what the peers run, each as far as this machine has what it needs.
//!
//! What is not flower's own goes to a folder outside the repository: `$FLOWER_PEERS_DIR`, or `flower-peers` in
//! the user's cache.

mod lunatic;

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, anyhow, bail};

use super::peer::{Peer, Program};
use crate::workspace::{cargo, output, probe, root, run, say, target_dir};
use crate::{guests, host};

/// How a peer is started: program, arguments, then the file that it runs, then the workload.
pub(super) struct Built {
    pub(super) program: PathBuf,
    pub(super) arguments: Vec<OsString>,
    pub(super) file: Vec<OsString>,
    /// What the report calls its version.
    pub(super) version: String,
}

/// Builds each thing at most once, however many peers use it.
pub(super) struct Builder {
    folder: PathBuf,
    flower: Option<(PathBuf, PathBuf)>,
    lunatic: Option<Result<(PathBuf, PathBuf), String>>,
    rust: Option<Result<PathBuf, String>>,
    python: Option<Result<PathBuf, String>>,
}

const GUESTS: [&str; 5] = ["peer_process", "peer_handler", "peer_json", "peer_lean", LOADED];

/// The module that is loaded: an example of middling size.
const LOADED: &str = "storage";

impl Builder {
    /// Finds the folder to build in.
    pub(super) fn new() -> Result<Builder> {
        let folder = folder()?;
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(Builder { folder, flower: None, lunatic: None, rust: None, python: None })
    }

    /// Builds what one peer needs.
    pub(super) fn build(&mut self, peer: &Peer) -> Result<Built> {
        match peer.program {
            Program::Flower { guest } => self.flower(guest, &[]),
            Program::Lean { .. } => {
                let lean = root().join("benches/guests/lean.wat");
                self.flower("peer_lean", &["--module".into(), format!("lean={}", lean.display()).into()])
            }
            Program::Loader => self.loader(),
            Program::Erlang => self.erlang(),
            Program::Lunatic { .. } => self.lunatic(),
            Program::Go => self.go(),
            Program::Rust { binary } => self.rust(binary),
            Program::Python { script } => self.python(script),
        }
    }

    fn flower(&mut self, guest: &str, flags: &[OsString]) -> Result<Built> {
        if self.flower.is_none() {
            let guests = guests::build(&GUESTS.map(str::to_owned), guests::PROFILE)?;
            self.flower = Some((host::build(true)?, guests));
        }
        let (host, guests) = self.flower.clone().expect("it was just built");
        let version = output(Command::new(&host).arg("--version"))?.trim().to_owned();
        let mut file = flags.to_vec();
        file.push(guests.join(format!("{guest}.wasm")).into());
        Ok(Built {
            program: host,
            arguments: ["run", "--allow-net", "127.0.0.1:*"].map(OsString::from).to_vec(),
            file,
            version,
        })
    }

    fn loader(&mut self) -> Result<Built> {
        let Built { file, version, .. } = self.flower(LOADED, &[])?;
        say!("building the program that loads modules");
        let program = host::release("flower-benches", "load")?;
        let folder = target_dir()?.join("bench").join("load");
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(Built { program, arguments: file, file: vec![folder.into()], version })
    }

    fn erlang(&self) -> Result<Built> {
        let release = "io:put_chars(erlang:system_info(otp_release)), halt().";
        let version = probe(Command::new("erl").args(["-noshell", "-eval", release]));
        let version =
            version.context("`erl` is missing: install Erlang, such as `apt install erlang-base`")?;
        let folder = self.folder.join("erlang");
        fs::create_dir_all(&folder)?;
        let source = peers().join("erlang").join("bench.erl");
        run(Command::new("erlc").arg("-o").arg(&folder).arg(source), "its message is above")?;
        // A million processes are more than it allows by itself.
        let arguments = ["-noshell", "+P", "2000000"].map(OsString::from).to_vec();
        let mut file: Vec<OsString> = vec!["-pa".into(), folder.into()];
        file.extend(["-run", "bench", "main"].map(OsString::from));
        Ok(Built { program: "erl".into(), arguments, file, version: format!("Erlang/OTP {version}") })
    }

    fn lunatic(&mut self) -> Result<Built> {
        let folder = &self.folder;
        let build = || lunatic::build(folder).map_err(|error| format!("{error:#}"));
        let (host, guest) = self.lunatic.get_or_insert_with(build).clone().map_err(|error| anyhow!(error))?;
        let version = format!("Lunatic {}", lunatic::VERSION);
        Ok(Built { program: host, arguments: vec!["run".into()], file: vec![guest.into()], version })
    }

    fn go(&self) -> Result<Built> {
        let version = probe(Command::new("go").arg("version"));
        let version = version.context("`go` is missing: install Go, such as `apt install golang-go`")?;
        let program = self.folder.join("go-bench");
        let mut go = Command::new("go");
        go.args(["build", "-o"]).arg(&program).arg(".").current_dir(peers().join("go"));
        run(&mut go, "its message is above")?;
        let version = version.split(' ').nth(2).unwrap_or_default().replace("go", "Go ");
        Ok(Built { program, arguments: Vec::new(), file: Vec::new(), version })
    }

    fn rust(&mut self, binary: &str) -> Result<Built> {
        let target = self.folder.join("rust");
        let manifest = peers().join("rust").join("Cargo.toml");
        let build = || {
            say!("building the peers written in Rust");
            let mut cargo = cargo();
            cargo.args(["build", "--release", "--locked", "--manifest-path"]).arg(&manifest);
            let built = run(cargo.arg("--target-dir").arg(&target), "its message is above");
            built.map(|()| target.join("release")).map_err(|error| format!("{error:#}"))
        };
        let folder = self.rust.get_or_insert_with(build).clone().map_err(|error| anyhow!(error))?;
        let lock = fs::read_to_string(manifest.with_file_name("Cargo.lock"))?;
        let version = format!("{binary} {}", locked(&lock, binary).unwrap_or("of no known version"));
        Ok(Built { program: folder.join(binary), arguments: Vec::new(), file: Vec::new(), version })
    }

    fn python(&mut self, script: &str) -> Result<Built> {
        let folder = &self.folder;
        let build = || python_environment(folder).map_err(|error| format!("{error:#}"));
        let program = self.python.get_or_insert_with(build).clone().map_err(|error| anyhow!(error))?;
        let package = script.trim_start_matches("bench_").trim_end_matches(".py");
        let required = fs::read_to_string(requirements())?;
        let version = required.lines().find(|line| line.starts_with(package)).unwrap_or(package);
        let python = output(Command::new(&program).arg("--version"))?;
        let version = format!("{} on {}", version.replace("==", " "), python.trim());
        let script = peers().join("python").join(script);
        Ok(Built { program, arguments: vec![script.into()], file: Vec::new(), version })
    }
}

/// Where the peers' programs stand.
fn peers() -> PathBuf {
    root().join("benches").join("peers")
}

fn requirements() -> PathBuf {
    peers().join("python").join("requirements.txt")
}

fn folder() -> Result<PathBuf> {
    if let Some(folder) = env::var_os("FLOWER_PEERS_DIR") {
        return Ok(folder.into());
    }
    let cache = env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cache")));
    let cache = cache.context("there is no home folder: set FLOWER_PEERS_DIR to a folder to build in")?;
    Ok(cache.join("flower-peers"))
}

/// The version of a package that a lock file names.
fn locked<'a>(lock: &'a str, package: &str) -> Option<&'a str> {
    let (_, rest) = lock.split_once(&format!("name = \"{package}\"\nversion = \""))?;
    rest.split('"').next()
}

/// A virtual environment with what the scripts require.
fn python_environment(folder: &Path) -> Result<PathBuf> {
    let environment = folder.join("venv");
    let python = environment.join("bin").join("python");
    if !python.exists() {
        if probe(Command::new("python3").args(["-m", "venv", "--help"])).is_none() {
            bail!("Python is missing, or its module venv: such as `apt install python3-venv`");
        }
        let mut venv = Command::new("python3");
        run(venv.args(["-m", "venv"]).arg(&environment), "its message is above")?;
    }
    let mut pip = Command::new(&python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"]).arg(requirements());
    run(&mut pip, "the packages of benches/peers/python/requirements.txt cannot be installed")?;
    Ok(python)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_found_in_a_lock_file() {
        let lock =
            "[[package]]\nname = \"a\"\nversion = \"1.2\"\n\n[[package]]\nname = \"b\"\nversion = \"3\"\n";
        assert_eq!((locked(lock, "a"), locked(lock, "b"), locked(lock, "c")), (Some("1.2"), Some("3"), None));
    }
}

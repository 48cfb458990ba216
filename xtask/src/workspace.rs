//! Where things are, and how other programs are started.
//!
//! Nothing here depends on the folder that `cargo xtask` was called from: paths start at the
//! root of the workspace, and children run there unless a command says otherwise.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// Prints the plain line that comes before every piece of work.
macro_rules! say {
    ($($arg:tt)*) => { eprintln!("xtask: {}", format_args!($($arg)*)) };
}
pub(crate) use say;

/// The folder that holds the workspace's `Cargo.toml`.
pub(crate) fn root() -> PathBuf {
    let own = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let own = own.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")));
    own.parent().expect("xtask lives in a folder of the workspace").to_owned()
}

/// The cargo that runs this program, to be started in the root of the workspace.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// The cargo of a nightly toolchain, where there is one. The one that runs this program knows no other toolchains, so that
/// rustup is asked.
pub(crate) fn nightly() -> Command {
    let mut command = Command::new("rustup");
    command.args(["run", "nightly", "cargo"]).current_dir(root());
    command
}

/// The folder that cargo builds into.
pub(crate) fn target_dir() -> Result<PathBuf> {
    let metadata = output(cargo().args(["metadata", "--no-deps", "--format-version", "1"]))?;
    let folder = json_strings(&metadata, "target_directory").pop();
    Ok(folder.context("cargo metadata names no target folder: update cargo")?.into())
}

/// Runs a command to its end and fails when it does; `remedy` says what the user can do.
pub(crate) fn run(command: &mut Command, remedy: &str) -> Result<()> {
    let status = command.status().with_context(|| cannot_start(command))?;
    if !status.success() {
        bail!("`{}` failed ({status}): {remedy}", line(command));
    }
    Ok(())
}

/// Runs a command and returns what it wrote to its standard output.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command.stderr(Stdio::inherit()).output().with_context(|| cannot_start(command))?;
    if !output.status.success() {
        bail!("`{}` failed ({}): its message is above", line(command), output.status);
    }
    String::from_utf8(output.stdout).with_context(|| format!("`{}` wrote no text", line(command)))
}

/// Like [`output`], for probing: whatever goes wrong is `None`, and nothing is shown.
pub(crate) fn probe(command: &mut Command) -> Option<String> {
    let output = command.stderr(Stdio::null()).stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8(output.stdout).ok())?
}

/// Forgets everything that could make cargo or rustc build something else than asked for.
pub(crate) fn forget_rust_variables(command: &mut Command) {
    let ours = |name: &OsStr| {
        let name = name.to_string_lossy();
        name.starts_with("CARGO") || name.starts_with("RUST")
    };
    for (name, _) in env::vars_os().filter(|(name, _)| ours(name)) {
        command.env_remove(name);
    }
}

/// The names of the binaries under `PACKAGE/src/bin`, sorted; none if the folder is not there.
pub(crate) fn binaries(package: &Path) -> Vec<String> {
    let Ok(folder) = package.join("src/bin").read_dir() else { return Vec::new() };
    let paths = folder.flatten().map(|entry| entry.path());
    let wanted =
        paths.filter(|path| path.extension() == Some("rs".as_ref()) || path.join("main.rs").exists());
    let mut names: Vec<String> =
        wanted.filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned())).collect();
    names.sort();
    names
}

/// Every value of `"key":"value"` in compact JSON, as cargo writes it.
pub(crate) fn json_strings(json: &str, key: &str) -> Vec<String> {
    let mark = format!("\"{key}\":\"");
    json.split(&mark).skip(1).map(unescape).collect()
}

fn unescape(rest: &str) -> String {
    let mut value = String::new();
    let mut chars = rest.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => break,
            '\\' => value.extend(chars.next()),
            other => value.push(other),
        }
    }
    value
}

fn line(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or_default();
    let words = std::iter::once(program).chain(command.get_args());
    words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}

fn cannot_start(command: &Command) -> String {
    let program = command.get_program().to_string_lossy();
    format!("cannot start `{program}`: install it or put it into PATH")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_values_are_found_and_unescaped() {
        let json = r#"{"a":1,"exe":"C:\\x\\y","other":"z","exe":"two"}"#;
        assert_eq!(json_strings(json, "exe"), ["C:\\x\\y", "two"]);
        assert!(json_strings(json, "none").is_empty());
    }

    #[test]
    fn the_root_holds_the_workspace() {
        let manifest = std::fs::read_to_string(root().join("Cargo.toml")).expect("a manifest");
        assert!(manifest.contains("[workspace]"));
    }

    #[test]
    fn a_failed_command_names_itself_and_the_remedy() {
        let error = run(cargo().arg("no-such-command").stderr(Stdio::null()), "try another").unwrap_err();
        let text = error.to_string();
        assert!(text.contains("no-such-command") && text.ends_with("try another"), "{text}");
    }

    #[test]
    fn a_missing_program_is_named() {
        let error = run(&mut Command::new("no-such-program-here"), "").unwrap_err();
        assert!(error.to_string().contains("no-such-program-here"));
    }
}

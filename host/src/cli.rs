//! The command line: a file per command, and what they share. It stands in the library, where the fuzzers reach it.

mod budget;
mod compile;
mod crash;
mod http;
mod limits;
mod log;
mod options;
mod report;
mod rights;
mod run;
mod tls;
mod values;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::LoadError;

/// The status for the program's own failures; clap uses 2 for a wrong command line.
const FAILURE: u8 = 1;

/// Runs WebAssembly actors: isolated, supervised, preempted.
#[derive(Parser)]
#[command(name = "flower-host", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run a program and its actors until its main actor ends
    Run(Box<run::Run>),
    /// Compile a module ahead of time, for `run --allow-precompiled`
    Compile(compile::Compile),
    /// Show a crash report that `run --crash-dir` wrote
    Crash(crash::Crash),
    /// Compile what the standard input holds, for a host that does not trust it
    #[command(hide = true)]
    CompileApart {
        /// What the host wants, and within which limits
        arguments: Vec<String>,
    },
}

/// Parses the command line and does what it says.
pub fn main() -> ExitCode {
    // A file that may not grow any more is an error for whoever writes to it, guests among them, and no reason to end.
    // SAFETY: no handler is installed, and no other thread runs yet.
    unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
    let done = match Cli::parse().command {
        Command::Run(run) => run.execute(),
        Command::Compile(compile) => compile.execute().map(|()| 0),
        Command::Crash(crash) => crash.execute().map(|()| 0),
        Command::CompileApart { arguments } => {
            crate::compile_apart(&arguments).map(|()| 0).map_err(Into::into)
        }
    };
    match done {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            // An error is one line: its cause and what to do.
            eprintln!("flower-host: {error:#}");
            ExitCode::from(FAILURE)
        }
    }
}

/// Reads a command line, the program's name in front, and all that it says about a host, and starts nothing. An error is what
/// would be printed.
pub fn check_command_line(words: impl IntoIterator<Item = OsString>) -> Result<(), String> {
    match Cli::try_parse_from(words).map_err(|error| error.to_string())?.command {
        Command::Run(run) => run.check().map_err(|error| format!("{error:#}")),
        _ => Ok(()),
    }
}

/// Reads what `crash` reads, and returns what it would print.
pub fn show_crash_report(text: &[u8]) -> Result<String, String> {
    crash::read(text).map(|report| crash::shown(&report)).map_err(|error| format!("{error:#}"))
}

/// Reads what `FLOWER_LOG` may hold.
pub fn check_log_filter(wanted: &str) -> Result<(), String> {
    log::filter(wanted).map(drop).map_err(|error| error.to_string())
}

/// The folder for compiled modules: what was asked for, or the user's cache.
fn cache_folder(asked: Option<PathBuf>) -> Option<PathBuf> {
    let home = || std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache"));
    let base = || std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).or_else(home);
    asked.or_else(|| Some(base()?.join("flower").join("modules")))
}

/// Puts the module's file in front of an error that does not name a file itself; made for `map_err`.
fn about(path: &Path) -> impl FnOnce(LoadError) -> anyhow::Error {
    move |error| match error {
        LoadError::Io { .. } | LoadError::Artifact { .. } | LoadError::CacheFolder { .. } => error.into(),
        other => anyhow::Error::new(other).context(path.display().to_string()),
    }
}

/// A module's name, as messages and logs show it: the file's, without its ending.
fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

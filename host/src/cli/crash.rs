//! `flower-host crash`: a crash report as a person reads it; and the flags by which `run` writes reports.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;

use crate::crash::shown_lines;
use crate::{CrashReport, HostBuilder};

/// The flags of `flower-host crash`.
#[derive(Args)]
pub(super) struct Crash {
    /// The report: a .json file of a folder that was given with `run --crash-dir`
    report: PathBuf,
}

impl Crash {
    /// Prints the report.
    pub(super) fn execute(self) -> anyhow::Result<()> {
        let path = self.report.display();
        let text = fs::read(&self.report).with_context(|| format!("cannot read {path}"))?;
        let report = read(&text).with_context(|| path.to_string())?;
        match writeln!(io::stdout(), "{}", shown(&report)) {
            // Whoever reads has seen enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            written => Ok(written?),
        }
    }
}

/// The report in a file.
pub(super) fn read(text: &[u8]) -> anyhow::Result<CrashReport> {
    const NONE: &str = "not a crash report";
    let version = serde_json::from_slice::<serde_json::Value>(text).context(NONE)?;
    let version = version.get("version").and_then(serde_json::Value::as_u64);
    if version.is_some_and(|version| version != u64::from(CrashReport::VERSION)) {
        bail!("another version of flower-host wrote it; show it with that one");
    }
    serde_json::from_slice(text).context(NONE)
}

/// The report as a person reads it. The file may be somebody's who would command the terminal.
pub(super) fn shown(report: &CrashReport) -> String {
    let text = report.to_string();
    shown_lines(&text, text.len())
}

/// What becomes of crashes.
#[derive(Args)]
pub(super) struct CrashFlags {
    /// Write a report of each crash into this folder, which is made if need be
    #[arg(long, value_name = "DIR")]
    crash_dir: Option<PathBuf>,
    /// Reports that the folder keeps; the oldest go [default: 100]
    #[arg(long, value_name = "N", requires = "crash_dir", value_parser = clap::value_parser!(u64).range(1..))]
    crash_keep: Option<u64>,
    /// Put a WebAssembly core dump of the actor, with its memory, beside each report
    #[arg(long, requires = "crash_dir")]
    crash_coredump: bool,
}

impl CrashFlags {
    pub(super) fn set_up(&self, mut builder: HostBuilder) -> HostBuilder {
        if let Some(folder) = &self.crash_dir {
            builder = builder.crash_dir(folder);
        }
        if let Some(keep) = self.crash_keep {
            builder = builder.crash_keep(usize::try_from(keep).unwrap_or(usize::MAX));
        }
        builder.crash_coredumps(self.crash_coredump)
    }
}

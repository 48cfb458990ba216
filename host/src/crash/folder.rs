//! The folder with a file per crash. A file gets its name when it is complete; the oldest go when there are
//! too many.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::CrashReport;
use crate::clock;
use crate::error::BuildError;

/// What the names of reports begin with.
const PREFIX: &str = "crash-";

/// What they end in.
const REPORT: &str = "json";

/// What the names of dumps end in, which are otherwise those of their reports.
const COREDUMP: &str = "coredump";

/// What the names of files that are being written end in.
const TEMPORARY: &str = "tmp";

/// Files may hold what actors kept in confidence.
const FILE_MODE: u32 = 0o600;

/// A folder that reports are written to, by one thread.
pub(super) struct Folder {
    path: PathBuf,
    keep: usize,
    /// The time in the last name: names are in order of writing.
    last_ms: u64,
}

impl Folder {
    /// Makes the folder if need be, and makes sure that files can be written in it.
    pub(super) fn open(path: PathBuf, keep: usize) -> Result<Folder, BuildError> {
        let probe = path.join(format!("{PREFIX}{}.{TEMPORARY}", std::process::id()));
        let make = || {
            DirBuilder::new().recursive(true).mode(0o700).create(&path)?;
            create(&probe)?;
            fs::remove_file(&probe)
        };
        match make() {
            Ok(()) => Ok(Folder { path, keep, last_ms: 0 }),
            Err(error) => Err(BuildError::CrashFolder { path, error }),
        }
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a report, with the dump beside it, and removes what is too old.
    pub(super) fn write(&mut self, report: &mut CrashReport, coredump: Option<&[u8]>) -> io::Result<()> {
        let stem = self.next_stem(&report.pid);
        if let Some(dump) = coredump {
            let name = format!("{stem}.{COREDUMP}");
            self.write_file(&name, dump)?;
            report.coredump = Some(name);
        }
        let mut text = serde_json::to_vec_pretty(report)?;
        text.push(b'\n');
        self.write_file(&format!("{stem}.{REPORT}"), &text)?;
        self.rotate()
    }

    /// A name that sorts behind those before: when, which process, which actor.
    fn next_stem(&mut self, pid: &str) -> String {
        self.last_ms = (clock::realtime_ns() / 1_000_000).max(self.last_ms + 1);
        let actor: String = pid.chars().filter(|c| c.is_ascii_digit() || *c == '.').collect();
        let actor = actor.trim_start_matches("0.");
        format!("{PREFIX}{:013}-{}-{actor}", self.last_ms, std::process::id())
    }

    fn write_file(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let temporary = self.path.join(format!("{name}.{TEMPORARY}"));
        let written = create(&temporary).and_then(|mut file| file.write_all(bytes));
        let named = written.and_then(|()| fs::rename(&temporary, self.path.join(name)));
        if named.is_err() {
            // What matters is the first error.
            let _ = fs::remove_file(&temporary);
        }
        named
    }

    /// Removes what is older than the oldest report that is kept, and with it what processes have left that were killed while
    /// they wrote: dumps without a report, and files without a name.
    fn rotate(&self) -> io::Result<()> {
        let mut names = self.names()?;
        // The newest first, and a report before its dump: one that is there has its dump.
        names.sort_unstable_by(|one, other| other.cmp(one));
        let reports = names.iter().filter(|name| name.split_once('.').is_some_and(|(_, end)| end == REPORT));
        let Some(last) = reports.take(self.keep).last().map(|name| stem(name)) else { return Ok(()) };
        let mut old = names.iter().filter(|name| stem(name) < last);
        old.try_for_each(|name| removed(fs::remove_file(self.path.join(name))))
    }

    /// What processes that write here have named after a time.
    fn names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let Ok(name) = entry?.file_name().into_string() else { continue };
            let time = name.strip_prefix(PREFIX).and_then(|rest| rest.split_once('-')).map(|(time, _)| time);
            if time.is_some_and(|time| time.len() == 13 && time.bytes().all(|byte| byte.is_ascii_digit())) {
                names.push(name);
            }
        }
        Ok(names)
    }
}

/// The part that a report and its dump have in common.
fn stem(name: &str) -> &str {
    name.split('.').next().unwrap_or_default()
}

fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).mode(FILE_MODE).open(path)
}

/// Somebody else may have removed it.
fn removed(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

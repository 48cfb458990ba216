//! Crash reports: what a crashed actor leaves behind.
//!
//! The end of an actor that crashed passes through [`Crashes`], on its way to those who are told of
//! it. A report is made there while the names, the mailbox and the links are still at hand: a few lines of
//! it go to the log, the whole of it to a file (`writer.rs`, on a thread of its own) and to the embedder.
//! What is read out of an instance was read before, when the error came out of it (`remains.rs`).
//!
//! An actor that ends by a signal, be it a link's exit or a kill, has not crashed: the one that did has
//! left its report. `docs/crash-reports.md` documents the files.

mod collect;
mod debug_info;
mod folder;
mod remains;
mod report;
mod storm;
mod text;
mod writer;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use crate::error::BuildError;
use crate::limits::{COREDUMPS_MAX, CRASH_KEEP};

pub(crate) use collect::Crashed;
pub(crate) use debug_info::DebugInfo;
pub(crate) use remains::Remains;
pub use report::{
    CrashAncestor, CrashFrame, CrashMailbox, CrashMessage, CrashModule, CrashPeers, CrashReason, CrashReport,
};
use storm::{Storms, Window};
pub(crate) use text::{shown, shown_lines};
use writer::{Job, Writer};

/// Who is shown each report.
pub(crate) type OnCrash = Box<dyn Fn(&CrashReport) + Send + Sync>;

/// What a host does about crashes.
#[derive(Default)]
pub(crate) struct CrashOptions {
    pub(crate) dir: Option<PathBuf>,
    /// How many reports the folder keeps; a default when it is not given.
    pub(crate) keep: Option<usize>,
    pub(crate) coredumps: bool,
    pub(crate) on_crash: Option<OnCrash>,
}

/// The crashes of one host: who is reported how, and the way to the files.
pub(crate) struct Crashes {
    /// Virtual time has no seconds that pass by themselves.
    deterministic: bool,
    storms: Arc<Mutex<Storms>>,
    writer: Writer,
    /// Whether instances are dumped, and how many were lately.
    coredumps: Option<Mutex<Window>>,
}

impl Crashes {
    /// Prepares the folder; fails when there can be none.
    pub(crate) fn new(options: CrashOptions, deterministic: bool) -> Result<Crashes, BuildError> {
        let keep = options.keep.unwrap_or(CRASH_KEEP).max(1);
        let folder = options.dir.map(|dir| folder::Folder::open(dir, keep)).transpose()?;
        let coredumps = (options.coredumps && folder.is_some()).then(Mutex::default);
        let storms = Arc::default();
        let writer = Writer::new(folder, options.on_crash, Arc::clone(&storms));
        Ok(Crashes { deterministic, storms, writer, coredumps })
    }

    /// Whether the engines are to keep what a dump of an instance needs.
    pub(crate) fn wants_coredumps(&self) -> bool {
        self.coredumps.is_some()
    }

    /// Whether one more instance may be dumped now: each takes a worker as long as copying its memory.
    fn admits_coredump(&self, now_ns: u64) -> bool {
        self.coredumps.as_ref().is_some_and(|window| window.lock().count(now_ns) <= COREDUMPS_MAX)
    }

    /// Whether anybody gets the whole of a report.
    fn is_kept(&self) -> bool {
        self.writer.has_reader()
    }

    /// Hands a report on to the files and the embedder.
    fn keep(&self, report: CrashReport, coredump: Option<Vec<u8>>) {
        self.writer.push(Job { report, coredump });
    }

    /// Says what has not been said, and waits until all is written, but no longer than this.
    pub(crate) fn finish(&self, patience: Duration) {
        let lines = self.storms.lock().lines();
        tell(&lines);
        self.writer.finish(patience);
    }

    /// Sees to it that crashes that were not shown are told of when their storm is over; in deterministic mode
    /// by the next one like them, or at the end.
    fn tell_later(&self) {
        if !self.deterministic {
            self.writer.tell_later();
        }
    }
}

/// Says how many crashes were not shown.
fn tell(lines: &[String]) {
    for line in lines {
        tracing::error!(target: "flower", "{line}");
    }
}

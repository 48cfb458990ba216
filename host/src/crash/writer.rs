//! The thread that writes reports and shows them to the embedder, so that no worker waits for a disk. It
//! starts with the first crash.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

use super::folder::Folder;
use super::storm::Storms;
use super::{CrashReport, OnCrash};
use crate::clock;
use crate::limits::{CRASH_ERROR_INTERVAL, CRASH_QUEUE_BYTES_MAX, CRASH_QUEUE_LEN_MAX, CRASH_WINDOW};

/// A report on its way.
pub(super) struct Job {
    pub(super) report: CrashReport,
    pub(super) coredump: Option<Vec<u8>>,
}

/// The way to the thread.
pub(super) struct Writer {
    has_reader: bool,
    queue: Arc<Queue>,
    /// What the thread will have; taken when it starts.
    task: Mutex<Option<Task>>,
}

/// What the thread has.
struct Task {
    queue: Arc<Queue>,
    folder: Option<Folder>,
    on_crash: Option<OnCrash>,
    storms: Arc<Mutex<Storms>>,
    /// Reports lost since that was said last.
    lost: u64,
    said: Option<clock::Instant>,
}

#[derive(Default)]
struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Box<Job>>,
    coredump_bytes: usize,
    /// Reports that did not fit.
    dropped: u64,
    /// Since when crashes that were not shown wait to be told of.
    untold_since: Option<clock::Instant>,
    is_stopping: bool,
    /// The thread has ended.
    is_done: bool,
}

/// What the thread does next.
enum Todo {
    /// Say how many crashes were not shown.
    Tell,
    /// Write this; so many before it did not fit.
    Write(Box<Job>, u64),
}

impl Writer {
    /// A writer whose thread does not run yet.
    pub(super) fn new(
        folder: Option<Folder>,
        on_crash: Option<OnCrash>,
        storms: Arc<Mutex<Storms>>,
    ) -> Writer {
        let queue = Arc::<Queue>::default();
        let has_reader = folder.is_some() || on_crash.is_some();
        let task = Task { queue: Arc::clone(&queue), folder, on_crash, storms, lost: 0, said: None };
        Writer { has_reader, queue, task: Mutex::new(Some(task)) }
    }

    /// Whether there is anybody to get a report.
    pub(super) fn has_reader(&self) -> bool {
        self.has_reader
    }

    /// Queues a report, or counts it when there are too many.
    pub(super) fn push(&self, job: Job) {
        let bytes = job.coredump.as_ref().map_or(0, Vec::len);
        let mut state = self.queue.state.lock();
        let is_full = state.jobs.len() >= CRASH_QUEUE_LEN_MAX
            || (state.coredump_bytes > 0 && state.coredump_bytes + bytes > CRASH_QUEUE_BYTES_MAX);
        if is_full {
            state.dropped += 1;
            return;
        }
        state.coredump_bytes += bytes;
        state.jobs.push_back(Box::new(job));
        drop(state);
        self.wake();
    }

    /// Sees to it that crashes that were not shown are told of when their storm is over.
    pub(super) fn tell_later(&self) {
        let mut state = self.queue.state.lock();
        if state.untold_since.is_none() {
            state.untold_since = Some(clock::Instant::now());
            drop(state);
            self.wake();
        }
    }

    /// Waits until all is written, but no longer than this, and lets the thread end.
    pub(super) fn finish(&self, patience: Duration) {
        let mut state = self.queue.state.lock();
        state.is_stopping = true;
        self.queue.changed.notify_all();
        let was_started = self.task.lock().is_none();
        if was_started {
            self.queue.changed.wait_while_for(&mut state, |state| !state.is_done, patience);
        }
        let left = state.jobs.len();
        drop(state);
        if left > 0 {
            tracing::error!(target: "flower", "{left} crash reports are lost: the host ends before they are written");
        }
    }

    /// Wakes the thread, or starts it.
    fn wake(&self) {
        let task = self.task.lock().take();
        if let Some(task) = task {
            let started = thread::Builder::new().name("flower-crash".to_owned()).spawn(|| task.run());
            if let Err(error) = started {
                self.queue.state.lock().is_done = true;
                tracing::error!(target: "flower", "crash reports are lost: there is no thread for them: {error}");
            }
        }
        self.queue.changed.notify_all();
    }
}

impl Queue {
    /// Waits for something to do; `None` when nothing will come.
    fn next(&self) -> Option<Todo> {
        let mut state = self.state.lock();
        loop {
            let waited = state.untold_since.as_ref().map(|since| Duration::from_nanos(since.elapsed_ns()));
            if waited.is_some_and(|waited| waited >= CRASH_WINDOW) {
                state.untold_since = None;
                return Some(Todo::Tell);
            }
            if let Some(job) = state.jobs.pop_front() {
                state.coredump_bytes -= job.coredump.as_ref().map_or(0, Vec::len);
                return Some(Todo::Write(job, std::mem::take(&mut state.dropped)));
            }
            if state.is_stopping {
                return None;
            }
            match waited {
                Some(waited) => _ = self.changed.wait_for(&mut state, CRASH_WINDOW - waited),
                None => self.changed.wait(&mut state),
            }
        }
    }
}

impl Task {
    /// The thread's life.
    fn run(mut self) {
        while let Some(todo) = self.queue.next() {
            match todo {
                Todo::Tell => {
                    let lines = self.storms.lock().lines();
                    super::tell(&lines);
                }
                Todo::Write(job, dropped) => self.write(job, dropped),
            }
        }
        if self.lost > 0 {
            tracing::error!(target: "flower", "{} more crash reports are lost", self.lost);
        }
        self.queue.state.lock().is_done = true;
        self.queue.changed.notify_all();
    }

    fn write(&mut self, job: Box<Job>, dropped: u64) {
        let Job { mut report, coredump } = *job;
        self.note_lost(dropped, || "they came faster than they could be written".to_owned());
        if let Some(folder) = &mut self.folder
            && let Err(error) = folder.write(&mut report, coredump.as_deref())
        {
            let path = folder.path().display().to_string();
            self.note_lost(1, || format!("cannot write to {path}: {error}"));
        }
        if let Some(on_crash) = &self.on_crash
            && catch_unwind(AssertUnwindSafe(|| on_crash(&report))).is_err()
        {
            tracing::error!(target: "flower", "the embedder's function for crash reports panicked");
        }
    }

    /// Counts reports that are lost, and says so from time to time.
    fn note_lost(&mut self, lost: u64, why: impl FnOnce() -> String) {
        self.lost += lost;
        let interval = CRASH_ERROR_INTERVAL.as_nanos() as u64;
        let is_time = self.said.as_ref().is_none_or(|said| said.elapsed_ns() >= interval);
        if lost > 0 && is_time {
            tracing::error!(target: "flower", "{} crash reports are lost: {}", self.lost, why());
            self.lost = 0;
            self.said = Some(clock::Instant::now());
        }
    }
}

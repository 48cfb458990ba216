//! The process's stdout and stderr behind one queue and one thread.
//!
//! Workers put bytes into the queue under a lock that is never held while something is written. The
//! writer takes all there is, writes it piece by piece, and counts each piece as queued until it is
//! written; so both streams keep one order, and the bound holds for the bytes on their way too.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use tokio::sync::Notify;

use super::writers::Writers;
use super::{OutputSink, Room, Stream};

/// Bytes on their way at which actors that can wait have to: a stalled terminal would fill memory.
const QUEUE_BYTES_MAX: usize = 1 << 20;

/// Bytes at which those that waited are let in again; not at once, or they would be woken for a line.
const QUEUE_BYTES_LOW: usize = QUEUE_BYTES_MAX / 2;

/// Bytes on their way at which everything more is dropped: handlers cannot wait, nor can an actor
/// at its end.
const QUEUE_BYTES_HARD_MAX: usize = 16 << 20;

/// Bytes written in one piece: room is made piece by piece.
const PIECE_BYTES: usize = 64 << 10;

/// How long the writer rests after it has written: a line is seen at once, but the lines right behind
/// it are written together, and a worker does not wake the writer for each of them.
const REST: Duration = Duration::from_micros(100);

const _: () = assert!(PIECE_BYTES < QUEUE_BYTES_LOW && QUEUE_BYTES_MAX < QUEUE_BYTES_HARD_MAX);

/// The process's stdout and stderr, through a writer thread of its own.
///
/// At 1 MiB on its way, actors that can wait do so without a thread; what handlers print is taken up
/// to 16 MiB, and beyond that dropped and counted. When a stream is closed, one error is logged, what
/// was meant for it is dropped, and [`OutputSink::closed`] answers true.
pub struct Inherit {
    queue: Arc<Queue>,
}

struct Queue {
    state: Mutex<State>,
    /// Tells the writer that there is something to write, or that nothing more will come.
    filled: Condvar,
    /// Tells `flush` that all is written.
    written: Condvar,
    /// Tells actors that there is room again.
    drained: Arc<Notify>,
}

/// Bytes that follow each other and are for the same stream.
type Run = (Stream, usize);

#[derive(Default)]
struct State {
    bytes: Vec<u8>,
    /// How `bytes` divides between the streams.
    runs: VecDeque<Run>,
    /// Taken by the writer and not yet written.
    in_flight: usize,
    closed: [bool; 2],
    dropped: u64,
    /// The queue is full, and that has been said.
    overflowing: bool,
    stopping: bool,
}

impl Inherit {
    /// Starts the writer for the process's streams; fails if there can be no thread.
    pub fn new() -> io::Result<Inherit> {
        Inherit::start(Writers::inherit())
    }

    /// Writes to these in place of the process's streams.
    pub fn over(
        stdout: impl Write + Send + 'static,
        stderr: impl Write + Send + 'static,
    ) -> io::Result<Inherit> {
        Inherit::start(Writers::new(Box::new(stdout), Box::new(stderr)))
    }

    fn start(writers: Writers) -> io::Result<Inherit> {
        let queue = Arc::new(Queue {
            state: Mutex::default(),
            filled: Condvar::new(),
            written: Condvar::new(),
            drained: Arc::default(),
        });
        let writer = Arc::clone(&queue);
        let thread = thread::Builder::new().name("flower-output".to_owned());
        thread.spawn(move || writer.run(writers))?;
        Ok(Inherit { queue })
    }
}

impl OutputSink for Inherit {
    fn write(&self, stream: Stream, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let mut state = self.queue.state.lock();
        if !state.closed[stream as usize] && state.push(stream, bytes) {
            self.queue.filled.notify_one();
        } else {
            state.dropped += bytes.len() as u64;
        }
    }

    fn room(&self) -> Option<Room> {
        let state = self.queue.state.lock();
        // Made under the lock, so that no wake-up falls between the look and the wait.
        let full = state.queued() >= QUEUE_BYTES_MAX;
        full.then(|| Box::pin(Arc::clone(&self.queue.drained).notified_owned()) as Room)
    }

    fn closed(&self, stream: Stream) -> bool {
        self.queue.state.lock().closed[stream as usize]
    }

    fn flush(&self, timeout: Duration) -> bool {
        let mut state = self.queue.state.lock();
        self.queue.written.wait_while_for(&mut state, |state| state.queued() > 0, timeout);
        state.queued() == 0
    }

    fn dropped(&self) -> u64 {
        self.queue.state.lock().dropped
    }
}

impl Drop for Inherit {
    /// Lets the writer end after what it has; who wants to wait for that calls `flush`.
    fn drop(&mut self) {
        self.queue.state.lock().stopping = true;
        self.queue.filled.notify_one();
    }
}

impl State {
    /// What the queue holds, the marks between the streams included: lines of one byte that change
    /// streams would cost many times their size.
    fn queued(&self) -> usize {
        self.bytes.len() + self.runs.len() * size_of::<Run>() + self.in_flight
    }

    /// Appends, unless the queue is full beyond measure.
    fn push(&mut self, stream: Stream, bytes: &[u8]) -> bool {
        let full = self.queued() + bytes.len() > QUEUE_BYTES_HARD_MAX;
        if full && !self.overflowing {
            tracing::warn!("the output is stalled; what handlers print is dropped until it moves");
        }
        self.overflowing = full;
        if !full {
            self.bytes.extend_from_slice(bytes);
            self.note_run(stream, bytes.len());
        }
        !full
    }

    fn note_run(&mut self, stream: Stream, len: usize) {
        match self.runs.back_mut() {
            Some((last, run)) if *last == stream => *run += len,
            _ => self.runs.push_back((stream, len)),
        }
    }
}

impl Queue {
    /// The writer's life.
    fn run(&self, mut writers: Writers) {
        while let Some((bytes, runs)) = self.take() {
            let mut rest = &bytes[..];
            for (stream, len) in runs {
                let (run, behind) = rest.split_at(len);
                rest = behind;
                for piece in run.chunks(PIECE_BYTES) {
                    let open = writers.write(stream, piece);
                    self.note_written(stream, piece.len(), open);
                }
            }
            thread::sleep(REST);
        }
    }

    /// Waits for something to write; `None` when nothing will come.
    fn take(&self) -> Option<(Vec<u8>, VecDeque<Run>)> {
        let mut state = self.state.lock();
        self.filled.wait_while(&mut state, |state| state.bytes.is_empty() && !state.stopping);
        state.in_flight = state.bytes.len();
        let batch = (std::mem::take(&mut state.bytes), std::mem::take(&mut state.runs));
        (!batch.0.is_empty()).then_some(batch)
    }

    fn note_written(&self, stream: Stream, len: usize, open: bool) {
        let mut state = self.state.lock();
        state.in_flight -= len;
        if !open {
            state.closed[stream as usize] = true;
            state.dropped += len as u64;
        }
        if state.queued() <= QUEUE_BYTES_LOW {
            self.drained.notify_waiters();
        }
        if state.queued() == 0 {
            self.written.notify_all();
        }
    }
}

#[cfg(test)]
mod tests;

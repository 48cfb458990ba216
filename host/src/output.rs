//! Where the lines that actors print go.
//!
//! An actor hands over whole lines (`wasi/stdio.rs`); a sink writes the bytes of one call
//! without anything in between, and calls of one actor in their order. [`Inherit`] is the
//! process's own stdout and stderr, behind a queue, so that a stalled terminal or pipe holds up no
//! worker. [`Direct`] writes them on the caller's thread: for deterministic mode, where nothing may
//! depend on how fast a terminal is. [`Capture`] keeps the bytes, [`Null`] forgets them.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;

mod inherit;
mod writers;

pub use inherit::Inherit;
pub use writers::Direct;

/// Which of an actor's two streams.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Stream {
    /// File descriptor 1.
    Stdout,
    /// File descriptor 2.
    Stderr,
}

/// Ends when a full sink may take more.
pub type Room = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Takes what actors print.
///
/// Everything here is called on a worker, for an actor that is printing: it must neither block nor
/// need much stack.
pub trait OutputSink: Send + Sync + 'static {
    /// Takes `bytes`: whole lines, the first part of a line that is too long to wait for its end, or
    /// the rest that an actor left. A sink that is full drops them and counts them.
    fn write(&self, stream: Stream, bytes: &[u8]);

    /// What an actor that can wait has to wait for before it prints; `None` while there is room.
    fn room(&self) -> Option<Room> {
        None
    }

    /// Whether the stream's reader is gone: the actor is told, instead of printing in vain.
    fn closed(&self, _stream: Stream) -> bool {
        false
    }

    /// Blocks until all that was taken is written, but no longer than `timeout`; false when that was
    /// not long enough. For shutdown, and never on a worker.
    fn flush(&self, _timeout: Duration) -> bool {
        true
    }

    /// Bytes that were dropped so far, because the sink was full or its stream closed.
    fn dropped(&self) -> u64 {
        0
    }
}

impl Stream {
    /// The stream of a file descriptor, if it is one of the two.
    pub(crate) fn from_fd(fd: u32) -> Option<Stream> {
        match fd {
            1 => Some(Stream::Stdout),
            2 => Some(Stream::Stderr),
            _ => None,
        }
    }

    /// What people call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Stream::Stdout => "stdout",
            Stream::Stderr => "stderr",
        }
    }
}

/// Forgets everything.
#[derive(Debug, Default)]
pub struct Null;

impl OutputSink for Null {
    fn write(&self, _stream: Stream, _bytes: &[u8]) {}
}

/// Keeps what actors print in memory, up to a limit: for tests, and for embedders that show it
/// elsewhere.
#[derive(Debug)]
pub struct Capture {
    len_max: usize,
    kept: Mutex<[Vec<u8>; 2]>,
    dropped: AtomicU64,
}

impl Capture {
    /// An empty one that keeps at most `len_max` bytes of both streams together.
    pub fn new(len_max: usize) -> Capture {
        Capture { len_max, kept: Mutex::default(), dropped: AtomicU64::new(0) }
    }

    /// What was printed so far.
    pub fn bytes(&self, stream: Stream) -> Vec<u8> {
        self.kept.lock()[stream as usize].clone()
    }

    /// The same as text; what is not UTF-8 is replaced.
    pub fn text(&self, stream: Stream) -> String {
        String::from_utf8_lossy(&self.kept.lock()[stream as usize]).into_owned()
    }

    /// Takes what was printed so far, which makes room for more.
    pub fn take(&self, stream: Stream) -> Vec<u8> {
        std::mem::take(&mut self.kept.lock()[stream as usize])
    }
}

impl OutputSink for Capture {
    fn write(&self, stream: Stream, bytes: &[u8]) {
        let mut kept = self.kept.lock();
        let room = self.len_max - kept.iter().map(Vec::len).sum::<usize>();
        let (head, rest) = bytes.split_at(bytes.len().min(room));
        kept[stream as usize].extend_from_slice(head);
        self.dropped.fetch_add(rest.len() as u64, Ordering::Relaxed);
    }

    fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capture_keeps_streams_apart_and_stops_at_its_limit() {
        let capture = Capture::new(6);
        capture.write(Stream::Stdout, b"out");
        capture.write(Stream::Stderr, b"error");
        assert_eq!(capture.text(Stream::Stdout), "out");
        assert_eq!(capture.text(Stream::Stderr), "err");
        assert_eq!(capture.dropped(), 2);
        assert_eq!(capture.take(Stream::Stdout), b"out");
        capture.write(Stream::Stderr, b"or");
        assert_eq!(capture.text(Stream::Stderr), "error");
    }
}

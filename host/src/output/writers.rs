//! The two streams at the end of the way: writes all, and says once when one of them is gone.

use std::io::{self, ErrorKind, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;

use super::{OutputSink, Stream};

/// Where stdout and stderr end.
pub(super) struct Writers {
    streams: [Box<dyn Write + Send>; 2],
    closed: [bool; 2],
}

impl Writers {
    /// How long to wait before the next try when a stream that must not block is full.
    const RETRY: Duration = Duration::from_millis(1);

    /// The process's own streams. Through std, so that the host's own `println!` keeps its place.
    pub(super) fn inherit() -> Writers {
        Writers::new(Box::new(io::stdout()), Box::new(io::stderr()))
    }

    /// Any two streams.
    pub(super) fn new(stdout: Box<dyn Write + Send>, stderr: Box<dyn Write + Send>) -> Writers {
        Writers { streams: [stdout, stderr], closed: [false; 2] }
    }

    /// Writes all of `bytes` and returns true, or false once the stream is closed.
    pub(super) fn write(&mut self, stream: Stream, bytes: &[u8]) -> bool {
        let at = stream as usize;
        if !self.closed[at]
            && let Err(error) = write_all(&mut self.streams[at], bytes)
        {
            self.closed[at] = true;
            let name = stream.name();
            tracing::error!("cannot write to {name} any more, what actors print there is lost: {error}");
        }
        !self.closed[at]
    }
}

/// Writes and flushes, also where the stream was made non-blocking by somebody who shares it.
fn write_all(stream: &mut dyn Write, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match retried(|| stream.write(bytes))? {
            0 => return Err(ErrorKind::WriteZero.into()),
            written => bytes = &bytes[written..],
        }
    }
    retried(|| stream.flush())
}

/// Calls until the answer is neither "interrupted" nor "would block".
fn retried<R>(mut call: impl FnMut() -> io::Result<R>) -> io::Result<R> {
    loop {
        match call() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => std::thread::sleep(Writers::RETRY),
            answer => return answer,
        }
    }
}

/// The process's stdout and stderr, written on the caller's thread: in deterministic mode, where the
/// one worker may wait for a slow terminal and the order must not depend on it.
pub struct Direct {
    writers: Mutex<Writers>,
    dropped: AtomicU64,
}

impl Direct {
    /// Writes to the process's streams.
    #[expect(clippy::new_without_default, reason = "the streams of the process are no plain default")]
    pub fn new() -> Direct {
        Direct { writers: Mutex::new(Writers::inherit()), dropped: AtomicU64::new(0) }
    }

    /// Writes to these in place of the process's streams.
    pub fn over(stdout: impl Write + Send + 'static, stderr: impl Write + Send + 'static) -> Direct {
        let writers = Writers::new(Box::new(stdout), Box::new(stderr));
        Direct { writers: Mutex::new(writers), dropped: AtomicU64::new(0) }
    }
}

impl OutputSink for Direct {
    fn write(&self, stream: Stream, bytes: &[u8]) {
        if !self.writers.lock().write(stream, bytes) {
            self.dropped.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        }
    }

    fn closed(&self, stream: Stream) -> bool {
        self.writers.lock().closed[stream as usize]
    }

    fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes one byte at a time, after one "interrupted" and one "would block".
    struct Reluctant(std::sync::mpsc::Sender<u8>, u32);

    impl Write for Reluctant {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.1 += 1;
            match self.1 {
                1 => Err(ErrorKind::Interrupted.into()),
                2 => Err(ErrorKind::WouldBlock.into()),
                _ => self.0.send(bytes[0]).map(|()| 1).map_err(|_| ErrorKind::BrokenPipe.into()),
            }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn all_is_written_in_spite_of_partial_writes() {
        let (sender, receiver) = std::sync::mpsc::channel();
        let direct = Direct::over(Reluctant(sender, 0), io::sink());
        direct.write(Stream::Stdout, b"hello");
        assert_eq!(receiver.try_iter().collect::<Vec<_>>(), b"hello");
    }

    #[test]
    fn a_broken_pipe_closes_that_stream_alone() {
        let (sender, receiver) = std::sync::mpsc::channel();
        drop(receiver);
        let direct = Direct::over(Reluctant(sender, 2), io::sink());
        assert!(!direct.closed(Stream::Stdout));
        direct.write(Stream::Stdout, b"one");
        direct.write(Stream::Stdout, b"two");
        direct.write(Stream::Stderr, b"three");
        assert!(direct.closed(Stream::Stdout));
        assert!(!direct.closed(Stream::Stderr));
        assert_eq!(direct.dropped(), 6);
    }
}

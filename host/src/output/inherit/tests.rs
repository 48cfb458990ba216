//! Inherited output: order, back-pressure, a closed pipe, and a flush that waits.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::task::{Context, Poll, Waker};

use super::*;

/// A terminal that takes a piece only when the test lets it.
struct Gate {
    open: Receiver<()>,
    took: Sender<Vec<u8>>,
}

impl Write for Gate {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.open.recv().map_err(|_| io::ErrorKind::BrokenPipe)?;
        self.took.send(bytes.to_vec()).map_err(|_| io::ErrorKind::BrokenPipe)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A sink whose stdout waits at a gate.
fn gated() -> (Inherit, Sender<()>, Receiver<Vec<u8>>) {
    let (opener, open) = channel();
    let (took, taken) = channel();
    let sink = Inherit::over(Gate { open, took }, io::sink()).expect("a thread");
    (sink, opener, taken)
}

const LONG: Duration = Duration::from_secs(600);

#[test]
fn both_streams_arrive_whole_and_in_order() {
    #[derive(Clone)]
    struct Shared(Arc<Mutex<Vec<u8>>>);
    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let shared = Shared(Arc::default());
    let sink = Inherit::over(shared.clone(), shared.clone()).expect("a thread");
    for round in 0..1000 {
        sink.write(Stream::Stdout, format!("out {round}\n").as_bytes());
        sink.write(Stream::Stderr, format!("err {round}\n").as_bytes());
    }
    assert!(sink.flush(LONG));
    let expected: String = (0..1000).map(|n| format!("out {n}\nerr {n}\n")).collect();
    assert_eq!(String::from_utf8_lossy(&shared.0.lock()), expected);
}

#[test]
fn a_stalled_stream_lets_writers_wait_and_then_go_on() {
    let (sink, opener, taken) = gated();
    assert!(sink.room().is_none());
    sink.write(Stream::Stdout, &vec![b'x'; QUEUE_BYTES_MAX]);
    let mut room = sink.room().expect("the queue is full");
    let mut context = Context::from_waker(Waker::noop());
    assert_eq!(room.as_mut().poll(&mut context), Poll::Pending);
    assert!(!sink.flush(Duration::ZERO));
    for _ in 0..QUEUE_BYTES_MAX / PIECE_BYTES {
        opener.send(()).expect("the writer waits at the gate");
    }
    assert!(sink.flush(LONG));
    assert_eq!(room.as_mut().poll(&mut context), Poll::Ready(()));
    assert!(sink.room().is_none());
    assert_eq!(taken.try_iter().map(|piece| piece.len()).sum::<usize>(), QUEUE_BYTES_MAX);
}

#[test]
fn beyond_the_hard_bound_output_is_dropped_and_counted() {
    let (sink, opener, taken) = gated();
    let mebibyte = vec![b'x'; 1 << 20];
    for _ in 0..20 {
        sink.write(Stream::Stdout, &mebibyte);
    }
    let dropped = sink.dropped();
    assert!((4 << 20..=5 << 20).contains(&dropped), "dropped {dropped}");
    for _ in 0..(20 << 20) / PIECE_BYTES {
        let _ = opener.send(());
    }
    assert!(sink.flush(LONG));
    let written = taken.try_iter().map(|piece| piece.len() as u64).sum::<u64>();
    assert_eq!(written + dropped, 20 << 20);
}

#[test]
fn lines_of_one_byte_that_change_streams_stay_within_the_bound() {
    let (sink, _opener, _taken) = gated();
    for _ in 0..1 << 20 {
        sink.write(Stream::Stdout, b"\n");
        sink.write(Stream::Stderr, b"\n");
    }
    assert!(sink.dropped() > 0);
    let state = sink.queue.state.lock();
    assert!(state.runs.len() * 16 + state.bytes.len() <= QUEUE_BYTES_HARD_MAX);
}

#[test]
fn a_closed_pipe_drops_its_stream_and_ends_nothing() {
    let (sink, opener, _taken) = gated();
    drop(opener);
    sink.write(Stream::Stdout, b"nobody reads this\n");
    assert!(sink.flush(LONG));
    assert!(sink.closed(Stream::Stdout) && !sink.closed(Stream::Stderr));
    assert_eq!(sink.dropped(), 18);
    sink.write(Stream::Stdout, b"nor this\n");
    sink.write(Stream::Stderr, b"but this\n");
    assert!(sink.flush(LONG));
    assert_eq!(sink.dropped(), 27);
}

#[test]
fn the_writer_ends_with_its_sink() {
    let (sink, opener, taken) = gated();
    sink.write(Stream::Stdout, b"last words\n");
    drop(sink);
    opener.send(()).expect("the writer still has something to write");
    assert_eq!(taken.recv().as_deref(), Ok(&b"last words\n"[..]));
    assert!(taken.recv().is_err(), "the writer has dropped its end");
}

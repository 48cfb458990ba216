//! Output: whole lines, stalled terminals, closed pipes.

use std::io::{self, Write};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::*;
use crate::output::Inherit;

#[test]
fn hello_world_in_pieces_is_one_line() {
    let (config, capture) = captured();
    let mut guest = Guest::process(&config);
    guest.set(DATA, b"hello, world\n");
    guest.set_iovecs(&[(DATA, 5), (DATA, 0), (DATA + 5, 2)]);
    guest.ok("fd_write", &[1, IOVECS.into(), 3, OUT.into()]);
    assert_eq!(guest.get_u32(OUT), 7);
    assert_eq!(capture.text(Stream::Stdout), "");
    guest.set_iovecs(&[(DATA + 7, 6)]);
    guest.ok("fd_write", &[1, IOVECS.into(), 1, OUT.into()]);
    assert_eq!(capture.text(Stream::Stdout), "hello, world\n");
    assert_eq!(capture.text(Stream::Stderr), "");
}

#[test]
fn lines_of_two_actors_do_not_mix() {
    let (config, capture) = captured();
    let mut first = Guest::process(&config);
    let mut second = Guest::handler(&config);
    for (a, b) in [("one ", "eins "), ("two ", "zwei\ndrei "), ("three\n", "vier"), ("", "\n")] {
        first.write(2, a.as_bytes());
        second.write(2, b.as_bytes());
    }
    assert_eq!(capture.text(Stream::Stderr), "eins zwei\none two three\ndrei vier\n");
}

#[test]
fn the_rest_of_a_line_is_printed_at_the_end() {
    let (config, capture) = captured();
    let mut guest = Guest::process(&config);
    guest.write(1, b"no line break");
    guest.write(2, b"nor here");
    guest.store.data_mut().wasi.finish();
    assert_eq!(capture.text(Stream::Stdout), "no line break");
    let mut dropped = Guest::handler(&config);
    dropped.write(1, b" either");
    drop(dropped);
    assert_eq!(capture.text(Stream::Stdout), "no line break either");
}

#[test]
fn closing_a_stream_prints_its_rest_and_refuses_more() {
    let (config, capture) = captured();
    let mut guest = Guest::handler(&config);
    guest.write(1, b"last words");
    guest.ok("fd_close", &[1]);
    assert_eq!(capture.text(Stream::Stdout), "last words");
    guest.fails(Errno::Badf, "fd_write", &[1, IOVECS.into(), 1, OUT.into()]);
    guest.fails(Errno::Badf, "fd_close", &[1]);
    guest.write(2, b"still open\n");
}

#[test]
fn one_call_prints_no_more_than_its_limit() {
    let (config, capture) = captured();
    let mut guest = Guest::process(&config);
    assert_eq!(guest.write(1, &[b'x'; 100_000]), PRINT_BYTES_MAX);
    assert_eq!(capture.bytes(Stream::Stdout).len(), LINE_BYTES_MAX);
    guest.set_iovecs(&[(0, 0); 1024]);
    guest.ok("fd_write", &[1, IOVECS.into(), 1024, OUT.into()]);
    assert_eq!(guest.get_u32(OUT), 0);
    guest.fails(Errno::Inval, "fd_write", &[1, IOVECS.into(), 1025, OUT.into()]);
}

#[test]
fn a_bad_buffer_prints_nothing() {
    let (config, capture) = captured();
    let mut guest = Guest::process(&config);
    guest.set(DATA, b"line\n");
    guest.set_iovecs(&[(DATA, 5), (u32::MAX, 1)]);
    guest.ends("fd_write", &[1, IOVECS.into(), 2, OUT.into()]);
    let mut guest = Guest::process(&config);
    guest.set_iovecs(&[(DATA, 5)]);
    guest.ends("fd_write", &[1, IOVECS.into(), 1, u32::MAX.into()]);
    assert_eq!(capture.text(Stream::Stdout), "");
}

#[test]
fn the_standard_streams_are_what_a_libc_expects() {
    let mut guest = Guest::handler(&Arc::default());
    for fd in 0..3 {
        guest.ok("fd_fdstat_get", &[fd, OUT.into()]);
        assert_eq!(guest.get(OUT, 1), [2], "a character device");
        guest.ok("fd_filestat_get", &[fd, OUT.into()]);
        assert_eq!(guest.get(OUT + 16, 1), [2]);
        guest.ok("fd_fdstat_set_flags", &[fd, 4]);
        guest.fails(Errno::Spipe, "fd_seek", &[fd, 0, 1, OUT.into()]);
        guest.fails(Errno::Spipe, "fd_tell", &[fd, OUT.into()]);
        guest.fails(Errno::Badf, "fd_readdir", &[fd, 0, 0, 0, OUT.into()]);
        guest.fails(Errno::Badf, "fd_prestat_get", &[fd, OUT.into()]);
        guest.fails(Errno::Notsup, "fd_renumber", &[fd, 1]);
    }
    guest.set_iovecs(&[(DATA, 16)]);
    guest.set(OUT, &[0xff; 4]);
    guest.ok("fd_read", &[0, IOVECS.into(), 1, OUT.into()]);
    assert_eq!(guest.get_u32(OUT), 0, "stdin is at its end");
    guest.fails(Errno::Badf, "fd_read", &[1, IOVECS.into(), 1, OUT.into()]);
    guest.fails(Errno::Badf, "fd_write", &[0, IOVECS.into(), 1, OUT.into()]);
}

/// A terminal that takes nothing before its gate opens, and then all.
struct Stalled(Receiver<()>, Arc<AtomicU32>);

impl Write for Stalled {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let _ = self.0.recv();
        self.1.fetch_add(bytes.len() as u32, Ordering::SeqCst);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Output that is stalled until the sender is dropped, and how much has come through.
fn stalled() -> (Arc<Granted>, Arc<Inherit>, Sender<()>, Arc<AtomicU32>) {
    let (gate, shut) = channel();
    let taken = Arc::new(AtomicU32::new(0));
    let stream = Stalled(shut, Arc::clone(&taken));
    let sink = Arc::new(Inherit::over(stream, io::sink()).expect("the machine has threads"));
    let output = Arc::clone(&sink) as Arc<dyn OutputSink>;
    (Arc::new(Granted::new(Policy::default(), output)), sink, gate, taken)
}

const LONG: Duration = Duration::from_secs(600);

#[test]
fn a_flood_into_a_stalled_terminal_parks_a_process() {
    let (config, sink, gate, taken) = stalled();
    let mut guest = Guest::process(&config);
    let mut line = [b'x'; 1 << 16];
    line[(1 << 16) - 1] = b'\n';
    guest.set(DATA, &line);
    guest.set_iovecs(&[(DATA, 1 << 16)]);
    for _ in 0..16 {
        guest.ok("fd_write", &[1, IOVECS.into(), 1, OUT.into()]);
    }
    let mut context = Context::from_waker(Waker::noop());
    let io = Arc::clone(&guest.store.data().io);
    let mut waiting = guest.start("fd_write", &[1, IOVECS.into(), 1, OUT.into()]);
    assert!(matches!(waiting.as_mut().poll(&mut context), Poll::Pending));
    assert_eq!(io.load(Ordering::SeqCst), 1, "it waits for something outside");
    drop(gate);
    assert_eq!(RUNTIME.block_on(waiting).expect("it goes on"), 0);
    assert_eq!(io.load(Ordering::SeqCst), 0);
    assert!(sink.flush(LONG));
    assert_eq!(taken.load(Ordering::SeqCst), 17 << 16);
    assert_eq!(sink.dropped(), 0);
}

#[test]
fn a_killed_writer_leaves_nothing_outstanding() {
    let (config, _sink, _gate, _) = stalled();
    let mut guest = Guest::process(&config);
    let io = Arc::clone(&guest.store.data().io);
    guest.set(DATA, &[b'\n'; 1 << 16]);
    guest.set_iovecs(&[(DATA, 1 << 16)]);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        let mut write = guest.start("fd_write", &[1, IOVECS.into(), 1, OUT.into()]);
        if write.as_mut().poll(&mut context).is_pending() {
            break;
        }
    }
    assert_eq!(io.load(Ordering::SeqCst), 0);
}

#[test]
fn a_flood_from_a_handler_is_dropped_beyond_its_bound() {
    let (config, sink, gate, taken) = stalled();
    let mut guest = Guest::handler(&config);
    for _ in 0..320 {
        assert_eq!(guest.write(1, &[b'\n'; 1 << 16]), 1 << 16);
    }
    let dropped = sink.dropped();
    assert!((4 << 20..5 << 20).contains(&dropped), "{dropped} bytes dropped");
    drop(gate);
    assert!(sink.flush(LONG));
    assert_eq!(u64::from(taken.load(Ordering::SeqCst)) + dropped, 20 << 20);
}

#[test]
fn a_closed_pipe_is_an_error_for_the_guest() {
    struct Broken;
    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let sink = Arc::new(Inherit::over(Broken, io::sink()).expect("the machine has threads"));
    let output = Arc::clone(&sink) as Arc<dyn OutputSink>;
    let config = Arc::new(Granted::new(Policy::default(), output));
    let mut guest = Guest::process(&config);
    guest.write(1, b"into the void\n");
    assert!(sink.flush(LONG));
    guest.fails(Errno::Pipe, "fd_write", &[1, IOVECS.into(), 1, OUT.into()]);
    guest.write(2, b"stderr is another stream\n");
}

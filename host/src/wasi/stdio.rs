//! The three standard streams: one that is at its end unless it was granted (`stdin`), and two to print to by lines.
//!
//! Whole lines go to the sink in one piece, so that lines of different actors do not mix. What
//! follows the last line break waits: for its own break, for [`LINE_BYTES_MAX`], for the guest to
//! close the stream, or for the actor's end. It does not wait for the actor to park: a prompt without a
//! line break is seen late, where a half-printed line would be seen in the midst of another's.
//!
//! The streams say that they are character devices, so that C programs print by lines too.

use wasmtime::Caller;
use wasmtime_wasi::p1::types::{Errno, Filetype, Rights};

use super::iovec::Iovecs;
use super::{LINE_BYTES_MAX, Outcome, PRINT_BYTES_MAX, Wasi, WasiActor, split};
use crate::output::{OutputSink, Stream};
use crate::policy::Refusal;

/// What a file function does when it is called for a standard stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stdio {
    /// Nothing: it is meant for files and directories.
    Badf,
    /// Nothing: a stream has no positions.
    Spipe,
    /// Nothing: streams are not renumbered, nor are their rights narrowed.
    Notsup,
    /// Nothing, and says that it was done: a stream is neither appended to nor does it block.
    Ignored,
    /// `fd_read`.
    Read,
    /// `fd_write`.
    Write,
    /// `fd_close`.
    Close,
    /// `fd_fdstat_get`.
    Fdstat,
    /// `fd_filestat_get`.
    Filestat,
}

/// The parts of lines that an actor has printed so far, for each stream.
#[derive(Default)]
pub(super) struct Lines([Vec<u8>; 2]);

impl Lines {
    /// Hands over all lines that are complete now and keeps the rest.
    fn print(&mut self, stream: Stream, bytes: &[u8], sink: &dyn OutputSink) {
        let begun = &mut self.0[stream as usize];
        let end = line_end(bytes);
        if end > 0 && begun.is_empty() {
            sink.write(stream, &bytes[..end]);
        } else {
            begun.extend_from_slice(&bytes[..end]);
            if end > 0 {
                self.flush(stream, sink);
            }
        }
        self.keep(stream, &bytes[end..], sink);
    }

    /// Keeps the first part of a line, unless it has become too long.
    fn keep(&mut self, stream: Stream, bytes: &[u8], sink: &dyn OutputSink) {
        self.0[stream as usize].extend_from_slice(bytes);
        if self.0[stream as usize].len() >= LINE_BYTES_MAX {
            self.flush(stream, sink);
        }
    }

    /// Hands over what there is, and gives its memory back: most actors print rarely.
    pub(super) fn flush(&mut self, stream: Stream, sink: &dyn OutputSink) {
        let begun = std::mem::take(&mut self.0[stream as usize]);
        if !begun.is_empty() {
            sink.write(stream, &begun);
        }
    }
}

/// How many bytes there are up to the last line break, including it.
fn line_end(bytes: &[u8]) -> usize {
    bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1)
}

impl Wasi {
    /// Prints for the actor.
    fn print(&mut self, stream: Stream, bytes: &[u8]) {
        if self.state.is_none() && line_end(bytes) == bytes.len() {
            // Whole lines need no state, and many actors print nothing else.
            self.granted.output.write(stream, bytes);
        } else {
            let state = self.state.get_or_insert_default();
            state.lines.print(stream, bytes, &*self.granted.output);
        }
    }
}

/// Waits until the sink has room for what is about to be printed to `fd`.
pub(super) async fn wait_for_room<T: WasiActor>(caller: &mut Caller<'_, T>, fd: u32) {
    if Stream::from_fd(fd).is_none() {
        return;
    }
    while let Some(room) = caller.data_mut().wasi().output().room() {
        let io = caller.data_mut().io_started();
        room.await;
        drop(io);
    }
}

/// Does for a standard stream what it does; `args` are the function's own.
pub(super) fn call<T: WasiActor>(caller: &mut Caller<'_, T>, does: Stdio, args: &[u64]) -> Outcome {
    let fd = args[0] as u32;
    if caller.data_mut().wasi().is_closed(fd) {
        return Err(Errno::Badf.into());
    }
    let word = |at: usize| args[at] as u32;
    match does {
        Stdio::Badf => Err(Errno::Badf.into()),
        Stdio::Spipe => Err(Errno::Spipe.into()),
        Stdio::Notsup => Err(Errno::Notsup.into()),
        Stdio::Ignored => Ok(()),
        Stdio::Read => read(caller, fd, word(1), word(2), word(3)),
        Stdio::Write => write(caller, fd, word(1), word(2), word(3)),
        Stdio::Close => close(caller, fd),
        Stdio::Fdstat => write_fdstat(caller, fd, word(1)),
        Stdio::Filestat => write_filestat(caller, word(1)),
    }
}

/// Stdin is at its end for whoever was not granted it.
fn read<T: WasiActor>(caller: &mut Caller<'_, T>, fd: u32, iovs: u32, count: u32, out: u32) -> Outcome {
    let (mut memory, actor) = split(caller)?;
    Iovecs::read(&memory, iovs, count)?;
    if fd != 0 {
        return Err(Errno::Badf.into());
    }
    actor.note_refused(&Refusal::stdin());
    Ok(memory.write_all(out, &0u32.to_le_bytes())?)
}

/// Prints up to [`PRINT_BYTES_MAX`]; a program writes the rest with its next call.
fn write<T: WasiActor>(caller: &mut Caller<'_, T>, fd: u32, iovs: u32, count: u32, out: u32) -> Outcome {
    let (mut memory, actor) = split(caller)?;
    let iovecs = Iovecs::read(&memory, iovs, count)?;
    let stream = Stream::from_fd(fd).ok_or(Errno::Badf)?;
    let wasi = actor.wasi();
    if wasi.output().closed(stream) {
        return Err(Errno::Pipe.into());
    }
    // First, since what is printed cannot be taken back.
    memory.write_all(out, &iovecs.len(PRINT_BYTES_MAX).to_le_bytes())?;
    for (pointer, len) in iovecs.pieces(PRINT_BYTES_MAX) {
        wasi.print(stream, memory.read(pointer, len)?);
    }
    Ok(())
}

fn close<T: WasiActor>(caller: &mut Caller<'_, T>, fd: u32) -> Outcome {
    let wasi = caller.data_mut().wasi();
    wasi.note_closed(fd);
    if let (Some(stream), Some(state)) = (Stream::from_fd(fd), &mut wasi.state) {
        state.lines.flush(stream, &*wasi.granted.output);
    }
    Ok(())
}

/// A `fdstat`: kind, flags, and the rights in it and in what is opened through it.
fn write_fdstat<T: WasiActor>(caller: &mut Caller<'_, T>, fd: u32, out: u32) -> Outcome {
    let direction = if fd == 0 { Rights::FD_READ } else { Rights::FD_WRITE };
    let rights = (direction | Rights::POLL_FD_READWRITE).bits();
    let mut fdstat = [0; 24];
    fdstat[0] = Filetype::CharacterDevice as u8;
    fdstat[8..16].copy_from_slice(&rights.to_le_bytes());
    Ok(split(caller)?.0.write_all(out, &fdstat)?)
}

/// A `filestat` in which nothing but the kind is known.
fn write_filestat<T: WasiActor>(caller: &mut Caller<'_, T>, out: u32) -> Outcome {
    let mut filestat = [0; 64];
    filestat[16] = Filetype::CharacterDevice as u8;
    Ok(split(caller)?.0.write_all(out, &filestat)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::Capture;

    #[test]
    fn a_line_goes_out_whole_and_its_rest_waits() {
        let capture = Capture::new(1 << 20);
        let mut lines = Lines::default();
        lines.print(Stream::Stdout, b"one", &capture);
        assert_eq!(capture.text(Stream::Stdout), "");
        lines.print(Stream::Stdout, b" line\ntwo\nthr", &capture);
        assert_eq!(capture.text(Stream::Stdout), "one line\ntwo\n");
        lines.flush(Stream::Stdout, &capture);
        assert_eq!(capture.text(Stream::Stdout), "one line\ntwo\nthr");
    }

    #[test]
    fn a_line_without_end_is_written_in_pieces() {
        let capture = Capture::new(1 << 20);
        let mut lines = Lines::default();
        lines.print(Stream::Stderr, &[b'x'; LINE_BYTES_MAX - 1], &capture);
        assert_eq!(capture.bytes(Stream::Stderr).len(), 0);
        lines.print(Stream::Stderr, b"y", &capture);
        assert_eq!(capture.bytes(Stream::Stderr).len(), LINE_BYTES_MAX);
        lines.print(Stream::Stderr, b"z\n", &capture);
        assert_eq!(capture.bytes(Stream::Stderr).len(), LINE_BYTES_MAX + 2);
    }
}

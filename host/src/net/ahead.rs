//! Reading ahead: who asks a stream for a few bytes has the system hand over what else has come, in the same call.
//!
//! That saves a call for the next few bytes, or the one that would only find that there are none. What was read ahead stays
//! with the socket, also when that moves, and the socket counts as readable until it is used up.

use std::cell::RefCell;
use std::io::IoSliceMut;

use rustix::net::RecvFlags;

use super::error::NetResult;
use super::{Interest, Kind, Socket};
use crate::limits::NET_AHEAD_MAX;

thread_local! {
    /// Where the system puts what nobody has asked for yet.
    static BEHIND: RefCell<[u8; NET_AHEAD_MAX]> = const { RefCell::new([0; NET_AHEAD_MAX]) };
}

/// What was read and not yet asked for.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    bytes: Vec<u8>,
    at: usize,
    /// What was known of the socket before it was read, if that took all that was there.
    emptied_at: Option<u64>,
}

impl Ahead {
    fn rest(&self) -> &[u8] {
        &self.bytes[self.at..]
    }
}

/// Copies as much as there is and fits.
fn fill(buffer: &mut [u8], from: &[u8]) -> usize {
    let len = buffer.len().min(from.len());
    buffer[..len].copy_from_slice(&from[..len]);
    len
}

impl Socket {
    /// Reads what comes: what was read ahead first, and ahead itself if that is worth it. Datagrams are never joined.
    pub(super) fn receive(&self, buffer: &mut [u8], flags: RecvFlags) -> NetResult<usize> {
        let mut ahead = self.ahead.lock();
        let is_peek = flags.contains(RecvFlags::PEEK);
        if !ahead.rest().is_empty() {
            return Ok(if is_peek { self.peek_on(&ahead, buffer) } else { self.take(&mut ahead, buffer) });
        }
        if self.kind == Kind::Udp || is_peek || !(1..NET_AHEAD_MAX).contains(&buffer.len()) {
            self.receive_directly(buffer, flags)
        } else {
            self.receive_ahead(&mut ahead, buffer)
        }
    }

    fn take(&self, ahead: &mut Ahead, buffer: &mut [u8]) -> usize {
        let taken = fill(buffer, ahead.rest());
        ahead.at += taken;
        if ahead.rest().is_empty() {
            let emptied_at = std::mem::take(ahead).emptied_at;
            if let Some(seen) = emptied_at {
                self.source.clear(seen, Interest::Read);
            }
        }
        taken
    }

    /// What was read ahead, and what the system has behind that.
    fn peek_on(&self, ahead: &Ahead, buffer: &mut [u8]) -> usize {
        let filled = fill(buffer, ahead.rest());
        let behind = rustix::net::recv(&self.source.socket, &mut buffer[filled..], RecvFlags::PEEK);
        filled + behind.map_or(0, |(_, peeked)| peeked)
    }

    fn receive_directly(&self, buffer: &mut [u8], flags: RecvFlags) -> NetResult<usize> {
        let seen = self.source.look();
        let wanted = buffer.len();
        let receive = || Ok(rustix::net::recv(&self.source.socket, &mut *buffer, flags)?.1);
        let read = self.attempt(Interest::Read, receive)?;
        if self.kind != Kind::Udp && (1..wanted).contains(&read) && flags.is_empty() {
            // Nothing more was there; the kernel tells when there is.
            self.source.clear(seen, Interest::Read);
        }
        Ok(read.min(wanted))
    }

    fn receive_ahead(&self, ahead: &mut Ahead, buffer: &mut [u8]) -> NetResult<usize> {
        let seen = self.source.look();
        let wanted = buffer.len();
        BEHIND.with_borrow_mut(|behind| {
            let mut into = [IoSliceMut::new(buffer), IoSliceMut::new(behind)];
            let receive = || Ok(rustix::io::readv(&self.source.socket, &mut into)?);
            let read = self.attempt(Interest::Read, receive)?;
            let emptied_at = (read < wanted + NET_AHEAD_MAX).then_some(seen);
            if read > wanted {
                *ahead = Ahead { bytes: behind[..read - wanted].to_vec(), at: 0, emptied_at };
            } else if read > 0 {
                self.source.clear(seen, Interest::Read);
            }
            Ok(read.min(wanted))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::unix::net::UnixStream;

    use super::super::Reactor;
    use super::*;

    /// A socket that has got so much, and the other end of it.
    fn with(bytes: &[u8]) -> (Socket, UnixStream) {
        let (mut writer, reader) = UnixStream::pair().expect("a pair");
        reader.set_nonblocking(true).expect("it can be");
        writer.write_all(bytes).expect("it has room");
        let reactor = Reactor::new(1).expect("a reactor");
        (Socket::watched(&reactor, reader.into(), Kind::Unix, true).expect("it can be watched"), writer)
    }

    fn read(socket: &Socket, len: usize) -> NetResult<Vec<u8>> {
        let mut buffer = vec![0; len];
        let read = socket.try_read(&mut buffer, false)?;
        buffer.truncate(read);
        Ok(buffer)
    }

    #[test]
    fn small_reads_get_everything_in_order_and_then_wait() {
        let (socket, mut writer) = with(b"hello world");
        assert_eq!(read(&socket, 2).expect("it came"), b"he");
        assert!(socket.source.is_ready(Interest::Read), "there is more");
        writer.write_all(b"!").expect("it has room");
        assert_eq!(read(&socket, 100).expect("it was read ahead"), b"llo world");
        // The reactor has not looked, so that nothing is known of what came later.
        assert!(!socket.source.is_ready(Interest::Read));
        assert_eq!(read(&socket, 1), Err(crate::net::NetError::WOULD_PARK));
    }

    #[test]
    fn what_fits_exactly_leaves_nothing_to_try() {
        let (socket, _writer) = with(b"1234");
        assert_eq!(read(&socket, 4).expect("it came"), b"1234");
        assert!(!socket.source.is_ready(Interest::Read));
    }

    #[test]
    fn more_than_is_read_ahead_is_not_forgotten() {
        let bytes: Vec<u8> = (0..NET_AHEAD_MAX + 100).map(|at| at as u8).collect();
        let (socket, _writer) = with(&bytes);
        let mut all = Vec::new();
        while let Ok(part) = read(&socket, 50) {
            all.extend(part);
        }
        assert_eq!(all, bytes);
    }

    #[test]
    fn peeking_sees_what_was_read_ahead_and_what_came_behind_it() {
        let (socket, mut writer) = with(b"abc");
        assert_eq!(read(&socket, 1).expect("it came"), b"a");
        writer.write_all(b"de").expect("it has room");
        let mut buffer = [0; 10];
        assert_eq!(socket.try_read(&mut buffer, true), Ok(4));
        assert_eq!(&buffer[..4], b"bcde");
        assert_eq!(read(&socket, 10).expect("it is still there"), b"bc");
    }
}

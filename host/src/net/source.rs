//! A socket's readiness: what the kernel last said of it, and who waits for more.
//!
//! The kernel tells of changes only (edge-triggered). One word holds what is ready, what is waited for, and a count
//! of the kernel's notices: whoever finds a socket not ready after all clears that only if no notice has come since it
//! looked, and whoever wants to wait says so in the same exchange in which it sees that nothing is ready.

use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use mio::Token;
use mio::unix::SourceFd;
use parking_lot::Mutex;
use socket2::Socket;

use super::reactor::{Parked, Reactor};
use crate::pid::ActorId;

/// What one can do with a socket.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Interest {
    /// Read, or accept.
    Read,
    /// Write, or be connected.
    Write,
}

const READABLE: u64 = 1;
const WRITABLE: u64 = 2;
/// Shifts a bit of readiness to that of the wish for it.
const WANTED: u32 = 2;
/// Shifts a bit of readiness to that of an end, which stays: an attempt tells of it at once.
const ENDED: u32 = 4;
/// The owner is told by a signal.
const SIGNALS: u64 = 64;
/// One notice more.
const NOTICE: u64 = 128;

impl Interest {
    fn bit(self) -> u64 {
        match self {
            Interest::Read => READABLE,
            Interest::Write => WRITABLE,
        }
    }
}

/// A notice of the kernel.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ready {
    pub(super) readable: bool,
    pub(super) writable: bool,
    pub(super) read_ended: bool,
    pub(super) write_ended: bool,
}

/// What the kernel's notice comes to for the owner.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Told {
    /// Nobody waits for that.
    Nobody,
    /// This actor is woken.
    Wake(ActorId),
    /// This actor gets a signal about its handle.
    Signal(ActorId, u64),
}

/// A socket that the reactor watches.
pub(crate) struct Source {
    pub(crate) socket: Socket,
    state: AtomicU64,
    /// Its actor, and the handle that it has there.
    owner: Mutex<(ActorId, u64)>,
    token: Token,
    reactor: Arc<Reactor>,
}

impl Source {
    /// Has a non-blocking socket watched. Whether it is ready need not be certain: the first attempt tells.
    pub(super) fn new(reactor: &Arc<Reactor>, socket: Socket, ready: bool) -> std::io::Result<Arc<Source>> {
        let token = reactor.reserve();
        let source = Arc::new(Source {
            socket,
            state: AtomicU64::new(if ready { READABLE | WRITABLE } else { 0 }),
            owner: Mutex::new((ActorId::HOST, 0)),
            token,
            reactor: reactor.clone(),
        });
        reactor.watch(&source, &mut SourceFd(&source.socket.as_raw_fd()), token)?;
        Ok(source)
    }

    /// Says that its owner is parked until it is ready, as long as that lives.
    pub(crate) fn park(&self) -> Parked<'_> {
        self.reactor.park()
    }

    /// Says to whom it belongs now.
    pub(crate) fn belong(&self, to: ActorId, handle: u64) {
        *self.owner.lock() = (to, handle);
    }

    /// What is known now; handed to [`Source::clear`] after an attempt.
    pub(crate) fn look(&self) -> u64 {
        self.state.load(Ordering::Acquire)
    }

    /// Whether an attempt may succeed.
    pub(crate) fn is_ready(&self, interest: Interest) -> bool {
        let bit = interest.bit();
        self.look() & (bit | bit << ENDED) != 0
    }

    /// Whether this is its token, and not that of another socket which had its place.
    pub(super) fn has(&self, token: Token) -> bool {
        self.token == token
    }

    /// Notes that an attempt found nothing, not even an end, unless the kernel has told otherwise since `seen`.
    pub(crate) fn block(&self, seen: u64, interest: Interest) {
        self.take_back(seen, interest.bit() | interest.bit() << ENDED);
    }

    /// Notes that an attempt has taken all that there was, unless the kernel has told otherwise since `seen`.
    pub(crate) fn clear(&self, seen: u64, interest: Interest) {
        self.take_back(seen, interest.bit());
    }

    fn take_back(&self, seen: u64, bits: u64) {
        let notices = |state: u64| state / NOTICE;
        let clear = |state| (notices(state) == notices(seen)).then_some(state & !bits);
        let _ = self.state.fetch_update(Ordering::AcqRel, Ordering::Acquire, clear);
    }

    /// Says that the owner wants to be woken; false if it is ready already.
    pub(crate) fn want(&self, interest: Interest) -> bool {
        let bit = interest.bit();
        let want = |state| (state & (bit | bit << ENDED) == 0).then_some(state | bit << WANTED);
        self.state.fetch_update(Ordering::AcqRel, Ordering::Acquire, want).is_ok()
    }

    /// Says that the owner is told by signals when something can be read; true if something may be there already.
    pub(crate) fn want_signals(&self, on: bool) -> bool {
        let before = match on {
            true => self.state.fetch_or(SIGNALS, Ordering::AcqRel),
            false => self.state.fetch_and(!SIGNALS, Ordering::AcqRel),
        };
        if (before & SIGNALS != 0) != on {
            self.reactor.note_awaited(on);
        }
        before & (READABLE | READABLE << ENDED) != 0
    }

    /// Takes in a notice of the kernel: what is ready, and what of it for ever.
    pub(super) fn note(&self, ready: Ready) -> Told {
        let bits = |read, write| if read { READABLE } else { 0 } | if write { WRITABLE } else { 0 };
        let now = bits(ready.readable, ready.writable);
        let for_ever = bits(ready.read_ended, ready.write_ended) << ENDED;
        let note = |state: u64| Some(((state | now | for_ever) & !(now << WANTED)).wrapping_add(NOTICE));
        let before =
            self.state.fetch_update(Ordering::AcqRel, Ordering::Acquire, note).expect("it always notes");
        let (actor, handle) = *self.owner.lock();
        if before & SIGNALS != 0 {
            Told::Signal(actor, handle)
        } else if before & now << WANTED != 0 {
            Told::Wake(actor)
        } else {
            Told::Nobody
        }
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        self.want_signals(false);
        self.reactor.forget(&mut SourceFd(&self.socket.as_raw_fd()), self.token);
    }
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Source({}, {:#b})", self.socket.as_raw_fd(), self.look() % NOTICE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWNER: ActorId = ActorId { slot: 3, serial: 4 };
    const READ: Ready = Ready { readable: true, writable: false, read_ended: false, write_ended: false };

    fn source() -> (Arc<Source>, std::net::UdpSocket) {
        let reactor = Reactor::new(1).expect("a reactor");
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").expect("a socket");
        let source = Source::new(&reactor, socket.try_clone().expect("a second one").into(), true);
        let source = source.expect("it can be watched");
        source.belong(OWNER, 5);
        (source, socket)
    }

    #[test]
    fn a_notice_between_the_attempt_and_its_note_is_not_lost() {
        let (source, _socket) = source();
        let seen = source.look();
        assert_eq!(source.note(READ), Told::Nobody);
        source.clear(seen, Interest::Read);
        assert!(source.is_ready(Interest::Read), "it came after the attempt");
        source.clear(source.look(), Interest::Read);
        assert!(!source.is_ready(Interest::Read) && source.is_ready(Interest::Write));
    }

    #[test]
    fn who_waits_is_woken_once() {
        let (source, _socket) = source();
        assert!(!source.want(Interest::Read), "it is ready");
        source.clear(source.look(), Interest::Read);
        assert!(source.want(Interest::Read));
        assert_eq!(source.note(Ready { writable: true, ..Ready::default() }), Told::Nobody);
        assert_eq!(source.note(READ), Told::Wake(OWNER));
        assert_eq!(source.note(READ), Told::Nobody);
    }

    #[test]
    fn an_end_stays() {
        let (source, _socket) = source();
        source.note(Ready { read_ended: true, ..READ });
        source.clear(source.look(), Interest::Read);
        assert!(source.is_ready(Interest::Read) && !source.want(Interest::Read));
    }

    #[test]
    fn who_finds_no_end_waits() {
        let (source, _socket) = source();
        source.note(Ready { read_ended: true, ..READ });
        source.block(source.look(), Interest::Read);
        assert!(!source.is_ready(Interest::Read) && source.want(Interest::Read));
    }

    #[test]
    fn a_place_that_was_freed_has_another_token() {
        let reactor = Reactor::new(1).expect("a reactor");
        let socket = || std::net::UdpSocket::bind("127.0.0.1:0").expect("a socket").into();
        let token = Source::new(&reactor, socket(), true).expect("it can be watched").token;
        let next = Source::new(&reactor, socket(), true).expect("it can be watched");
        assert_eq!(reactor.len(), 1);
        assert!(!next.has(token), "a notice for the one before is none for it");
    }

    #[test]
    fn an_active_one_signals() {
        let (source, _socket) = source();
        source.clear(source.look(), Interest::Read);
        assert!(!source.want_signals(true));
        assert_eq!(source.note(READ), Told::Signal(OWNER, 5));
        assert!(source.want_signals(false));
        assert_eq!(source.note(READ), Told::Nobody);
    }
}

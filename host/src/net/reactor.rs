//! The reactor: one epoll of the host, in which a worker without work waits in place of sleeping.
//!
//! So a socket that becomes ready wakes its actor on the very thread that hears of it, and nothing is handed over between
//! threads. While all workers are busy, one looks without waiting at every tick and every few runs; should all be
//! stuck in code that nothing interrupts, the ticker looks.

use std::io;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use flower_abi::NEVER;
use mio::event::Event;
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Registry, Token, Waker};
use parking_lot::{Mutex, RwLock};

use super::source::{Ready, Source, Told};
use crate::limits::NET_EVENTS_MAX;
use crate::observe::Sharded;
use crate::shared::Shared;
use crate::signal::Signal;

/// The token of the waker, which no socket has.
const WAKER: Token = Token(usize::MAX);

/// The sockets of one host, and what waits for them.
pub(crate) struct Reactor {
    registry: Registry,
    waker: Waker,
    sources: RwLock<Sources>,
    /// How many sockets there are: without any nobody looks.
    len: AtomicUsize,
    /// How many sockets may bring a signal at any time.
    awaited: AtomicUsize,
    /// How many actors are parked until a socket is ready.
    parked: Sharded<1>,
    driver: Mutex<Driver>,
    /// The tick of the last look.
    looked: AtomicU64,
}

/// Sockets by the place that their token names; the places that are free.
#[derive(Default)]
struct Sources {
    places: Vec<Weak<Source>>,
    free: Vec<usize>,
    /// How many there have been. A token names its socket by this, too: a notice may be older than who has the place now.
    made: usize,
}

/// The bits of a token that name the place.
const PLACE_BITS: u32 = 32;

fn place_of(token: Token) -> usize {
    token.0 & ((1 << PLACE_BITS) - 1)
}

/// What one thread at a time waits with.
pub(crate) struct Driver {
    poll: Poll,
    events: Events,
    /// The sockets of the notices that are dispatched.
    noted: Vec<(Arc<Source>, Token, Ready)>,
}

impl Reactor {
    pub(crate) fn new(workers: usize) -> io::Result<Arc<Reactor>> {
        let poll = Poll::new()?;
        let registry = poll.registry().try_clone()?;
        let waker = Waker::new(&registry, WAKER)?;
        let driver =
            Mutex::new(Driver { poll, events: Events::with_capacity(NET_EVENTS_MAX), noted: Vec::new() });
        let (sources, len, awaited, looked) = Default::default();
        let parked = Sharded::new(workers);
        Ok(Arc::new(Reactor { registry, waker, sources, len, awaited, parked, driver, looked }))
    }

    /// Gets whoever waits out of its wait.
    pub(crate) fn interrupt(&self) {
        // It fails only when the system is out of memory; whoever waits then wakes by its timeout.
        let _ = self.waker.wake();
    }

    /// What to wait with, if there are sockets and nobody else waits.
    pub(crate) fn driver(&self) -> Option<parking_lot::MutexGuard<'_, Driver>> {
        if self.len.load(Ordering::Acquire) == 0 { None } else { self.driver.try_lock() }
    }

    /// Whether a socket may bring something for anybody. It is certain only while no actor runs.
    pub(crate) fn is_awaited(&self) -> bool {
        self.awaited.load(Ordering::Acquire) > 0 || self.parked.sum(0) > 0
    }

    /// Says that a socket more, or less, may bring a signal.
    pub(super) fn note_awaited(&self, more: bool) {
        match more {
            true => self.awaited.fetch_add(1, Ordering::AcqRel),
            false => self.awaited.fetch_sub(1, Ordering::AcqRel),
        };
    }

    /// Says that an actor is parked until a socket is ready, as long as that lives.
    pub(crate) fn park(&self) -> Parked<'_> {
        self.parked.add(0, 1);
        Parked(self)
    }

    /// How many sockets there are.
    pub(crate) fn len(&self) -> usize {
        self.len.load(Ordering::Acquire)
    }

    /// Whether nobody has looked since the tick before.
    pub(crate) fn is_neglected(&self, tick: u64) -> bool {
        self.len.load(Ordering::Acquire) > 0 && self.looked.load(Ordering::Relaxed) + 1 < tick
    }

    pub(super) fn reserve(&self) -> Token {
        let mut sources = self.sources.write();
        let place = sources.free.pop().unwrap_or(sources.places.len());
        if place == sources.places.len() {
            sources.places.push(Weak::new());
        }
        self.len.fetch_add(1, Ordering::AcqRel);
        // Half of the numbers, so that none is the waker's.
        sources.made = (sources.made + 1) % (1 << (PLACE_BITS - 1));
        Token(sources.made << PLACE_BITS | place)
    }

    pub(super) fn watch(&self, source: &Arc<Source>, fd: &mut SourceFd<'_>, token: Token) -> io::Result<()> {
        self.sources.write().places[place_of(token)] = Arc::downgrade(source);
        self.registry.register_source(fd, token)
    }

    pub(super) fn forget(&self, fd: &mut SourceFd<'_>, token: Token) {
        // What could not be registered cannot be taken out either.
        let _ = self.registry.deregister(fd);
        let mut sources = self.sources.write();
        sources.places[place_of(token)] = Weak::new();
        sources.free.push(place_of(token));
        self.len.fetch_sub(1, Ordering::AcqRel);
    }
}

/// An actor is parked until a socket is ready.
pub(crate) struct Parked<'a>(&'a Reactor);

impl Drop for Parked<'_> {
    fn drop(&mut self) {
        self.0.parked.add(0, 1_u64.wrapping_neg());
    }
}

/// Registers for everything at once: what is not wanted costs nothing, as only changes are told.
trait RegisterSource {
    fn register_source(&self, fd: &mut SourceFd<'_>, token: Token) -> io::Result<()>;
}

impl RegisterSource for Registry {
    fn register_source(&self, fd: &mut SourceFd<'_>, token: Token) -> io::Result<()> {
        self.register(fd, token, Interest::READABLE | Interest::WRITABLE)
    }
}

impl Driver {
    /// Waits for notices, no longer than this.
    pub(crate) fn wait(&mut self, nanos: u64) {
        let timeout = (nanos != NEVER).then(|| Duration::from_nanos(nanos));
        // An interrupted wait is a short one.
        if self.poll.poll(&mut self.events, timeout).is_err() {
            self.events.clear();
        }
    }

    /// Tells the owners what has come.
    pub(crate) fn dispatch(&mut self, shared: &Shared, tick: u64) {
        shared.reactor.looked.store(tick, Ordering::Relaxed);
        // Who is told may close sockets, for which they must not be held.
        self.take_noted(&shared.reactor);
        for (source, _, ready) in self.noted.drain(..).filter(|(source, token, _)| source.has(*token)) {
            match source.note(ready) {
                Told::Nobody => {}
                Told::Wake(actor) => shared.wake(actor.slot),
                Told::Signal(actor, handle) => _ = shared.signal(actor, Signal::Ready { handle }),
            }
        }
    }

    /// Finds the sockets of all notices.
    fn take_noted(&mut self, reactor: &Reactor) {
        let sources = reactor.sources.read();
        let noted = self.events.iter().filter_map(|event| {
            let source = sources.places.get(place_of(event.token()))?.upgrade()?;
            Some((source, event.token(), Ready::of(event)))
        });
        self.noted.extend(noted);
    }
}

impl Ready {
    /// What has ended or failed can be read and written, so that the owner learns it.
    fn of(event: &Event) -> Ready {
        let failed = event.is_error();
        let (read_ended, write_ended) = (event.is_read_closed() || failed, event.is_write_closed() || failed);
        let (readable, writable) = (event.is_readable() || read_ended, event.is_writable() || write_ended);
        Ready { readable, writable, read_ended, write_ended }
    }
}

impl Shared {
    /// Looks for sockets that are ready without waiting, if nobody else does.
    pub(crate) fn look_at_sockets(&self, tick: u64) {
        if let Some(mut driver) = self.reactor.driver() {
            driver.wait(0);
            driver.dispatch(self, tick);
        }
    }
}

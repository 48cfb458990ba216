//! What all parts of one host share. There is no global state: two hosts in a process do not meet.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use parking_lot::RwLock;
use tokio::sync::{Notify, Semaphore};

use crate::actor::Table;
use crate::budget::Ledger;
use crate::channel::Channels;
use crate::crash::Crashes;
use crate::group::Groups;
use crate::instance::Engines;
use crate::limits::Limits;
use crate::loaded::Loaded;
use crate::name::Names;
use crate::net::{Reactor, TlsConfigs};
use crate::observe::Counters;
use crate::output::OutputSink;
use crate::outside::Outside;
use crate::pid::PidMint;
use crate::policy::Refusals;
use crate::scheduler::Scheduler;
use crate::timer::Timers;

/// The inside of a host.
pub(crate) struct Shared {
    pub(crate) limits: Limits,
    pub(crate) deterministic: bool,
    pub(crate) outside: Box<dyn Outside>,
    pub(crate) mint: PidMint,
    pub(crate) table: Table,
    pub(crate) timers: Timers,
    pub(crate) names: Names,
    pub(crate) groups: Groups,
    pub(crate) channels: Channels,
    /// Numbers for links.
    pub(crate) links: AtomicU64,
    /// Modules that actors may be made of, by name.
    pub(crate) modules: RwLock<HashMap<Box<str>, Arc<Loaded>>>,
    pub(crate) counters: Counters,
    pub(crate) crashes: Crashes,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) engines: Engines,
    pub(crate) scheduler: Scheduler,
    /// The sockets of all actors.
    pub(crate) reactor: Arc<Reactor>,
    /// How many names more may be looked up now.
    pub(crate) lookups: Arc<Semaphore>,
    /// What TLS of actors goes by, unless they bring their own.
    pub(crate) tls: TlsConfigs,
    pub(crate) output: Arc<dyn OutputSink>,
    pub(crate) refusals: Refusals,
    /// When the host was made, in ns since 1970.
    pub(crate) made_at: u64,
    pub(crate) tokio: tokio::runtime::Handle,
    /// Operations of the outside that actors wait for, off the workers.
    pub(crate) io_pending: AtomicUsize,
    /// No actor is started any more.
    pub(crate) closing: AtomicBool,
    /// Every actor ends at its next turn, so that none gets to see the end of another.
    pub(crate) killing: AtomicBool,
    /// An actor has ended.
    pub(crate) ended: Notify,
    /// Live mailboxes of native code, which count as actors.
    pub(crate) natives: AtomicUsize,
}

impl Shared {
    /// The host's monotonic clock, in ns.
    pub(crate) fn now(&self) -> u64 {
        self.outside.monotonic_ns()
    }

    /// The module of this name.
    pub(crate) fn module(&self, name: &str) -> Option<Arc<Loaded>> {
        self.modules.read().get(name).cloned()
    }

    /// Whether the host is shutting down.
    pub(crate) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Acquire)
    }
}

/// Something off the workers that an actor waits for, or that may bring a signal: while it lives, the host is not quiet.
pub(crate) struct Outstanding(Arc<Shared>);

impl Outstanding {
    pub(crate) fn new(shared: &Arc<Shared>) -> Outstanding {
        shared.io_pending.fetch_add(1, Ordering::AcqRel);
        // The last core to lie down may have said that nothing can come.
        shared.scheduler.look_again();
        Outstanding(shared.clone())
    }
}

impl Drop for Outstanding {
    fn drop(&mut self) {
        self.0.io_pending.fetch_sub(1, Ordering::AcqRel);
        // The last core to lie down did not know that nothing can come any more.
        self.0.scheduler.look_again();
    }
}

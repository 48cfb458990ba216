//! What the host keeps of an actor: a cell in the table, and what its own worker owns.
//!
//! A [`Cell`] stays in place for the life of the host and serves one actor after another; ids carry
//! the serial, so a late signal finds a closed queue and never the next tenant. Others touch an
//! actor only through its [`Gate`]: the signal queue and the run state. [`Owned`] belongs to the worker
//! that runs the actor: [`Cell::owned`] may be called only between [`Gate::start`] and the end of that
//! run.

use std::cell::{RefCell, RefMut};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use flower_abi::NEVER;
use parking_lot::Mutex;
use rustc_hash::FxBuildHasher;
use smallvec::SmallVec;
use tokio::sync::{Notify, oneshot};

use crate::budget::Charge;
use crate::channel::Selecting;
use crate::exit::ExitReason;
use crate::gate::Gate;
use crate::handle::Handles;
use crate::instance::Body;
use crate::limits::ANCESTORS_MAX;
use crate::loaded::Loaded;
use crate::mailbox::{Filters, Mailbox};
use crate::net::{Interest, Source};
use crate::pid::ActorId;
use crate::reference::References;
use crate::scheduler::share::{NO_TREE, TreeId};
use crate::signal::{Envelope, Signal};
use crate::timer::TimerKey;

/// One place in the table of actors.
pub(crate) struct Cell {
    pub(crate) gate: Gate<SignalQueue>,
    /// An exit or kill waits in the queue: a running actor must look before its slice is over.
    pub(crate) urgent: AtomicBool,
    /// Somebody waits for room in the mailbox.
    pub(crate) room_wanted: AtomicBool,
    /// Messages taken or dropped, of those that the queue accepted; written by the owner alone.
    taken_len: AtomicU64,
    taken_bytes: AtomicU64,
    /// Messages that the actor was handed; written by the owner alone.
    pub(crate) handled: AtomicU64,
    /// What the actor waits for, for observers; a [`WaitCode`].
    pub(crate) wait_code: AtomicU8,
    /// The tree with which the actor shares processors; set before it is first queued.
    tree: AtomicU32,
    /// Bytes of linear memory, for observers.
    pub(crate) memory_bytes: AtomicU64,
    tenant: TenantCell,
}

/// Signals on their way to one actor, and its mailbox's accounts.
#[derive(Default)]
pub(crate) struct SignalQueue {
    /// The actor that the cell serves now; serial 0 for none.
    pub(crate) serial: u64,
    /// Signals in the order in which they came.
    pub(crate) signals: Vec<Signal>,
    pub(crate) accepted_len: u64,
    pub(crate) accepted_bytes: u64,
    pub(crate) len_max: u32,
    pub(crate) bytes_max: u64,
    /// Who waits for room, longest first.
    pub(crate) room_waiters: std::collections::VecDeque<RoomWaiter>,
    pub(crate) meta: Option<Arc<Meta>>,
    /// Native code behind this cell, to be woken in place of a worker.
    pub(crate) native: Option<Arc<Notify>>,
}

/// Somebody who waits for room in a mailbox.
pub(crate) struct RoomWaiter {
    pub(crate) actor: ActorId,
    /// The waiter's reference for it.
    pub(crate) reference: u64,
    /// How much room it needs: one told sooner would try in vain, and wait again, for ever.
    pub(crate) size: u64,
}

/// What does not change in an actor's life.
pub(crate) struct Meta {
    pub(crate) id: ActorId,
    pub(crate) label: Arc<str>,
    /// The spawner; [`ActorId::HOST`] for the embedder.
    pub(crate) parent: ActorId,
    /// Those before the parent, the nearest first; [`ActorId::HOST`] behind the last.
    pub(crate) elders: Elders,
    /// What it was made of; `None` for native code.
    pub(crate) module: Option<Arc<Loaded>>,
    pub(crate) style: crate::module::Style,
    /// When it was spawned, by the host's clock.
    pub(crate) born_ns: u64,
}

/// Those before a parent, as far as they are remembered.
pub(crate) type Elders = [ActorId; ANCESTORS_MAX - 1];

impl Meta {
    /// What those that this actor spawns have before their parent.
    pub(crate) fn elders_of_children(&self) -> Elders {
        let mut elders = [ActorId::HOST; ANCESTORS_MAX - 1];
        elders[0] = self.parent;
        elders[1..].copy_from_slice(&self.elders[..ANCESTORS_MAX - 2]);
        elders
    }

    /// The parent, its parent and so on, as far as they are remembered.
    pub(crate) fn ancestors(&self) -> impl Iterator<Item = ActorId> {
        std::iter::once(self.parent).chain(self.elders).take_while(|id| *id != ActorId::HOST)
    }
}

/// What an actor has that only its own worker touches.
pub(crate) struct Owned {
    pub(crate) meta: Arc<Meta>,
    pub(crate) mailbox: Mailbox,
    /// Completions that `wait` will take.
    pub(crate) held: HashMap<u64, Box<Envelope>, FxBuildHasher>,
    pub(crate) references: References,
    pub(crate) handles: Handles,
    /// Active sockets that wait for room in the mailbox.
    pub(crate) paused_sockets: Vec<u64>,
    /// Linked actors, each with the ids under which the link was made.
    pub(crate) links: HashMap<ActorId, SmallVec<[u64; 1]>, FxBuildHasher>,
    /// Who is told of the end, by reference: monitors, and callers that wait for a reply.
    pub(crate) watchers: HashMap<(ActorId, u64), (), FxBuildHasher>,
    pub(crate) native_watchers: Vec<oneshot::Sender<Arc<ExitReason>>>,
    pub(crate) trap_exit: bool,
    pub(crate) trap_stop: bool,
    pub(crate) wait: Wait,
    pub(crate) wait_deadline: u64,
    pub(crate) wait_timer: Option<TimerKey>,
    /// The reason to end with, once one is known.
    pub(crate) dying: Option<Arc<ExitReason>>,
    pub(crate) charge: Charge,
    /// Slices of fuel used up without waiting, and how many it may use.
    pub(crate) slices: u64,
    pub(crate) slices_max: u64,
    /// The buffer that changes places with the signal queue's.
    pub(crate) spare: Vec<Signal>,
}

/// What a parked actor waits for.
#[derive(Debug, Default)]
pub(crate) enum Wait {
    /// It does not wait.
    #[default]
    Running,
    /// Its turn, behind the others.
    Yield,
    /// Its turn, behind everybody: its slice was over.
    Preempted,
    /// A future that wakes it by itself.
    Io,
    /// A socket that can be read from, or written to.
    Socket(Arc<Source>, Interest),
    /// Its deadline.
    Until,
    /// Whatever comes into its mailbox.
    Message,
    /// A message that a filter matches, from this place on.
    Match { filters: Filters, from: usize },
    /// A message behind the cursor.
    Scan,
    /// The completion of this reference.
    Completion(u64),
    /// Room in a mailbox, under this reference.
    Room(u64),
    /// One of several channels, or a message besides.
    Select(Box<Selecting>),
}

/// [`Wait`] as observers see it.
#[repr(u8)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum WaitCode {
    Nothing,
    Io,
    Time,
    Message,
    Completion,
    Room,
    Channel,
}

impl Wait {
    /// The code for observers.
    pub(crate) fn code(&self) -> WaitCode {
        match self {
            Wait::Running | Wait::Yield | Wait::Preempted => WaitCode::Nothing,
            Wait::Io | Wait::Socket(..) => WaitCode::Io,
            Wait::Until => WaitCode::Time,
            Wait::Message | Wait::Match { .. } | Wait::Scan => WaitCode::Message,
            Wait::Completion(_) => WaitCode::Completion,
            Wait::Room(_) => WaitCode::Room,
            Wait::Select(_) => WaitCode::Channel,
        }
    }
}

impl Owned {
    /// A new actor, before its first run.
    pub(crate) fn new(meta: Arc<Meta>, charge: Charge) -> Owned {
        Owned {
            meta,
            mailbox: Mailbox::default(),
            held: HashMap::default(),
            references: References::default(),
            handles: Handles::default(),
            paused_sockets: Vec::new(),
            links: HashMap::default(),
            watchers: HashMap::default(),
            native_watchers: Vec::new(),
            trap_exit: false,
            trap_stop: false,
            wait: Wait::Running,
            wait_deadline: NEVER,
            wait_timer: None,
            dying: None,
            charge,
            slices: 0,
            slices_max: u64::MAX,
            spare: Vec::new(),
        }
    }

    /// Its id.
    pub(crate) fn id(&self) -> ActorId {
        self.meta.id
    }

    /// Whether what it waits for has come.
    pub(crate) fn is_ready(&mut self, now: impl Fn() -> u64) -> bool {
        let come = match &mut self.wait {
            Wait::Running | Wait::Yield | Wait::Preempted | Wait::Io => true,
            Wait::Socket(source, interest) => source.is_ready(*interest),
            Wait::Until => false,
            Wait::Message => self.mailbox.len() > 0,
            Wait::Match { filters, from } => {
                // What has been looked at once need not be looked at again.
                let seen = std::mem::replace(from, self.mailbox.len());
                let found = self.mailbox.find(filters, seen, !self.trap_stop);
                found.inspect(|at| *from = *at).is_some()
            }
            Wait::Scan => self.mailbox.can_scan(),
            Wait::Completion(reference) => self.held.contains_key(reference),
            Wait::Room(reference) => self.references.get(*reference).is_none(),
            Wait::Select(selecting) => selecting.is_ready(&self.mailbox, !self.trap_stop),
        };
        come || (self.wait_deadline != NEVER && self.wait_deadline <= now())
    }
}

impl Cell {
    fn new() -> Cell {
        Cell {
            gate: Gate::new(SignalQueue::default()),
            urgent: AtomicBool::new(false),
            room_wanted: AtomicBool::new(false),
            taken_len: AtomicU64::new(0),
            taken_bytes: AtomicU64::new(0),
            handled: AtomicU64::new(0),
            wait_code: AtomicU8::new(0),
            tree: AtomicU32::new(NO_TREE),
            memory_bytes: AtomicU64::new(0),
            tenant: TenantCell::default(),
        }
    }

    /// What the actor owns. Only the worker that runs the actor may call this.
    pub(crate) fn owned(&self) -> RefMut<'_, Owned> {
        debug_assert!(self.gate.is_running(), "only a running actor's worker touches what it owns");
        RefMut::map(self.tenant.owned.borrow_mut(), |owned| {
            owned.as_deref_mut().expect("a running actor has not been freed")
        })
    }

    /// What of the actor runs, `None` for native code; for its worker alone, as [`Cell::owned`].
    pub(crate) fn body(&self) -> RefMut<'_, Option<Body>> {
        self.tenant.body.borrow_mut()
    }

    /// The tree with which the actor shares processors.
    pub(crate) fn tree(&self) -> TreeId {
        self.tree.load(Ordering::Relaxed)
    }

    /// Puts a new actor's things in; for its maker.
    pub(crate) fn move_in(&self, owned: Owned, body: Option<Body>) {
        self.tree.store(owned.charge.ledger().tree(), Ordering::Relaxed);
        self.tenant.owned.replace(Some(Box::new(owned)));
        self.tenant.body.replace(body);
    }

    /// Drops the body of an actor that has ended, and gives out the rest; for its worker.
    pub(crate) fn move_out(&self) -> Option<Box<Owned>> {
        let owned = self.tenant.owned.take();
        drop(self.tenant.body.take());
        owned
    }

    /// Counts a message that the owner was handed.
    pub(crate) fn note_handled(&self) {
        self.handled.store(self.handled.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
    }

    /// Counts messages that the owner took out of the mailbox.
    pub(crate) fn note_taken(&self, len: u64, bytes: u64) {
        let add = |counter: &AtomicU64, more| {
            counter.store(counter.load(Ordering::Relaxed) + more, Ordering::Release);
        };
        add(&self.taken_len, len);
        add(&self.taken_bytes, bytes);
    }

    /// Forgets places that were reserved and will not be used, when the actor has ended.
    pub(crate) fn reset_accounts(&self) {
        let mut queue = self.gate.lock();
        queue.accepted_len = self.taken_len.load(Ordering::Acquire);
        queue.accepted_bytes = self.taken_bytes.load(Ordering::Acquire);
    }

    /// Messages accepted and not yet taken, and their bytes.
    pub(crate) fn queued(&self, queue: &SignalQueue) -> (u64, u64) {
        let taken_len = self.taken_len.load(Ordering::Acquire);
        let taken_bytes = self.taken_bytes.load(Ordering::Acquire);
        (queue.accepted_len - taken_len, queue.accepted_bytes - taken_bytes)
    }

    /// Whether one more message of this size has room.
    pub(crate) fn has_room(&self, queue: &SignalQueue, size: u64) -> bool {
        let (len, bytes) = self.queued(queue);
        len < u64::from(queue.len_max) && (bytes + size <= queue.bytes_max || len == 0)
    }

    /// Whether there is room for half of what the mailbox may hold.
    pub(crate) fn is_half_empty(&self, queue: &SignalQueue) -> bool {
        let (len, bytes) = self.queued(queue);
        len <= u64::from(queue.len_max) / 2 && (bytes <= queue.bytes_max / 2 || len == 0)
    }

    /// How many more messages have room, if they are small.
    pub(crate) fn free_places(&self, queue: &SignalQueue) -> u64 {
        u64::from(queue.len_max).saturating_sub(self.queued(queue).0)
    }
}

/// Holds what the running worker owns. Checked at run time like any `RefCell`.
#[derive(Default)]
struct TenantCell {
    owned: RefCell<Option<Box<Owned>>>,
    /// Beside the rest, because a body that runs makes host calls that touch it.
    body: RefCell<Option<Body>>,
}

// SAFETY: the cell is reached by one thread at a time: the one that made the actor, before the first
// `Gate::wake`, and after that the worker between `Gate::start` and `Gate::finish`. These change one
// word with AcqRel, so that each sees what the one before has written.
unsafe impl Sync for TenantCell {}

/// The table of actors: segments that double, so that a cell never moves and looking one up
/// costs two loads and no lock.
pub(crate) struct Table {
    segments: [OnceLock<Box<[Cell]>>; Self::SEGMENTS],
    free: Mutex<Vec<u32>>,
    used: AtomicU32,
    serials: AtomicU64,
}

impl Table {
    /// Cells in the first segment.
    const FIRST: u32 = 256;
    const SEGMENTS: usize = 24;

    /// An empty table.
    pub(crate) fn new() -> Table {
        Table {
            segments: [const { OnceLock::new() }; Self::SEGMENTS],
            free: Mutex::default(),
            used: AtomicU32::new(0),
            serials: AtomicU64::new(0),
        }
    }

    /// A free cell and a fresh serial.
    pub(crate) fn allocate(&self) -> ActorId {
        let serial = self.serials.fetch_add(1, Ordering::Relaxed) + 1;
        let slot = self.free.lock().pop().unwrap_or_else(|| self.used.fetch_add(1, Ordering::AcqRel));
        let (segment, _) = Self::place(slot);
        self.segments[segment].get_or_init(|| (0..Self::FIRST << segment).map(|_| Cell::new()).collect());
        ActorId { slot, serial }
    }

    /// Lets another actor have the cell.
    pub(crate) fn release(&self, slot: u32) {
        self.free.lock().push(slot);
    }

    /// The cell in this place, if there has ever been one.
    pub(crate) fn get(&self, slot: u32) -> Option<&Cell> {
        let (segment, at) = Self::place(slot);
        self.segments.get(segment)?.get()?.get(at)
    }

    /// The cell of an id that the host itself made.
    pub(crate) fn cell(&self, slot: u32) -> &Cell {
        self.get(slot).expect("ids within the host name a cell")
    }

    /// Every cell that has been used.
    pub(crate) fn cells(&self) -> impl Iterator<Item = &Cell> {
        (0..self.used.load(Ordering::Acquire)).filter_map(|slot| self.get(slot))
    }

    /// Segment `n` holds `FIRST << n` cells.
    fn place(slot: u32) -> (usize, usize) {
        let shifted = u64::from(slot) + u64::from(Self::FIRST);
        let segment = shifted.ilog2() - Self::FIRST.ilog2();
        (segment as usize, (shifted - (u64::from(Self::FIRST) << segment)) as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_dense_and_segments_double() {
        assert_eq!(Table::place(0), (0, 0));
        assert_eq!(Table::place(255), (0, 255));
        assert_eq!(Table::place(256), (1, 0));
        assert_eq!(Table::place(767), (1, 511));
        assert_eq!(Table::place(768), (2, 0));
        let table = Table::new();
        assert!(table.get(u32::MAX).is_none());
    }
}

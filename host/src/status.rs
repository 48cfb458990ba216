//! What an observer sees of the actors and the accounts of a host.

use std::fmt;
use std::sync::atomic::Ordering;

use flower_abi::{Pid, Rights};

use crate::actor::{Cell, WaitCode};
use crate::channel::Channel;
use crate::crash;
use crate::gate::Standing;
use crate::module::Style;
use crate::observe::{Accounts, Count};
use crate::pid::ActorId;
use crate::shared::Shared;
use crate::slab::SlabCounts;

/// What an actor does at the moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum ActorState {
    /// A worker runs it.
    Running,
    /// It waits for a worker.
    Runnable,
    /// It waits for a message.
    WaitingForMessage,
    /// It waits for a reply, or for the end of another actor.
    WaitingForCompletion,
    /// It waits for room in a mailbox.
    WaitingForRoom,
    /// It waits for others at a channel.
    WaitingForChannel,
    /// It waits for a point in time.
    WaitingForTime,
    /// It waits for a file or the like.
    WaitingForIo,
}

impl fmt::Display for ActorState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ActorState::Running => "running",
            ActorState::Runnable => "runnable",
            ActorState::WaitingForMessage => "waiting for a message",
            ActorState::WaitingForCompletion => "waiting for a reply or for an actor's end",
            ActorState::WaitingForRoom => "waiting for room in a mailbox",
            ActorState::WaitingForChannel => "waiting at a channel",
            ActorState::WaitingForTime => "waiting for a point in time",
            ActorState::WaitingForIo => "waiting for input or output",
        })
    }
}

/// A channel that an actor waits at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct ChannelWait {
    /// The number of the channel.
    pub channel: u64,
    /// What it waits for there.
    pub waits: AtChannel,
}

/// What one can wait for at a channel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum AtChannel {
    /// To send.
    ToSend,
    /// To receive.
    ToReceive,
    /// That nothing can be sent any more.
    ForItsEnd,
}

impl fmt::Display for ChannelWait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.waits {
            AtChannel::ToSend => "to send to",
            AtChannel::ToReceive => "to receive from",
            AtChannel::ForItsEnd => "for the end of",
        };
        write!(f, "{what} channel {}", self.channel)
    }
}

/// One live actor at one moment.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ActorStatus {
    /// Its pid, with all rights.
    pub pid: Pid,
    /// What logs call it.
    pub label: String,
    /// The module that it was made of.
    pub module: String,
    /// Its style.
    pub style: Style,
    /// Its spawner, with the rights of a peer; `None` if native code spawned it.
    pub parent: Option<Pid>,
    /// Its names, sorted.
    pub names: Vec<String>,
    /// What it does.
    pub state: ActorState,
    /// The channels that it waits at, parked or not.
    pub waits_at: Vec<ChannelWait>,
    /// Messages that wait for it.
    pub mailbox_len: u64,
    /// Bytes of its linear memory.
    pub memory_bytes: u64,
    /// Why it could not be snapshotted now; `None` if it could.
    pub snapshot_obstacle: Option<String>,
}

impl fmt::Display for ActorStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Guests have chosen both.
        write!(f, "{} {}", self.pid, guests(&self.label))?;
        if !self.names.is_empty() {
            write!(f, " ({})", guests(&self.names.join(", ")))?;
        }
        write!(f, ": {}", self.state)?;
        if let Some((first, others)) = self.waits_at.split_first() {
            write!(f, " ({first}")?;
            others.iter().try_for_each(|other| write!(f, ", {other}"))?;
            f.write_str(")")?;
        }
        write!(f, ", {} queued", self.mailbox_len)
    }
}

/// One channel at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChannelStatus {
    /// Its number in the host.
    pub id: u64,
    /// Values that it may hold; 0 for a rendezvous.
    pub capacity: u32,
    /// Values that it holds.
    pub len: u64,
    /// Bytes of these.
    pub bytes: u64,
    /// Whether nothing can be sent any more.
    pub closed: bool,
    /// Sending endpoints, wherever they are.
    pub senders: u32,
    /// Receiving endpoints.
    pub receivers: u32,
    /// Who waits to send, in order.
    pub waiting_to_send: Vec<Pid>,
    /// Who waits to receive, in order.
    pub waiting_to_receive: Vec<Pid>,
    /// Who waits for its end, in order.
    pub waiting_for_its_end: Vec<Pid>,
}

impl ChannelStatus {
    fn new(shared: &Shared, channel: &Channel) -> ChannelStatus {
        let (info, [sending, receiving, closing]) = channel.look();
        let pids =
            |actors: Vec<ActorId>| actors.into_iter().map(|id| shared.mint.mint(id, Rights::ALL)).collect();
        ChannelStatus {
            id: info.id,
            capacity: info.capacity,
            len: info.len,
            bytes: info.bytes,
            closed: info.closed != 0,
            senders: info.senders,
            receivers: info.receivers,
            waiting_to_send: pids(sending),
            waiting_to_receive: pids(receiving),
            waiting_for_its_end: pids(closing),
        }
    }
}

/// Every channel that somebody has an endpoint of, in order of making.
pub(crate) fn channels(shared: &Shared) -> Vec<ChannelStatus> {
    shared.channels.all().iter().map(|channel| ChannelStatus::new(shared, channel)).collect()
}

/// A guest's text as a log may show it.
fn guests(text: &str) -> String {
    crash::shown(text.as_bytes(), text.len())
}

/// Where the slots of one size are that memories or stacks live in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SlotStatus {
    /// Bytes of a slot.
    pub bytes: usize,
    /// Whether these are stacks of processes; memories otherwise.
    pub stacks: bool,
    /// Slots that belong to a live actor.
    pub live: usize,
    /// Slots that wait for the next actor with their pages.
    pub warm: usize,
    /// Slots whose pages the kernel has back.
    pub cold: usize,
}

impl SlotStatus {
    /// The counts of one slab.
    pub(crate) fn new(bytes: usize, stacks: bool, counts: SlabCounts) -> SlotStatus {
        SlotStatus { bytes, stacks, live: counts.live, warm: counts.warm, cold: counts.cold }
    }
}

/// Every live actor, in order of spawning; native mailboxes are left out.
pub(crate) fn list(shared: &Shared) -> Vec<ActorStatus> {
    let mut actors: Vec<_> = shared.table.cells().filter_map(|cell| look(shared, cell)).collect();
    actors.sort_unstable_by_key(|actor| actor.pid.serial);
    for channel in shared.channels.all() {
        let (info, waiting) = channel.look();
        let kinds = [AtChannel::ToSend, AtChannel::ToReceive, AtChannel::ForItsEnd];
        for (ids, waits) in waiting.into_iter().zip(kinds) {
            for id in ids {
                if let Ok(at) = actors.binary_search_by_key(&id.serial, |actor| actor.pid.serial) {
                    actors[at].waits_at.push(ChannelWait { channel: info.id, waits });
                }
            }
        }
    }
    actors
}

fn look(shared: &Shared, cell: &Cell) -> Option<ActorStatus> {
    let queue = cell.gate.lock();
    let meta = queue.meta.clone().filter(|_| queue.native.is_none())?;
    let (mailbox_len, _) = cell.queued(&queue);
    drop(queue);
    let state = state(cell);
    let peer = (meta.parent != ActorId::HOST).then(|| shared.mint.mint(meta.parent, Rights::PEER));
    Some(ActorStatus {
        pid: shared.mint.mint(meta.id, Rights::ALL),
        label: meta.label.to_string(),
        module: meta.module.as_ref().map_or_else(String::new, |loaded| loaded.module.name().to_owned()),
        style: meta.style,
        parent: peer,
        names: shared.names.names_of(meta.id).into_iter().map(String::from).collect(),
        state,
        waits_at: Vec::new(),
        mailbox_len,
        memory_bytes: cell.memory_bytes.load(Ordering::Relaxed),
        snapshot_obstacle: obstacle(
            meta.style,
            state,
            meta.module.as_ref().and_then(|loaded| loaded.module.snapshot_obstacle()),
        ),
    })
}

fn state(cell: &Cell) -> ActorState {
    match cell.gate.standing() {
        Some(Standing::Idle) => {}
        Some(Standing::Queued) => return ActorState::Runnable,
        Some(Standing::Running) | None => return ActorState::Running,
    }
    let is = |code: WaitCode| cell.wait_code.load(Ordering::Relaxed) == code as u8;
    match () {
        () if is(WaitCode::Io) => ActorState::WaitingForIo,
        () if is(WaitCode::Time) => ActorState::WaitingForTime,
        () if is(WaitCode::Completion) => ActorState::WaitingForCompletion,
        () if is(WaitCode::Channel) => ActorState::WaitingForChannel,
        () if is(WaitCode::Room) => ActorState::WaitingForRoom,
        () if is(WaitCode::Nothing) => ActorState::Runnable,
        () => ActorState::WaitingForMessage,
    }
}

/// A snapshot holds a memory and globals, not a stack; so the wasm stack must be empty.
fn obstacle(style: Style, state: ActorState, module: Option<String>) -> Option<String> {
    if style == Style::Process {
        return Some("it is a process, whose stack cannot be saved".to_owned());
    }
    if state != ActorState::WaitingForMessage {
        return Some(format!("it is {state}, not between two messages"));
    }
    module
}

/// The accounts, with what waits summed up over all actors.
pub(crate) fn accounts(shared: &Shared) -> Accounts {
    let get = |count| shared.counters.get(count);
    let queued = |cell: &Cell| cell.queued(&cell.gate.lock()).0;
    Accounts {
        sent: get(Count::Sent),
        received: get(Count::Received),
        refused: get(Count::Refused),
        queued: shared.table.cells().map(queued).sum::<u64>() + shared.channels.queued(),
        dropped_dead_receiver: get(Count::DroppedDead),
        dropped_late_reply: get(Count::DroppedLate),
        dropped_flushed: get(Count::DroppedFlushed),
        dropped_overflow: get(Count::DroppedOverflow),
        spawned: get(Count::Spawned),
        ended: get(Count::Ended),
        crashed: get(Count::Crashed),
        not_granted: get(Count::NotGranted),
    }
}

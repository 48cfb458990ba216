//! Active sockets: what comes is read on the owner's behalf and put into its mailbox.
//!
//! The kernel's notice becomes a signal to the owner, whose own worker reads, in the place where it takes in all signals.
//! A mailbox at its limit pauses the socket: the peer is slowed down by the kernel, nothing is dropped, and the owner goes on
//! reading when it waits and has room again. What is put into the mailbox counts there like any message.

use flower_abi::{Kind as MessageKind, SocketEvent, Status};

use super::Interest;
use super::error::{NetError, NetResult};
use super::socket::{Kind, Socket};
use crate::actor::{Cell, Owned};
use crate::limits::{ACTIVE_CHUNK_MAX, ACTIVE_READS_MAX};
use crate::observe::Count;
use crate::pid::ActorId;
use crate::shared::Shared;
use crate::signal::{Body, Envelope, Extra, Signal};

/// How a socket is read on its owner's behalf.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum ActiveMode {
    /// It is not.
    #[default]
    Off,
    /// For so many messages more.
    Count(u32),
    /// As long as it is open.
    Always,
}

/// What is known of an active socket.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Active {
    pub(crate) mode: ActiveMode,
    /// Bytes of one message at most.
    pub(crate) chunk: u32,
    /// The references under which the owner wants to hear when it can be read from, and written to.
    asked: [Option<u64>; 2],
}

impl Default for Active {
    fn default() -> Active {
        Active { mode: ActiveMode::Off, chunk: ACTIVE_CHUNK_MAX, asked: [None; 2] }
    }
}

impl ActiveMode {
    fn after_one(self) -> ActiveMode {
        match self {
            ActiveMode::Count(count) if count > 1 => ActiveMode::Count(count - 1),
            ActiveMode::Always => ActiveMode::Always,
            _ => ActiveMode::Off,
        }
    }
}

impl Active {
    fn wants_signals(&self) -> bool {
        self.mode != ActiveMode::Off || self.asked != [None; 2]
    }
}

impl Socket {
    /// Chooses whether it is active; true if something may be there to be read now.
    pub(crate) fn set_active(&self, mode: ActiveMode, chunk: u32) -> NetResult<bool> {
        if matches!(self.kind, Kind::TcpListener | Kind::UnixListener) {
            return Err(NetError::INVALID);
        }
        let chunk = if chunk == 0 { ACTIVE_CHUNK_MAX } else { chunk.min(ACTIVE_CHUNK_MAX) };
        let mut active = self.active.lock();
        (active.mode, active.chunk) = (mode, chunk);
        let is_on = mode != ActiveMode::Off;
        Ok(self.source.want_signals(active.wants_signals()) && is_on)
    }
}

impl Shared {
    /// Reads an active socket as far as its owner's mailbox has room.
    pub(crate) fn read_active(&self, cell: &Cell, owned: &mut Owned, handle: u64) {
        let Some(socket) = owned.handles.socket(handle) else { return };
        self.tell_asked(owned, handle, &socket);
        let mut active = socket.active.lock();
        for _ in 0..ACTIVE_READS_MAX {
            if active.mode == ActiveMode::Off {
                socket.source.want_signals(active.wants_signals());
                return;
            }
            if !cell.has_room(&cell.gate.lock(), u64::from(active.chunk)) {
                owned.paused_sockets.push(handle);
                return;
            }
            let Some((event, body, address_len)) = read_one(&socket, active.chunk) else { return };
            active.mode = if event == SocketEvent::Data { active.mode.after_one() } else { ActiveMode::Off };
            self.put_event(cell, owned, handle, event, body, address_len);
        }
        // There may be more; others have their turn first.
        self.signal(owned.id(), Signal::Ready { handle });
    }

    /// Tells the owner, by a message, when it can go on with a socket. The reference of that is the fresh one, or the
    /// one of an earlier wish for the same.
    pub(crate) fn tell_ready(
        &self,
        owner: ActorId,
        socket: &Socket,
        handle: u64,
        interest: Interest,
        fresh: u64,
    ) -> u64 {
        let reference = *socket.active.lock().asked[interest as usize].get_or_insert(fresh);
        socket.source.want_signals(true);
        if socket.source.is_ready(interest) {
            self.signal(owner, Signal::Ready { handle });
        }
        reference
    }

    fn tell_asked(&self, owned: &mut Owned, handle: u64, socket: &Socket) {
        // The peer may wait for the rest of that before it sends anything. What fails is told by the next attempt.
        let _ = socket.try_flush();
        let events = [(Interest::Read, SocketEvent::Readable), (Interest::Write, SocketEvent::Writable)];
        for (interest, event) in events.into_iter().filter(|(interest, _)| socket.source.is_ready(*interest))
        {
            let mut active = socket.active.lock();
            let Some(reference) = active.asked[interest as usize].take() else { continue };
            socket.source.want_signals(active.wants_signals());
            drop(active);
            owned.mailbox.push(Envelope::ready(reference, handle, event));
        }
    }

    fn put_event(
        &self,
        cell: &Cell,
        owned: &mut Owned,
        handle: u64,
        event: SocketEvent,
        body: Body,
        address_len: u32,
    ) {
        let mut envelope = Envelope::system(MessageKind::Socket, ActorId::HOST, handle);
        envelope.body = body;
        envelope.extra = Some(Box::new(Extra { socket: Some((event, address_len)), ..Extra::default() }));
        let mut queue = cell.gate.lock();
        queue.accepted_len += 1;
        queue.accepted_bytes += envelope.size();
        drop(queue);
        self.counters.add(Count::Sent);
        owned.mailbox.push(envelope);
    }

    /// Has the sockets that are paused looked at again, if there is room for what they bring.
    pub(crate) fn resume_active(&self, cell: &Cell, owned: &mut Owned) {
        let has_room = cell.is_half_empty(&cell.gate.lock());
        if has_room {
            for handle in std::mem::take(&mut owned.paused_sockets) {
                self.signal(owned.id(), Signal::Ready { handle });
            }
        }
    }
}

/// What there is next, and how long the address behind it is; `None` if there is nothing.
fn read_one(socket: &Socket, chunk: u32) -> Option<(SocketEvent, Body, u32)> {
    let mut buffer = vec![0; chunk as usize];
    let read = match socket.kind {
        Kind::Udp => socket.try_receive_from(&mut buffer),
        _ => socket.try_read(&mut buffer, false).map(|read| (read, None)),
    };
    match read {
        Ok((0, None)) => Some((SocketEvent::Closed, Body::new(), 0)),
        Ok((read, from)) => {
            let from = from.map(|from| from.to_string()).unwrap_or_default();
            buffer.truncate(read);
            buffer.extend_from_slice(from.as_bytes());
            Some((SocketEvent::Data, Body::from_slice(&buffer), from.len() as u32))
        }
        Err(error) if error.status == Status::WOULD_PARK => None,
        Err(error) => {
            let text = format!("{} {}", error.status.name(), error.text);
            Some((SocketEvent::Error, Body::from_slice(text.as_bytes()), 0))
        }
    }
}

//! A channel that has left its actor: what the SDK knows of a channel of the host.
//!
//! An endpoint that is sent away *promotes* its channel: the host makes one, what the local one held goes there, whoever
//! waited tries again there, and all endpoints of the actor go on with it. Their meaning stays the same.

use std::cell::{Cell, RefCell};

use flower_abi::{
    AT_ONCE, Arm, ChannelInfo, Codec, Filter, Kind, MessageInfo, NEVER, SendOptions, Status, ValueHeader,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Overflow, Owner};
use crate::buffer::Buffer;
use crate::envelope::Envelope;
use crate::handle::{self, Handle};
use crate::message::{self, EncodeError};
use crate::task::CompletionWait;
use crate::{DecodeError, Message, host};

/// How a value becomes bytes and back. A channel of any type can be made; only when it is sent away, its type has to be one
/// that travels.
pub(super) struct Travel<T> {
    write: fn(Codec, &T, &mut Vec<u8>) -> Result<(), EncodeError>,
    read: fn(&Envelope) -> Result<T, DecodeError>,
    read_record: fn(Codec, u64, &[u8]) -> Result<T, DecodeError>,
    fingerprint: fn() -> u64,
}

impl<T: Serialize + DeserializeOwned> Travel<T> {
    pub(super) const NEW: Travel<T> = Travel {
        write: message::write,
        read: Envelope::decode,
        read_record: message::decode,
        fingerprint: <T as Message>::fingerprint,
    };
}

/// An actor's endpoints of a channel of the host: one handle for each side of which it has some.
pub(super) struct Remote<T> {
    pub(super) sender: RefCell<Option<Handle>>,
    pub(super) receiver: RefCell<Option<Handle>>,
    travel: Travel<T>,
    fingerprint: u64,
    /// How many values it has room for, once that was asked.
    capacity: Cell<Option<u32>>,
}

/// A value as it travels.
pub(super) struct Written {
    body: Buffer,
    options: SendOptions,
}

impl Written {
    pub(super) fn arm(&self, handle: u64) -> Arm {
        let (body, body_len) = (host::address(self.body.as_slice()), host::length(&self.body));
        Arm { kind: Arm::SEND, options: host::address(&self.options), handle, body, body_len }
    }
}

/// What a receiver says that may not wait.
pub(super) const TOO_MANY: &str = "too many wait on this channel, or in this actor";

/// What can be wrong with a value that is to be sent to another actor.
pub(super) enum Refusal {
    Full,
    Closed,
    /// Too many wait, or the channel holds too many bytes.
    Limit,
    /// It is too large, or cannot be written.
    Unfit,
}

impl From<Status> for Refusal {
    fn from(status: Status) -> Refusal {
        match status {
            Status::CHANNEL_FULL | Status::TIMED_OUT => Refusal::Full,
            Status::LIMIT => Refusal::Limit,
            Status::TOO_LARGE | Status::INVALID => Refusal::Unfit,
            _ => Refusal::Closed,
        }
    }
}

impl<T> Remote<T> {
    /// Makes the channel in the host.
    pub(super) fn make(capacity: usize, overflow: Overflow, travel: Travel<T>) -> Result<Remote<T>, Status> {
        let capacity = u32::try_from(capacity).map_err(|_| Status::LIMIT)?;
        let (sender, receiver) = host::channel_new(capacity, overflow.of_the_host())?;
        Ok(Remote::arrived(Some(Handle::own(sender)), Some(Handle::own(receiver)), travel))
    }

    /// One that came with a message, as one of the two endpoints.
    pub(super) fn arrived(sender: Option<Handle>, receiver: Option<Handle>, travel: Travel<T>) -> Remote<T> {
        let fingerprint = (travel.fingerprint)();
        let (sender, receiver) = (RefCell::new(sender), RefCell::new(receiver));
        Remote { sender, receiver, travel, fingerprint, capacity: Cell::new(None) }
    }

    pub(super) fn sender_number(&self) -> u64 {
        self.sender.borrow().as_ref().map_or(0, Handle::id)
    }

    pub(super) fn receiver_number(&self) -> u64 {
        self.receiver.borrow().as_ref().map_or(0, Handle::id)
    }

    pub(super) fn write(&self, codec: Codec, value: &T) -> Result<Written, Refusal> {
        self.try_write(codec, value).map_err(|_| Refusal::Unfit)
    }

    pub(super) fn try_write(&self, codec: Codec, value: &T) -> Result<Written, EncodeError> {
        let mut body = Buffer::outgoing();
        handle::writing(&mut body, |body| (self.travel.write)(codec, value, body))?;
        let options = SendOptions { codec: codec.0, fingerprint: self.fingerprint, ..SendOptions::RAW };
        let options = handle::with_handles(&body, options);
        Ok(Written { body, options })
    }

    pub(super) fn try_send(&self, written: &Written) -> Result<(), Refusal> {
        Ok(host::channel_try_send(self.sender_number(), &written.body, &written.options)?)
    }

    /// Parks the actor until it is sent.
    pub(super) fn send(&self, written: &Written, deadline: u64) -> Result<(), Refusal> {
        Ok(host::channel_send(self.sender_number(), &written.body, &written.options, deadline)?)
    }

    /// A value, if there is one: `NONE` or `CLOSED` otherwise.
    pub(super) fn try_recv(&self) -> Result<T, Status> {
        self.first(|| host::channel_try_recv(self.receiver_number()))
    }

    /// Parks the actor until there is a value.
    ///
    /// # Panics
    /// When too many wait already.
    #[track_caller]
    pub(super) fn recv(&self, deadline: u64) -> Result<T, Status> {
        let received = self.first(|| host::channel_recv(self.receiver_number(), deadline));
        assert!(!matches!(received, Err(Status::LIMIT)), "{TOO_MANY} ({:?})", Status::LIMIT);
        received
    }

    /// The first that is a `T`. Who knows the channel by another type can send something else, which is dropped.
    fn first(&self, next: impl Fn() -> Result<Envelope, Status>) -> Result<T, Status> {
        loop {
            if let Some(value) = self.read(&next()?) {
                return Ok(value);
            }
        }
    }

    pub(super) fn read(&self, envelope: &Envelope) -> Option<T> {
        (self.travel.read)(envelope).ok()
    }

    /// Appends a value as a record of many; false if it has to be sent by itself, for what it carries, or since something
    /// is wrong with it.
    pub(super) fn write_record(&self, codec: Codec, value: &T, records: &mut Buffer) -> bool {
        let (at, body) = (records.len(), records.len() + ValueHeader::SIZE);
        records.resize(body, 0);
        let written = handle::writing(records, |records| (self.travel.write)(codec, value, records));
        let handles = std::mem::take(&mut records.handles);
        if written.is_err() || !handles.is_empty() {
            handle::release(&handles);
            records.truncate(at);
            return false;
        }
        let len = (records.len() - body) as u32;
        let header = ValueHeader { len, codec: codec.0, fingerprint: self.fingerprint };
        records[at..body].copy_from_slice(&header.to_bytes());
        true
    }

    pub(super) fn read_record(&self, header: &ValueHeader, body: &[u8]) -> Option<T> {
        (self.travel.read_record)(Codec(header.codec), header.fingerprint, body).ok()
    }

    /// A send as an arm of a select; it is valid as long as what was written stands where it is.
    pub(super) fn send_arm(&self, written: &Written) -> Arm {
        written.arm(self.sender_number())
    }

    pub(super) fn recv_arm(&self) -> Arm {
        Arm { kind: Arm::RECEIVE, handle: self.receiver_number(), ..Arm::default() }
    }

    /// The end of the channel, for who sends.
    pub(super) fn closed_arm(&self) -> Arm {
        Arm { kind: Arm::CLOSED, handle: self.sender_number(), ..Arm::default() }
    }

    pub(super) fn info(&self) -> ChannelInfo {
        let handle = if self.receiver_number() == 0 { self.sender_number() } else { self.receiver_number() };
        let gone = ChannelInfo { closed: 1, ..ChannelInfo::default() };
        host::channel_info(handle).unwrap_or(gone)
    }

    /// How many values it has room for.
    pub(super) fn capacity(&self) -> u32 {
        self.capacity.get().unwrap_or_else(|| {
            let capacity = self.info().capacity;
            self.capacity.set(Some(capacity));
            capacity
        })
    }

    pub(super) fn close(&self) -> bool {
        let handle = if self.receiver_number() == 0 { self.sender_number() } else { self.receiver_number() };
        host::channel_close(handle).unwrap_or(false)
    }
}

impl Overflow {
    fn of_the_host(self) -> flower_abi::Overflow {
        match self {
            Overflow::Block => flower_abi::Overflow::Block,
            Overflow::DropNewest => flower_abi::Overflow::DropNewest,
            Overflow::DropOldest => flower_abi::Overflow::DropOldest,
        }
    }
}

/// A select of the host under way, for one task. Dropping it without a look gives it up, and drops what it has brought.
pub(super) struct Started {
    reference: u64,
    wait: Option<CompletionWait>,
}

impl Started {
    /// Starts it; the owner is woken when it is over.
    pub(super) fn new(arms: &[Arm], biased: bool, owner: Owner) -> Result<Started, Status> {
        let reference = host::select_start(arms, if biased { Arm::BIASED } else { 0 }, NEVER)?;
        Ok(Started { reference, wait: Some(CompletionWait::start(reference, owner)) })
    }

    pub(super) fn reference(&self) -> u64 {
        self.reference
    }

    /// What it has brought, if it is over; else the waker is woken then.
    pub(super) fn poll(&mut self, waker: &std::task::Waker) -> Option<Envelope> {
        let wait = self.wait.as_mut()?;
        wait.renew(waker);
        let envelope = wait.take()?;
        self.wait = None;
        Some(envelope)
    }

    /// It was given up already.
    pub(super) fn was_given_up(mut self) {
        self.wait = None;
    }

    /// Gives it up; what it has brought, if it was too late for that.
    pub(super) fn give_up(mut self) -> Option<Envelope> {
        self.end()
    }

    fn end(&mut self) -> Option<Envelope> {
        let mut wait = self.wait.take()?;
        if let Some(envelope) = wait.take() {
            return Some(envelope);
        }
        if host::cancel(self.reference) {
            return None;
        }
        let fields = Filter::KIND | Filter::REFERENCE;
        let completion =
            Filter { fields, kind: Kind::Selected as u32, reference: self.reference, ..Filter::ANY };
        host::receive_next(&[completion], AT_ONCE).ok()
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        drop(self.end());
    }
}

/// Whether a completion says that nothing was sent or received, because the channel is closed.
pub(super) fn says_closed(envelope: &Envelope) -> bool {
    envelope.info().flags & MessageInfo::CLOSED != 0
}

/// Which arm a completion is of.
pub(super) fn arm_of(envelope: &Envelope) -> usize {
    envelope.info().exit_code as usize
}

//! Many values at once, between actors: loops that receive, and `send_all`.
//!
//! Where a channel has much room, a loop over its only receiver takes all that is there in one host call, and
//! `send_all` puts in as much as has room. What a loop has taken and not given out is there for the actor's next receive, and
//! travels with the endpoint if that is sent away.

use std::collections::VecDeque;

use flower_abi::ValueHeader;

use super::remote::Remote;
use super::{Chan, SendError, Sender};
use crate::buffer::Buffer;
use crate::host;

/// Only a channel with so much room: who uses less counts on it.
const CAPACITY_MIN: u32 = 64;
/// Values of a batch.
const VALUES_MAX: u32 = 256;
/// Bytes of a batch, which is no more of a message that it travels with.
const BYTES_MAX: usize = 16 * 1024;

/// Where a loop has the bytes of a batch.
#[derive(Default)]
pub(super) struct Room(Vec<u8>);

impl Room {
    /// Takes what is there, unless that is not wanted or somebody else could receive it.
    #[cold]
    pub(super) fn fill<T>(&mut self, chan: &Chan<T>, remote: &Remote<T>) {
        if remote.capacity() < CAPACITY_MIN {
            return;
        }
        let info = remote.info();
        if info.receivers != 1 || info.len == 0 {
            return;
        }
        self.0.resize(BYTES_MAX, 0);
        // Where the first is too large, or carries handles, it is received by itself.
        let count = host::channel_drain(remote.receiver_number(), &mut self.0, VALUES_MAX).unwrap_or(0);
        let mut records = &self.0[..];
        let values = (0..count).filter_map(|_| {
            let (header, rest) = records.split_first_chunk()?;
            let header = ValueHeader::from_bytes(header);
            let (body, rest) = rest.split_at_checked(header.len as usize)?;
            records = rest;
            remote.read_record(&header, body)
        });
        chan.state.borrow_mut().keep(values.collect());
    }
}

/// Values that are written and not sent yet: each with the length of its record.
struct Batch<T> {
    values: VecDeque<(T, usize)>,
    bytes: Buffer,
    /// The records before it are sent.
    sent: usize,
}

/// Sends all values, as many at a time as there is room for.
pub(super) fn send_all<T>(
    sender: &Sender<T>,
    remote: &Remote<T>,
    values: impl IntoIterator<Item = T>,
) -> Result<(), SendError<T>> {
    let batches = remote.capacity() >= CAPACITY_MIN;
    let mut values = values.into_iter();
    if !batches {
        return values.try_for_each(|value| sender.send(value));
    }
    let mut batch = Batch { values: VecDeque::new(), bytes: Buffer::outgoing(), sent: 0 };
    loop {
        let alone = batch.write(sender, remote, &mut values);
        let is_last =
            alone.is_none() && batch.values.len() < VALUES_MAX as usize && batch.bytes.len() < BYTES_MAX;
        batch.send(sender, remote)?;
        if let Some(value) = alone {
            sender.send(value)?;
        } else if is_last {
            return Ok(());
        }
    }
}

impl<T> Batch<T> {
    /// Adds values until it is full, or there is one that has to be sent by itself.
    fn write(
        &mut self,
        sender: &Sender<T>,
        remote: &Remote<T>,
        values: &mut impl Iterator<Item = T>,
    ) -> Option<T> {
        self.bytes.clear();
        self.sent = 0;
        while self.values.len() < VALUES_MAX as usize && self.bytes.len() < BYTES_MAX {
            let value = values.next()?;
            let at = self.bytes.len();
            if !remote.write_record(sender.chan.codec(), &value, &mut self.bytes) {
                return Some(value);
            }
            self.values.push_back((value, self.bytes.len() - at));
        }
        None
    }

    fn send(&mut self, sender: &Sender<T>, remote: &Remote<T>) -> Result<(), SendError<T>> {
        while !self.values.is_empty() {
            let sent = host::channel_fill(remote.sender_number(), &self.bytes[self.sent..]);
            for _ in 0..sent.unwrap_or(0) {
                self.take_first();
            }
            // Waits for room, or says what is wrong.
            if let Some(first) = self.take_first() {
                sender.send(first)?;
            }
        }
        Ok(())
    }

    fn take_first(&mut self) -> Option<T> {
        let (value, len) = self.values.pop_front()?;
        self.sent += len;
        Some(value)
    }
}

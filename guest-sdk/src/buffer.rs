//! Buffers that are used again: a small receive or send allocates nothing beyond its decoding.
//!
//! An instance keeps one spare buffer for what comes in and one for what goes out. Whoever takes
//! one while it is in use gets a fresh one; dropping it makes it the spare again.

use std::cell::Cell;
use std::ops::{Deref, DerefMut};

use flower_abi::MessageInfo;

use crate::handle;

thread_local! {
    static INCOMING: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
    static OUTGOING: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Room that a buffer for what comes in begins with, beside the header: bodies up to this size cost one
/// host call. It grows with the first larger body, and stays so; what nobody needs costs nobody memory.
const ROOM: usize = 1024;

/// A larger buffer is not kept, or one large message would cost its memory for good.
const KEEP_MAX: usize = MessageInfo::SIZE + 64 * 1024;

/// A byte buffer that returns to its pool.
pub(crate) struct Buffer {
    bytes: Vec<u8>,
    pool: Pool,
    /// Of what goes out: the handles in it.
    pub(crate) handles: Vec<u64>,
}

/// Where a buffer returns to.
#[derive(Clone, Copy)]
enum Pool {
    Incoming,
    Outgoing,
}

impl Buffer {
    /// An empty buffer for what comes in, with room for a header and a body that the host can write to.
    pub(crate) fn incoming() -> Buffer {
        let mut bytes = INCOMING.take();
        if bytes.capacity() < MessageInfo::SIZE + ROOM {
            bytes.reserve_exact(MessageInfo::SIZE + ROOM);
        }
        Buffer { bytes, pool: Pool::Incoming, handles: Vec::new() }
    }

    /// An empty buffer to encode into.
    pub(crate) fn outgoing() -> Buffer {
        Buffer { bytes: OUTGOING.take(), pool: Pool::Outgoing, handles: Vec::new() }
    }

    /// A buffer for what comes in that was lent out by [`Buffer::into_inner`].
    pub(crate) fn from_inner(bytes: Vec<u8>) -> Buffer {
        Buffer { bytes, pool: Pool::Incoming, handles: Vec::new() }
    }

    /// The bytes, which do not return to the pool.
    pub(crate) fn into_inner(mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }
}

impl Deref for Buffer {
    type Target = Vec<u8>;

    fn deref(&self) -> &Vec<u8> {
        &self.bytes
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        if !self.handles.is_empty() {
            handle::release(&self.handles);
        }
        if (1..=KEEP_MAX).contains(&self.bytes.capacity()) {
            self.bytes.clear();
            match self.pool {
                Pool::Incoming => INCOMING.set(std::mem::take(&mut self.bytes)),
                Pool::Outgoing => OUTGOING.set(std::mem::take(&mut self.bytes)),
            }
        }
    }
}

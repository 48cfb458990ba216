//! Buffers that are used again: a small receive or send allocates nothing beyond its decoding.
//!
//! An instance keeps one spare buffer for what comes in and one for what goes out. Whoever takes
//! one while it is in use gets a fresh one; dropping it makes it the spare again.

use std::cell::Cell;
use std::ops::{Deref, DerefMut};
use std::thread::LocalKey;

thread_local! {
    static INCOMING: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
    static OUTGOING: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Room that a buffer for a host call begins with: bodies up to this size cost that call alone.
/// It grows with the first larger body, and stays so; what nobody needs costs nobody memory.
const ROOM: usize = 1024;

/// A larger buffer is not kept, or one large message would cost its memory for good.
const KEEP_MAX: usize = 64 * 1024;

/// A byte buffer that returns to its pool.
pub(crate) struct Buffer {
    bytes: Vec<u8>,
    pool: &'static LocalKey<Cell<Vec<u8>>>,
}

impl Buffer {
    /// An empty buffer for what comes in.
    pub(crate) fn incoming() -> Buffer {
        Buffer { bytes: INCOMING.take(), pool: &INCOMING }
    }

    /// The same, with room that the host can write to.
    pub(crate) fn with_room() -> Buffer {
        let mut buffer = Buffer::incoming();
        buffer.bytes.reserve(ROOM);
        buffer
    }

    /// An empty buffer to encode into.
    pub(crate) fn outgoing() -> Buffer {
        Buffer { bytes: OUTGOING.take(), pool: &OUTGOING }
    }

    /// The bytes alone, without spare room.
    pub(crate) fn into_vec(mut self) -> Vec<u8> {
        if self.bytes.capacity() <= KEEP_MAX {
            return self.bytes.to_vec();
        }
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
        if self.bytes.capacity() <= KEEP_MAX {
            self.bytes.clear();
            self.pool.set(std::mem::take(&mut self.bytes));
        }
    }
}

//! Lists of buffers, as reads and writes get them: pairs of pointer and length in guest memory.

use smallvec::SmallVec;
use wasmtime_wasi::p1::types::Errno;

use super::{Failure, IOVECS_MAX};
use crate::guest_memory::{BadPointer, GuestMemory};

/// Bytes of one pair.
const PAIR: u64 = 8;

/// Buffers that lie in the guest's memory.
pub(super) struct Iovecs(SmallVec<[(u32, u32); 8]>);

impl Iovecs {
    /// The `count` buffers listed at `list`.
    pub(super) fn read(memory: &GuestMemory<'_>, list: u32, count: u32) -> Result<Iovecs, Failure> {
        memory.check(list, u64::from(count) * PAIR)?;
        if count > IOVECS_MAX {
            return Err(Errno::Inval.into());
        }
        let pairs = memory.read(list, count * PAIR as u32)?.chunks_exact(PAIR as usize);
        let buffers = pairs.map(|pair| {
            let (pointer, len) = (word(pair, 0), word(pair, 4));
            memory.check(pointer, len.into()).map(|()| (pointer, len))
        });
        Ok(Iovecs(buffers.collect::<Result<_, BadPointer>>()?))
    }

    /// Bytes of all buffers, but no more than `max`.
    pub(super) fn len(&self, max: u32) -> u32 {
        let sum = self.0.iter().map(|(_, len)| u64::from(*len)).sum::<u64>();
        sum.min(max.into()) as u32
    }

    /// The first `max` bytes, buffer by buffer; empty ones are left out.
    pub(super) fn pieces(&self, max: u32) -> impl Iterator<Item = (u32, u32)> {
        let mut left = max;
        self.0.iter().filter_map(move |(pointer, len)| {
            let len = (*len).min(left);
            left -= len;
            (len > 0).then_some((*pointer, len))
        })
    }

    /// Spreads `bytes` over the buffers.
    pub(super) fn scatter(&self, memory: &mut GuestMemory<'_>, bytes: &[u8]) -> Result<(), BadPointer> {
        let mut rest = bytes;
        for (pointer, len) in self.pieces(bytes.len() as u32) {
            let (piece, behind) = rest.split_at(len as usize);
            memory.write_all(pointer, piece)?;
            rest = behind;
        }
        Ok(())
    }
}

/// The little-endian word in this place of a pair.
fn word(pair: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(pair[at..at + 4].try_into().expect("the slice has just this length"))
}

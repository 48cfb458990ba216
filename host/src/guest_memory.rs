//! Linear memory as the host sees it: the only place where a guest's (pointer, length) becomes a slice.
//!
//! A guest's numbers are not trusted: every access is checked with 64-bit arithmetic, and one
//! outside the memory is a [`BadPointer`], which ends that guest with a reason that names the call's
//! argument. Slices live only as long as the borrow of the store, so none survives a park.

use std::fmt;

/// A guest handed over a pointer or length outside its memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("pointer {pointer:#x} with length {len} is outside the memory of {size} bytes")]
pub(crate) struct BadPointer {
    pointer: u32,
    len: u64,
    size: usize,
}

/// The bytes of one actor's linear memory, for the time of one host call.
pub(crate) struct GuestMemory<'a>(pub(crate) &'a mut [u8]);

impl<'a> GuestMemory<'a> {
    /// The bytes at `pointer`.
    pub(crate) fn read(&self, pointer: u32, len: u32) -> Result<&[u8], BadPointer> {
        let end = pointer as u64 + len as u64;
        self.0.get(pointer as usize..end as usize).ok_or_else(|| self.bad(pointer, len as u64))
    }

    /// The bytes at `pointer`, to be written.
    pub(crate) fn write(&mut self, pointer: u32, len: u32) -> Result<&mut [u8], BadPointer> {
        self.check(pointer, u64::from(len))?;
        Ok(&mut self.0[pointer as usize..][..len as usize])
    }

    /// A structure of `N` bytes at `pointer`.
    pub(crate) fn read_array<const N: usize>(&self, pointer: u32) -> Result<&[u8; N], BadPointer> {
        let bytes = self.read(pointer, N as u32)?;
        Ok(bytes.try_into().expect("the slice has just this length"))
    }

    /// A structure of `N` bytes at `pointer`, to be written.
    pub(crate) fn write_array<const N: usize>(&mut self, pointer: u32) -> Result<&mut [u8; N], BadPointer> {
        let bytes = self.write(pointer, N as u32)?;
        Ok(bytes.try_into().expect("the slice has just this length"))
    }

    /// Writes all of `bytes` to `pointer`.
    pub(crate) fn write_all(&mut self, pointer: u32, bytes: &[u8]) -> Result<(), BadPointer> {
        self.check(pointer, bytes.len() as u64)?;
        self.0[pointer as usize..][..bytes.len()].copy_from_slice(bytes);
        Ok(())
    }

    /// Copies as much of `bytes` as fits into the buffer, all of which must lie in the memory.
    pub(crate) fn write_prefix(
        &mut self,
        pointer: u32,
        capacity: u32,
        bytes: &[u8],
    ) -> Result<usize, BadPointer> {
        let buffer = self.write(pointer, capacity)?;
        let len = bytes.len().min(buffer.len());
        buffer[..len].copy_from_slice(&bytes[..len]);
        Ok(len)
    }

    /// Writes a little-endian u64.
    pub(crate) fn write_u64(&mut self, pointer: u32, value: u64) -> Result<(), BadPointer> {
        self.write_all(pointer, &value.to_le_bytes())
    }

    /// Checks that a buffer lies in the memory, before anything else is done.
    pub(crate) fn check(&self, pointer: u32, len: u64) -> Result<(), BadPointer> {
        let inside = pointer as u64 + len <= self.0.len() as u64;
        if inside { Ok(()) } else { Err(self.bad(pointer, len)) }
    }

    #[cold]
    fn bad(&self, pointer: u32, len: u64) -> BadPointer {
        BadPointer { pointer, len, size: self.0.len() }
    }
}

impl fmt::Debug for GuestMemory<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GuestMemory({} bytes)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_are_inside_and_one_past_is_not() {
        let mut bytes = [0; 16];
        let mut memory = GuestMemory(&mut bytes);
        assert_eq!(memory.read(16, 0), Ok(&[][..]));
        assert!(memory.read(15, 2).is_err());
        assert!(memory.read(17, 0).is_err());
        assert!(memory.write_all(8, &[1; 8]).is_ok());
        assert!(memory.write_all(9, &[1; 8]).is_err());
    }

    #[test]
    fn sums_that_overflow_32_bits_are_refused() {
        let mut bytes = [0; 16];
        let memory = GuestMemory(&mut bytes);
        assert!(memory.read(u32::MAX, u32::MAX).is_err());
        assert!(memory.read(8, u32::MAX - 4).is_err());
        assert!(memory.check(u32::MAX, u64::from(u32::MAX) * 128).is_err());
    }
}

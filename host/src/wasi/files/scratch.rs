//! Memory of the host's own in which a file call runs in place of the guest's.
//!
//! `wasmtime-wasi` reads and writes guest memory by pointer. A call that runs on another thread gets
//! a copy of just the parts that it needs, and pointers into that copy. How an argument crosses is
//! its [`Shape`]; the functions' shapes stand in [`table`](super::table).

use wasmtime_wasi::p1::types::Errno;

use super::Args;
use crate::guest_memory::{BadPointer, GuestMemory};
use crate::wasi::iovec::Iovecs;
use crate::wasi::{Failure, IO_BYTES_MAX, PATH_BYTES_MAX};

/// How one argument crosses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Shape {
    /// A file descriptor.
    Fd,
    /// A number.
    Value,
    /// A pointer and length of a path, which is read.
    Path,
    /// A pointer and length of a buffer, which is written from its start.
    Buffer,
    /// A list of buffers that are written.
    Read,
    /// A list of buffers that are read.
    Write,
    /// A pointer to a result of this many bytes. Behind a `Buffer` or `Read`, the last result is the
    /// number of bytes written there.
    Out(u32),
}

impl Shape {
    /// How many of the function's arguments it takes.
    fn width(self) -> usize {
        match self {
            Shape::Fd | Shape::Value | Shape::Out(_) => 1,
            Shape::Path | Shape::Buffer | Shape::Read | Shape::Write => 2,
        }
    }
}

/// Each shape with the place of its first argument.
pub(super) fn placed(shapes: &'static [Shape]) -> impl Iterator<Item = (Shape, usize)> {
    shapes.iter().scan(0, |next, shape| {
        let at = *next;
        *next += shape.width();
        Some((*shape, at))
    })
}

/// Copies of the guest's inputs, room for its outputs, and the arguments that point to them.
pub(super) struct Scratch {
    /// What has been copied so far; during and after the call, all of it.
    bytes: Vec<u8>,
    /// Bytes of it that count; outputs are made room for on the blocking thread.
    len: usize,
    /// Where they start.
    start: usize,
    args: Args,
}

impl Scratch {
    /// The strictest alignment of anything that WASI reads or writes.
    const ALIGN: usize = 8;

    /// Copies what a call reads, and checks what it writes.
    pub(super) fn place(
        shapes: &'static [Shape],
        memory: &GuestMemory<'_>,
        args: Args,
    ) -> Result<Scratch, Failure> {
        let mut scratch = Scratch { bytes: Vec::new(), len: 0, start: 0, args };
        for (shape, at) in placed(shapes) {
            scratch.place_one(shape, at, memory)?;
        }
        Ok(scratch)
    }

    fn place_one(&mut self, shape: Shape, at: usize, memory: &GuestMemory<'_>) -> Result<(), Failure> {
        // The second is another argument, or nothing, where a shape takes but one.
        let pointer = self.args[at] as u32;
        let len = self.args.get(at + 1).map_or(0, |len| *len as u32);
        match shape {
            Shape::Fd | Shape::Value => {}
            Shape::Path => self.args[at] = self.copy_in(path(memory, pointer, len)?),
            Shape::Buffer => {
                memory.check(pointer, len.into())?;
                // A shorter listing than the guest asked for would look like its end.
                self.args[at] = self.reserve(limited(len)?);
            }
            Shape::Read => {
                let len = Iovecs::read(memory, pointer, len)?.len(IO_BYTES_MAX);
                self.list(at, len);
                self.reserve(len);
            }
            Shape::Write => self.gather(at, &Iovecs::read(memory, pointer, len)?, memory)?,
            Shape::Out(len) => {
                memory.check(pointer, len.into())?;
                self.args[at] = self.reserve(len);
            }
        }
        Ok(())
    }

    /// Makes the argument a list of one buffer, which lies right behind the list.
    fn list(&mut self, at: usize, len: u32) {
        let mut pair = [0; 8];
        let list = self.copy_in(&pair);
        pair[..4].copy_from_slice(&(list as u32 + 8).to_le_bytes());
        pair[4..].copy_from_slice(&len.to_le_bytes());
        self.bytes[list as usize..].copy_from_slice(&pair);
        self.args[at] = list;
        self.args[at + 1] = 1;
    }

    /// Makes the argument a list of one buffer with what all buffers hold.
    fn gather(&mut self, at: usize, from: &Iovecs, memory: &GuestMemory<'_>) -> Result<(), Failure> {
        self.list(at, from.len(IO_BYTES_MAX));
        for (pointer, len) in from.pieces(IO_BYTES_MAX) {
            self.bytes.extend_from_slice(memory.read(pointer, len)?);
        }
        self.len = self.bytes.len();
        Ok(())
    }

    /// Appends these bytes, aligned; returns where.
    fn copy_in(&mut self, bytes: &[u8]) -> u64 {
        let at = self.reserve(bytes.len() as u32) as usize;
        self.bytes.resize(at, 0);
        self.bytes.extend_from_slice(bytes);
        at as u64
    }

    /// Room for this many bytes, aligned; returns where.
    fn reserve(&mut self, len: u32) -> u64 {
        let at = self.len.next_multiple_of(Self::ALIGN);
        self.len = at + len as usize;
        at as u64
    }

    /// The memory as the call sees it, aligned, and the call's arguments; called once.
    pub(super) fn memory(&mut self) -> (&mut [u8], Args) {
        self.bytes.resize(self.len + Self::ALIGN, 0);
        self.start = self.bytes.as_ptr().align_offset(Self::ALIGN);
        // From here on nothing moves the bytes. An allocator aligns them as it is, or nearly.
        self.bytes.copy_within(0..self.len, self.start);
        (&mut self.bytes[self.start..][..self.len], self.args)
    }

    /// Copies what a call that has succeeded wrote to where the guest wanted it.
    pub(super) fn copy_out(
        &self,
        shapes: &'static [Shape],
        memory: &mut GuestMemory<'_>,
        guest: &Args,
    ) -> Result<(), Failure> {
        let written = self.written(shapes);
        for (shape, at) in placed(shapes) {
            let pointer = guest[at] as u32;
            match shape {
                Shape::Out(len) => memory.write_all(pointer, self.slice(self.args[at], len))?,
                Shape::Buffer => memory.write_all(pointer, self.slice(self.args[at], written))?,
                Shape::Read => {
                    let iovecs = Iovecs::read(memory, pointer, guest[at + 1] as u32)?;
                    iovecs.scatter(memory, self.slice(self.args[at] + 8, written))?;
                }
                Shape::Fd | Shape::Value | Shape::Path | Shape::Write => {}
            }
        }
        Ok(())
    }

    /// The last result as a number: of the bytes written, where there are any.
    fn written(&self, shapes: &'static [Shape]) -> u32 {
        match placed(shapes).last() {
            Some((Shape::Out(4), at)) => {
                let bytes = self.slice(self.args[at], 4);
                u32::from_le_bytes(bytes.try_into().expect("the slice has just this length"))
            }
            _ => 0,
        }
    }

    fn slice(&self, at: u64, len: u32) -> &[u8] {
        &self.bytes[self.start..][at as usize..][..len as usize]
    }
}

fn path<'a>(memory: &'a GuestMemory<'_>, pointer: u32, len: u32) -> Result<&'a [u8], Failure> {
    let bytes: Result<&[u8], BadPointer> = memory.read(pointer, len);
    let short = len <= PATH_BYTES_MAX;
    if short {
        Ok(bytes?)
    } else {
        bytes?;
        Err(Errno::Nametoolong.into())
    }
}

fn limited(len: u32) -> Result<u32, Errno> {
    if len <= IO_BYTES_MAX { Ok(len) } else { Err(Errno::Inval) }
}

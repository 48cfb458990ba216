//! Granted directories as a libc finds them at its start: descriptors 3 and up, until `EBADF`.
//!
//! Answered from the configuration: most programs look, and few open anything.

use wasmtime::Caller;
use wasmtime_wasi::p1::types::Errno;

use super::{Outcome, WasiActor, split};

/// Tells that the descriptor is a granted directory, and how long its name is.
pub(super) fn fd_prestat_get<T: WasiActor>(caller: &mut Caller<'_, T>, fd: u32, out: u32) -> Outcome {
    let (mut memory, actor) = split(caller)?;
    let dir = actor.wasi().dir(fd).ok_or(Errno::Badf)?;
    // A tag, 0 for a directory, and the length behind its padding.
    let prestat = (dir.guest.len() as u64) << 32;
    Ok(memory.write_u64(out, prestat)?)
}

/// Writes a granted directory's name, without a terminator.
pub(super) fn fd_prestat_dir_name<T: WasiActor>(
    caller: &mut Caller<'_, T>,
    fd: u32,
    name: u32,
    len: u32,
) -> Outcome {
    let (mut memory, actor) = split(caller)?;
    let dir = actor.wasi().dir(fd).ok_or(Errno::Badf)?;
    memory.check(name, len.into())?;
    if dir.guest.len() > len as usize {
        return Err(Errno::Nametoolong.into());
    }
    Ok(memory.write_all(name, dir.guest.as_bytes())?)
}

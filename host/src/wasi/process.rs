//! Arguments, environment and signals: what a program gets from whoever started it.

use wasmtime::Caller;
use wasmtime_wasi::p1::types::Errno;

use super::{Failure, Outcome, Strings, WasiActor, split};
use crate::policy::Policy;

/// Tells how many arguments there are and how many bytes they take.
pub(super) fn args_sizes_get<T: WasiActor>(caller: &mut Caller<'_, T>, count: u32, bytes: u32) -> Outcome {
    write_sizes(caller, |policy| &policy.args, count, bytes)
}

/// Writes the arguments to `buf`, and where each starts to `pointers`.
pub(super) fn args_get<T: WasiActor>(caller: &mut Caller<'_, T>, pointers: u32, buf: u32) -> Outcome {
    write_strings(caller, |policy| &policy.args, pointers, buf)
}

/// Tells how many environment variables there are and how many bytes they take.
pub(super) fn environ_sizes_get<T: WasiActor>(caller: &mut Caller<'_, T>, count: u32, bytes: u32) -> Outcome {
    write_sizes(caller, |policy| &policy.env, count, bytes)
}

/// Writes the environment to `buf`, and where each variable starts to `pointers`.
pub(super) fn environ_get<T: WasiActor>(caller: &mut Caller<'_, T>, pointers: u32, buf: u32) -> Outcome {
    write_strings(caller, |policy| &policy.env, pointers, buf)
}

/// Actors have exits and links in place of signals.
pub(super) fn proc_raise<T: WasiActor>(_caller: &mut Caller<'_, T>, _signal: u32) -> Outcome {
    Err(Failure::Errno(Errno::Nosys))
}

fn write_sizes<T: WasiActor>(
    caller: &mut Caller<'_, T>,
    choose: fn(&Policy) -> &Strings,
    count: u32,
    bytes: u32,
) -> Outcome {
    let (mut memory, actor) = split(caller)?;
    let strings = choose(&actor.wasi().granted.policy);
    memory.write_all(count, &(strings.starts().len() as u32).to_le_bytes())?;
    memory.write_all(bytes, &(strings.bytes().len() as u32).to_le_bytes())?;
    Ok(())
}

fn write_strings<T: WasiActor>(
    caller: &mut Caller<'_, T>,
    choose: fn(&Policy) -> &Strings,
    pointers: u32,
    buf: u32,
) -> Outcome {
    let (mut memory, actor) = split(caller)?;
    let strings = choose(&actor.wasi().granted.policy);
    let table = memory.write(pointers, strings.starts().len() as u32 * 4)?;
    for (pointer, start) in table.chunks_exact_mut(4).zip(strings.starts()) {
        // A buffer whose end overflows is refused below, before the guest sees these.
        pointer.copy_from_slice(&buf.wrapping_add(*start).to_le_bytes());
    }
    memory.write_all(buf, strings.bytes())?;
    Ok(())
}

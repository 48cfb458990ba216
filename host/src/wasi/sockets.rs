//! Sockets of preview 1, which can only use what the host has opened for the guest: nothing.

use wasmtime::Caller;
use wasmtime_wasi::p1::types::Errno;

use super::{Outcome, WasiActor};

/// Refused.
pub(super) fn sock_accept<T: WasiActor>(
    caller: &mut Caller<'_, T>,
    fd: u32,
    _flags: u32,
    _out: u32,
) -> Outcome {
    refuse(caller, fd)
}

/// Refused.
pub(super) fn sock_recv<T: WasiActor>(
    caller: &mut Caller<'_, T>,
    fd: u32,
    _iovs: u32,
    _count: u32,
    _flags: u32,
    _len: u32,
    _flags_out: u32,
) -> Outcome {
    refuse(caller, fd)
}

/// Refused.
pub(super) fn sock_send<T: WasiActor>(
    caller: &mut Caller<'_, T>,
    fd: u32,
    _iovs: u32,
    _count: u32,
    _flags: u32,
    _len: u32,
) -> Outcome {
    refuse(caller, fd)
}

/// Refused.
pub(super) fn sock_shutdown<T: WasiActor>(caller: &mut Caller<'_, T>, fd: u32, _how: u32) -> Outcome {
    refuse(caller, fd)
}

fn refuse<T: WasiActor>(caller: &mut Caller<'_, T>, fd: u32) -> Outcome {
    let open = caller.data_mut().wasi().may_be_open(fd);
    Err(if open { Errno::Notsup } else { Errno::Badf }.into())
}

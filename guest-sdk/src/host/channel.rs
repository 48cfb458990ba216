//! The host calls of channels.

use flower_abi::{Arm, ChannelInfo, Overflow, SendOptions, Status};

use super::{address, address_mut, done, incoming, length, number, received};
use crate::envelope::Envelope;
use crate::imports;

/// Returns the sending and the receiving endpoint.
pub(crate) fn channel_new(capacity: u32, overflow: Overflow) -> Result<(u64, u64), Status> {
    let mut handles = [0_u64; 2];
    // SAFETY: see the module above.
    done(unsafe { imports::channel_new(capacity, overflow as u32, address_mut(&mut handles)) })?;
    Ok((handles[0], handles[1]))
}

/// Parks if it has to: what need not wait is cheaper by [`channel_try_send`]. A full channel is `TIMED_OUT`.
pub(crate) fn channel_send(
    handle: u64,
    body: &[u8],
    options: &SendOptions,
    deadline: u64,
) -> Result<(), Status> {
    let (body, len) = (address(body), length(body));
    // SAFETY: see the module above.
    done(unsafe { imports::channel_send(handle, body, len, address(options), deadline) })
}

pub(crate) fn channel_try_send(handle: u64, body: &[u8], options: &SendOptions) -> Result<(), Status> {
    let (body, len) = (address(body), length(body));
    // SAFETY: see the module above.
    done(unsafe { imports::channel_try_send(handle, body, len, address(options)) })
}

/// Parks if it has to. An empty channel is `TIMED_OUT`.
pub(crate) fn channel_recv(handle: u64, deadline: u64) -> Result<Envelope, Status> {
    received(incoming(|buffer, capacity, info| {
        // SAFETY: see the module above.
        unsafe { imports::channel_recv(handle, buffer, capacity, info, deadline) }
    }))
}

pub(crate) fn channel_try_recv(handle: u64) -> Result<Envelope, Status> {
    received(incoming(|buffer, capacity, info| {
        // SAFETY: see the module above.
        unsafe { imports::channel_try_recv(handle, buffer, capacity, info) }
    }))
}

/// Returns the arm that was done, and what it brought: its header has the flag `CLOSED` if its channel was closed.
pub(crate) fn select(arms: &[Arm], flags: u32, deadline: u64) -> Result<(usize, Envelope), Status> {
    let mut arm = 0;
    let (list, count) = (address(arms), length(arms));
    let brought = received(incoming(|buffer, capacity, info| {
        // SAFETY: see the module above.
        arm = unsafe { imports::select(list, count, flags, buffer, capacity, info, deadline) };
        arm.min(Status::OK.0)
    }))?;
    Ok((arm as usize, brought))
}

/// Returns the reference that the completion will have.
pub(crate) fn select_start(arms: &[Arm], flags: u32, deadline: u64) -> Result<u64, Status> {
    // SAFETY: see the module above.
    number(unsafe { imports::select_start(address(arms), length(arms), flags, deadline) })
}

/// Sends values, each behind its `ValueHeader`; returns how many were sent.
pub(crate) fn channel_fill(handle: u64, values: &[u8]) -> Result<u64, Status> {
    // SAFETY: see the module above.
    number(unsafe { imports::channel_fill(handle, address(values), length(values)) })
}

/// Receives up to `max` values into `room`, each behind its `ValueHeader`; returns how many.
pub(crate) fn channel_drain(handle: u64, room: &mut [u8], max: u32) -> Result<u64, Status> {
    let capacity = length(room);
    // SAFETY: see the module above.
    number(unsafe { imports::channel_drain(handle, address_mut(room), capacity, max) })
}

/// Whether it was open.
pub(crate) fn channel_close(handle: u64) -> Result<bool, Status> {
    // SAFETY: only numbers go.
    number(i64::from(unsafe { imports::channel_close(handle) })).map(|was_open| was_open == 1)
}

pub(crate) fn channel_info(handle: u64) -> Result<ChannelInfo, Status> {
    let mut info = ChannelInfo::default();
    // SAFETY: see the module above.
    done(unsafe { imports::channel_info(handle, address_mut(&mut info)) })?;
    Ok(info)
}

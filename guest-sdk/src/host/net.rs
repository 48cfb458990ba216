//! The host calls of sockets.

use flower_abi::{NET_KEPT, NetReadiness, Status};

use super::{address, address_mut, done, length, number};
use crate::imports;

pub(crate) fn net_bind(kind: u32, at: &str) -> Result<u64, Status> {
    // SAFETY: see the module above.
    number(unsafe { imports::net_bind(kind, address(at), length(at.as_bytes())) })
}

pub(crate) fn net_connect(kind: u32, to: &str, deadline: u64) -> Result<u64, Status> {
    // SAFETY: as above.
    number(unsafe { imports::net_connect(kind, address(to), length(to.as_bytes()), deadline) })
}

pub(crate) fn net_connect_start(kind: u32, to: &str) -> Result<u64, Status> {
    // SAFETY: as above.
    number(unsafe { imports::net_connect_start(kind, address(to), length(to.as_bytes())) })
}

pub(crate) fn net_connect_next(lookup: u64) -> Result<u64, Status> {
    // SAFETY: it takes no address.
    number(unsafe { imports::net_connect_next(lookup) })
}

pub(crate) fn net_connected(handle: u64) -> Result<(), Status> {
    // SAFETY: it takes no address.
    done(unsafe { imports::net_connected(handle) })
}

pub(crate) fn net_accept(handle: u64, deadline: u64) -> Result<u64, Status> {
    // SAFETY: it takes no address.
    number(unsafe { imports::net_accept(handle, deadline) })
}

pub(crate) fn net_try_accept(handle: u64) -> Result<u64, Status> {
    // SAFETY: it takes no address.
    number(unsafe { imports::net_try_accept(handle) })
}

pub(crate) fn net_read(handle: u64, buffer: &mut [u8], flags: u32, deadline: u64) -> Result<usize, Status> {
    let len = length(buffer);
    // SAFETY: as above.
    number(unsafe { imports::net_read(handle, address_mut(buffer), len, flags, deadline) })
        .map(|read| read as usize)
}

pub(crate) fn net_try_read(handle: u64, buffer: &mut [u8], flags: u32) -> Result<usize, Status> {
    let len = length(buffer);
    // SAFETY: as above.
    number(unsafe { imports::net_try_read(handle, address_mut(buffer), len, flags) })
        .map(|read| read as usize)
}

pub(crate) fn net_write(handle: u64, bytes: &[u8], deadline: u64) -> Result<usize, Status> {
    // SAFETY: as above.
    let written = unsafe { imports::net_write(handle, address(bytes), length(bytes), deadline) };
    number(written).map(|written| written as usize)
}

/// Besides how many: whether TLS keeps some of them.
pub(crate) fn net_try_write(handle: u64, bytes: &[u8]) -> Result<(usize, bool), Status> {
    // SAFETY: as above.
    let written = number(unsafe { imports::net_try_write(handle, address(bytes), length(bytes)) })?;
    Ok(((written % NET_KEPT) as usize, written >= NET_KEPT))
}

pub(crate) fn net_send_to(handle: u64, to: &str, bytes: &[u8], deadline: u64) -> Result<usize, Status> {
    let (at, len) = (address(to), length(to.as_bytes()));
    // SAFETY: as above.
    let sent = unsafe { imports::net_send_to(handle, at, len, address(bytes), length(bytes), deadline) };
    number(sent).map(|sent| sent as usize)
}

/// What came, and from where.
pub(crate) fn net_receive_from(
    handle: u64,
    buffer: &mut [u8],
    deadline: u64,
) -> Result<(usize, String), Status> {
    let (mut from, len) = ([0; 64], length(buffer));
    // SAFETY: as above.
    let received = unsafe {
        imports::net_receive_from(handle, address_mut(buffer), len, address_mut(&mut from[..]), deadline)
    };
    let received = number(received)? as usize;
    let end = from.iter().position(|byte| *byte == 0).unwrap_or(from.len());
    Ok((received, String::from_utf8_lossy(&from[..end]).into_owned()))
}

/// The reference under which it is told.
pub(crate) fn net_ready(handle: u64, readiness: NetReadiness) -> Result<u64, Status> {
    // SAFETY: it takes no address.
    number(unsafe { imports::net_ready(handle, readiness as u32) })
}

pub(crate) fn net_active(handle: u64, mode: u32, count: u32, chunk: u32) -> Result<(), Status> {
    // SAFETY: it takes no address.
    done(unsafe { imports::net_active(handle, mode, count, chunk) })
}

pub(crate) fn net_shutdown(handle: u64, how: u32) -> Result<(), Status> {
    // SAFETY: it takes no address.
    done(unsafe { imports::net_shutdown(handle, how) })
}

pub(crate) fn net_option(handle: u64, option: u32, value: u64) -> Result<(), Status> {
    // SAFETY: it takes no address.
    done(unsafe { imports::net_option(handle, option, value) })
}

pub(crate) fn net_tls(handle: u64, role: u32, name: &str, pem: &[u8], deadline: u64) -> Result<(), Status> {
    let (at, len) = (address(name), length(name.as_bytes()));
    // SAFETY: as above.
    done(unsafe { imports::net_tls(handle, role, at, len, address(pem), length(pem), deadline) })
}

pub(crate) fn net_address(handle: u64, of_peer: bool) -> Result<String, Status> {
    // SAFETY: as above.
    text(|buffer, len| unsafe { imports::net_address(handle, of_peer.into(), buffer, len) })
}

/// The addresses of a name, one on a line: as many as anybody has use for.
pub(crate) fn net_resolve(name: &str, deadline: u64) -> Result<String, Status> {
    let (at, name_len) = (address(name), length(name.as_bytes()));
    // SAFETY: as above.
    lines(|buffer, len| unsafe { imports::net_resolve(at, name_len, buffer, len, deadline) })
}

pub(crate) fn net_resolve_start(name: &str) -> Result<u64, Status> {
    // SAFETY: as above.
    number(unsafe { imports::net_resolve_start(address(name), length(name.as_bytes())) })
}

pub(crate) fn net_resolved(lookup: u64) -> Result<String, Status> {
    // SAFETY: as above.
    lines(|buffer, len| unsafe { imports::net_resolved(lookup, buffer, len) })
}

/// What more there is to say of the last failure.
pub(crate) fn net_error() -> String {
    // SAFETY: as above.
    text(|buffer, len| unsafe { imports::net_error(buffer, len) }).unwrap_or_default()
}

/// A text that a call writes as far as it fits.
fn text(call: impl FnOnce(u32, u32) -> i64) -> Result<String, Status> {
    Ok(cut_text(call)?.0)
}

/// The same, and only whole lines of it.
fn lines(call: impl FnOnce(u32, u32) -> i64) -> Result<String, Status> {
    let (mut text, is_cut) = cut_text(call)?;
    if is_cut {
        text.truncate(text.rfind('\n').unwrap_or(0));
    }
    Ok(text)
}

/// A text, and whether something of it is missing.
fn cut_text(call: impl FnOnce(u32, u32) -> i64) -> Result<(String, bool), Status> {
    let mut buffer = [0_u8; 1024];
    let len = length(&buffer[..]);
    let whole = number(call(address_mut(&mut buffer[..]), len))? as usize;
    let text = String::from_utf8_lossy(&buffer[..whole.min(buffer.len())]).into_owned();
    Ok((text, whole > buffer.len()))
}

//! The host calls of handles.

use flower_abi::Status;

use super::{address_mut, done, length, number};
use crate::imports;

/// Fills `handles` as far as it goes, and returns how many it took.
pub(crate) fn message_handles(handles: &mut [u64]) -> Result<u64, Status> {
    let count = length(handles);
    // SAFETY: see the module above.
    number(unsafe { imports::message_handles(address_mut(handles), count) })
}

pub(crate) fn handle_clone(handle: u64) -> Result<u64, Status> {
    // SAFETY: only numbers go.
    number(unsafe { imports::handle_clone(handle) })
}

/// One that was moved away is closed already.
pub(crate) fn handle_close(handle: u64) {
    // SAFETY: only numbers go.
    let _closed = done(unsafe { imports::handle_close(handle) });
}

//! Encrypting a stream: the handshake parks the actor until both sides agree.

use flower_abi::Status;

use super::{note, socket, until_done};
use crate::guest_memory::GuestMemory;
use crate::host_calls::{Guest, code, split};
use crate::instance::ActorState;
use crate::net::{Socket, TlsRole};

#[expect(clippy::too_many_arguments, reason = "one argument per column of the table")]
pub(in crate::host_calls) async fn net_tls(
    mut guest: Guest<'_>,
    handle: u64,
    role: u32,
    name: u32,
    name_len: u32,
    pem: u32,
    pem_len: u32,
    deadline: u64,
) -> wasmtime::Result<i32> {
    let (memory, state) = split(&mut guest)?;
    let pem = memory.read(pem, pem_len)?;
    let name = memory.read(name, name_len)?;
    let role = match (role, std::str::from_utf8(name)) {
        (0, Ok(name)) => Ok(TlsRole::Client(name)),
        (1, _) => Ok(TlsRole::Server),
        _ => Err(Status::INVALID),
    };
    let started = socket(state, handle).and_then(|socket| {
        let started = socket.start_tls(&state.shared.tls, &role?, pem);
        note(state, started).map(|()| socket)
    });
    let socket = match started {
        Ok(socket) => socket,
        Err(status) => return Ok(status.0),
    };
    let attempt = |_: &mut GuestMemory<'_>, _: &mut ActorState| Ok(socket.try_handshake());
    let done = until_done(&mut guest, &socket, Socket::interest_of_read, deadline, attempt).await?;
    Ok(code(done))
}

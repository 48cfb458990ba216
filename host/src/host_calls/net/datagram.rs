//! Datagrams: to an address that is granted, and from whoever sent one.

use std::net::SocketAddr;

use flower_abi::Status;

use super::open::{address_text, permit};
use super::{note, socket, socket_with_buffer, until_done};
use crate::guest_memory::GuestMemory;
use crate::host_calls::{Guest, number, split};
use crate::instance::ActorState;
use crate::net::{Address, Interest};
use crate::policy::NetOp;

pub(in crate::host_calls) async fn net_send_to(
    mut guest: Guest<'_>,
    handle: u64,
    address: u32,
    address_len: u32,
    buffer: u32,
    len: u32,
    deadline: u64,
) -> wasmtime::Result<i64> {
    let (memory, state) = split(&mut guest)?;
    memory.check(buffer, u64::from(len))?;
    let to = address_text(&memory, address, address_len)?;
    let to = to.and_then(|text| text.parse::<SocketAddr>().map_err(|_| Status::INVALID));
    let both = socket(state, handle).and_then(|socket| Ok((socket, to?)));
    let both = both.and_then(|(socket, to)| {
        let permitted = permit(state, NetOp::Connect, None, &Address::Ip(to));
        note(state, permitted).map(|()| (socket, to))
    });
    let (socket, to) = match both {
        Ok(both) => both,
        Err(status) => return Ok(i64::from(status.0)),
    };
    let attempt = |memory: &mut GuestMemory<'_>, _: &mut ActorState| {
        Ok(socket.try_send_to(memory.read(buffer, len)?, to))
    };
    let sent = until_done(&mut guest, &socket, |_| Interest::Write, deadline, attempt).await?;
    Ok(number(sent.map(|sent| sent as u64)))
}

pub(in crate::host_calls) async fn net_receive_from(
    mut guest: Guest<'_>,
    handle: u64,
    buffer: u32,
    capacity: u32,
    address: u32,
    deadline: u64,
) -> wasmtime::Result<i64> {
    split(&mut guest)?.0.check(address, u64::from(NET_ADDRESS_ROOM))?;
    let socket = match socket_with_buffer(&mut guest, handle, buffer, capacity)? {
        Ok(socket) => socket,
        Err(status) => return Ok(i64::from(status.0)),
    };
    let attempt = |memory: &mut GuestMemory<'_>, _: &mut ActorState| {
        Ok(socket.try_receive_from(memory.write(buffer, capacity)?))
    };
    let received = until_done(&mut guest, &socket, |_| Interest::Read, deadline, attempt).await?;
    let (mut memory, _) = split(&mut guest)?;
    let received = match received {
        Ok((received, from)) => {
            let text = from.map(|from| from.to_string()).unwrap_or_default();
            let place = memory.write(address, NET_ADDRESS_ROOM)?;
            place.fill(0);
            place[..text.len()].copy_from_slice(text.as_bytes());
            Ok(received as u64)
        }
        Err(status) => Err(status),
    };
    Ok(number(received))
}

/// Bytes that the text of an address takes at most, with a zero behind it.
const NET_ADDRESS_ROOM: u32 = 64;

//! What a guest sees of a message: its header and its body, as far as the buffer holds it.

use flower_abi::{MessageInfo, Pid};

use crate::guest_memory::{BadPointer, GuestMemory};
use crate::instance::ActorState;
use crate::shared::Shared;
use crate::signal::Envelope;

/// Writes the header, and returns the sender's pid as it stands there.
pub(crate) fn encode(
    bytes: &mut [u8; MessageInfo::SIZE],
    shared: &Shared,
    message: &Envelope,
) -> [u8; Pid::SIZE] {
    let (body_len, exit_tag, exit_code) = match message.reason() {
        None => (message.body.len(), 0, u32::from(message.arm)),
        Some(reason) => {
            let (tag, code, detail) = reason.wire();
            (detail.len(), tag as u32, code)
        }
    };
    let mut info = MessageInfo {
        kind: message.kind as u32,
        flags: message.flags(),
        len: body_len as u32,
        codec: message.codec,
        fingerprint: message.fingerprint,
        reference: message.reference,
        sender: shared.mint.peer(message.sender, message.sender_tag),
        id: message.id,
        exit_tag,
        exit_code,
        version: 1,
        ..MessageInfo::EMPTY
    };
    if message.wants_reply() {
        info.reply_tag = shared.mint.reply_tag(message.sender, message.reference);
    }
    if let Some(extra) = &message.extra {
        (info.deadline, info.trace_id, info.span_id) = (extra.deadline, extra.trace_id, extra.span_id);
        info.handle_count = extra.handles.0.len() as u32;
        if let Some((event, address_len)) = extra.socket {
            (info.exit_tag, info.exit_code) = (address_len, event as u32);
        }
    }
    info.write_to(bytes);
    info.sender.to_bytes()
}

/// Where a call wants a message: checked before the call does anything.
#[derive(Clone, Copy)]
pub(super) struct Destination {
    pub(super) buffer: u32,
    pub(super) capacity: u32,
    pub(super) info: u32,
}

impl Destination {
    /// Checks that the buffer and the header lie in the memory.
    pub(super) fn check(self, memory: &GuestMemory<'_>) -> Result<(), BadPointer> {
        memory.check(self.buffer, u64::from(self.capacity))?;
        memory.check(self.info, MessageInfo::SIZE as u64)
    }

    /// Writes a message; true if the buffer held all of it.
    pub(super) fn write(
        self,
        memory: &mut GuestMemory<'_>,
        state: &mut ActorState,
        message: &Envelope,
    ) -> Result<bool, BadPointer> {
        let sender = encode(memory.write_array(self.info)?, &state.shared, message);
        state.note_sender(message.sender, sender);
        let body = message.bytes();
        let copied = memory.write_prefix(self.buffer, self.capacity, &body)?;
        Ok(copied == body.len())
    }
}

//! What a guest sees of a message: its header and its body, as far as the buffer holds it.

use flower_abi::{Kind, MessageInfo, Rights};

use crate::guest_memory::{BadPointer, GuestMemory};
use crate::shared::Shared;
use crate::signal::Envelope;

/// The header's bytes.
pub(crate) fn encode(shared: &Shared, message: &Envelope) -> [u8; MessageInfo::SIZE] {
    let (body, exit_tag, exit_code) = message.view();
    let mut bytes = [0; MessageInfo::SIZE];
    let mut put = |at: usize, field: &[u8]| bytes[at..at + field.len()].copy_from_slice(field);
    put(0, &(message.kind as u32).to_le_bytes());
    put(4, &message.flags().to_le_bytes());
    put(8, &(body.len() as u32).to_le_bytes());
    put(12, &message.codec.to_le_bytes());
    put(16, &message.fingerprint.to_le_bytes());
    put(24, &message.reference.to_le_bytes());
    put(32, &shared.mint.mint(message.sender, Rights::PEER).to_bytes());
    if message.request && message.kind == Kind::Message {
        put(64, &shared.mint.reply_tag(message.sender, message.reference).to_le_bytes());
    }
    put(80, &message.id.to_le_bytes());
    if let Some(extra) = &message.extra {
        put(72, &extra.deadline.to_le_bytes());
        put(88, &extra.trace_id);
        put(104, &extra.span_id);
    }
    put(112, &exit_tag.to_le_bytes());
    put(116, &exit_code.to_le_bytes());
    put(124, &1u32.to_le_bytes());
    bytes
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
        shared: &Shared,
        message: &Envelope,
    ) -> Result<bool, BadPointer> {
        memory.write_all(self.info, &encode(shared, message))?;
        let (body, ..) = message.view();
        let copied = memory.write_prefix(self.buffer, self.capacity, &body)?;
        Ok(copied == body.len())
    }
}

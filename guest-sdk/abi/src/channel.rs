//! Channels: the arms of a select, the records of many values at once, and what a channel tells of itself.

/// One arm of a select: 24 bytes.
#[repr(C, align(8))]
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Arm {
    /// [`Arm::SEND`], [`Arm::RECEIVE`], [`Arm::MAILBOX`] or [`Arm::CLOSED`].
    pub kind: u32,
    /// Of a send: address of `SendOptions`, or 0.
    pub options: u32,
    /// The channel's endpoint; nothing for a mailbox.
    pub handle: u64,
    /// Of a send: address of the value's bytes. Of a mailbox: address of an array of `Filter`.
    pub body: u32,
    /// Of a send: their number. Of a mailbox: the number of filters, 0 for every message.
    pub body_len: u32,
}

impl Arm {
    /// Size in linear memory, in bytes.
    pub const SIZE: usize = 24;
    /// Sends a value.
    pub const SEND: u32 = 0;
    /// Receives a value.
    pub const RECEIVE: u32 = 1;
    /// Takes a message out of the actor's own mailbox.
    pub const MAILBOX: u32 = 2;
    /// Waits until nothing can be sent over a channel any more, by either endpoint of it.
    pub const CLOSED: u32 = 3;
    /// Flag of a select: the first arm that can go ahead does; else one of them at random.
    pub const BIASED: u32 = 1;

    /// The arm in these bytes; any bytes are one.
    pub fn from_bytes(bytes: &[u8; Self::SIZE]) -> Arm {
        let word = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        let handle = u64::from(word(8)) | u64::from(word(12)) << 32;
        Arm { kind: word(0), options: word(4), handle, body: word(16), body_len: word(20) }
    }
}

/// What a send does when the channel is full.
#[repr(u32)]
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Overflow {
    /// It waits for room.
    Block = 0,
    /// The value that is sent is dropped, and the send is done.
    DropNewest = 1,
    /// The value that has waited longest is dropped.
    DropOldest = 2,
}

impl Overflow {
    /// The policy with this number.
    pub const fn from_u32(policy: u32) -> Option<Overflow> {
        Some(match policy {
            0 => Overflow::Block,
            1 => Overflow::DropNewest,
            2 => Overflow::DropOldest,
            _ => return None,
        })
    }
}

/// What stands before each value that `channel_fill` reads and `channel_drain` writes: 16 bytes, at any address.
#[repr(C, align(8))]
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ValueHeader {
    /// Length of the value in bytes, which follow at once.
    pub len: u32,
    /// A [`Codec`](crate::Codec).
    pub codec: u32,
    /// Fingerprint of its schema, or 0.
    pub fingerprint: u64,
}

impl ValueHeader {
    /// Size in linear memory, in bytes.
    pub const SIZE: usize = 16;

    /// The header in these bytes; any bytes are one.
    pub fn from_bytes(bytes: &[u8; Self::SIZE]) -> ValueHeader {
        let number = u128::from_le_bytes(*bytes);
        ValueHeader { len: number as u32, codec: (number >> 32) as u32, fingerprint: (number >> 64) as u64 }
    }

    /// The bytes in linear memory.
    pub fn to_bytes(self) -> [u8; Self::SIZE] {
        let number = u128::from(self.len) | u128::from(self.codec) << 32 | u128::from(self.fingerprint) << 64;
        number.to_le_bytes()
    }
}

/// What a channel tells of itself: 56 bytes, written by the host.
#[repr(C, align(8))]
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ChannelInfo {
    /// Number of the channel in its host; reports name it.
    pub id: u64,
    /// Values that it holds.
    pub len: u64,
    /// Bytes of these.
    pub bytes: u64,
    /// How many values it may hold; 0 for a rendezvous.
    pub capacity: u32,
    /// An [`Overflow`].
    pub overflow: u32,
    /// 1 when nothing can be sent any more.
    pub closed: u32,
    /// Sending endpoints, wherever they are.
    pub senders: u32,
    /// Receiving endpoints.
    pub receivers: u32,
    /// Sends that wait for room or for a receiver.
    pub parked_senders: u32,
    /// Receives that wait for a value.
    pub parked_receivers: u32,
    /// 1 when the handle asked about is a receiving endpoint, 0 for a sending one.
    pub is_receiver: u32,
}

impl ChannelInfo {
    /// Size in linear memory, in bytes.
    pub const SIZE: usize = 56;

    /// The bytes in linear memory.
    pub fn to_bytes(&self) -> [u8; Self::SIZE] {
        let mut bytes = [0; Self::SIZE];
        let words = [self.id, self.len, self.bytes];
        let halves = [
            self.capacity,
            self.overflow,
            self.closed,
            self.senders,
            self.receivers,
            self.parked_senders,
            self.parked_receivers,
            self.is_receiver,
        ];
        for (place, word) in bytes.chunks_exact_mut(8).zip(words) {
            place.copy_from_slice(&word.to_le_bytes());
        }
        for (place, half) in bytes[24..].chunks_exact_mut(4).zip(halves) {
            place.copy_from_slice(&half.to_le_bytes());
        }
        bytes
    }
}

const _: () = assert!(size_of::<Arm>() == Arm::SIZE);
const _: () = assert!(size_of::<ValueHeader>() == ValueHeader::SIZE);
const _: () = assert!(size_of::<ChannelInfo>() == ChannelInfo::SIZE);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_read_as_it_was_written() {
        let header = ValueHeader { len: 0x0403_0201, codec: 0x0807_0605, fingerprint: 0x100f_0e0d_0c0b_0a09 };
        let bytes = header.to_bytes();
        assert_eq!(bytes, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
        assert_eq!(ValueHeader::from_bytes(&bytes), header);
    }

    #[test]
    fn the_fields_stand_where_the_layout_has_them() {
        let info = ChannelInfo { id: 1, bytes: 2, capacity: 3, is_receiver: 4, ..ChannelInfo::default() };
        let bytes = info.to_bytes();
        assert_eq!((bytes[0], bytes[16], bytes[24], bytes[52]), (1, 2, 3, 4));
        let mut bytes = [0; Arm::SIZE];
        (bytes[0], bytes[4], bytes[8], bytes[16], bytes[20]) = (1, 2, 3, 4, 5);
        let arm = Arm { kind: 1, options: 2, handle: 3, body: 4, body_len: 5 };
        assert_eq!(Arm::from_bytes(&bytes), arm);
    }
}

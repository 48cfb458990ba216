//! Filters: what a `receive` lets the host look for, by header alone.

use crate::message::MessageInfo;
use crate::pid::Pid;

/// One alternative of a `receive`: a message matches when every field that `fields` names is equal.
#[repr(C, align(8))]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Filter {
    /// Which fields count: [`Filter::KIND`] and the others, added up; 0 matches every message.
    pub fields: u32,
    /// A [`Kind`](crate::Kind).
    pub kind: u32,
    /// Fingerprint of the body's schema.
    pub fingerprint: u64,
    /// Reference that the message completes.
    pub reference: u64,
    /// Who sent it; the rights in the pid do not count.
    pub sender: Pid,
}

impl Filter {
    /// Size in linear memory, in bytes.
    pub const SIZE: usize = 56;
    /// Compare the kind.
    pub const KIND: u32 = 1;
    /// Compare the fingerprint.
    pub const FINGERPRINT: u32 = 2;
    /// Compare the reference.
    pub const REFERENCE: u32 = 4;
    /// Compare the sender.
    pub const SENDER: u32 = 8;
    /// Requests only: messages with the flag [`MessageInfo::REQUEST`].
    pub const REQUEST: u32 = 16;
    /// Matches every message.
    pub const ANY: Filter = Filter { fields: 0, kind: 0, fingerprint: 0, reference: 0, sender: Pid::NONE };

    /// Whether a message with this header matches.
    pub fn matches(&self, info: &MessageInfo) -> bool {
        let wants = |field| self.fields & field != 0;
        (!wants(Self::KIND) || self.kind == info.kind)
            && (!wants(Self::FINGERPRINT) || self.fingerprint == info.fingerprint)
            && (!wants(Self::REFERENCE) || self.reference == info.reference)
            && (!wants(Self::SENDER) || self.sender.same_actor(info.sender))
            && (!wants(Self::REQUEST) || info.flags & MessageInfo::REQUEST != 0)
    }
}

const _: () = assert!(size_of::<Filter>() == Filter::SIZE);

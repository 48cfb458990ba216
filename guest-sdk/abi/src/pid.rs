//! Pids: capabilities that name one life of one actor, as plain data.
//!
//! A pid may be copied, compared, stored and sent. Whoever holds one may do what its [`Rights`]
//! say; the host checks the tag, which only it can make, so that a pid cannot be forged nor its
//! rights widened. Names are the durable identity; a pid ends with its actor and its host.

use core::fmt;

/// What the holder of a pid may do with it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rights(pub u8);

impl Rights {
    /// Send messages and requests.
    pub const SEND: Rights = Rights(1);
    /// Monitor, and so learn of the end and its reason.
    pub const MONITOR: Rights = Rights(2);
    /// Link, stop, kill and send exit signals.
    pub const EXIT: Rights = Rights(4);
    /// Everything: what an actor has on itself, and a spawner on its child.
    pub const ALL: Rights = Rights(7);
    /// What the sender field of a message allows: send and monitor.
    pub const PEER: Rights = Rights(3);

    /// Whether all of `other` is in these rights.
    pub const fn contains(self, other: Rights) -> bool {
        self.0 & other.0 == other.0
    }

    /// The rights that both have.
    #[must_use]
    pub const fn intersection(self, other: Rights) -> Rights {
        Rights(self.0 & other.0)
    }
}

impl fmt::Debug for Rights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (right, letter) in [(Self::SEND, 's'), (Self::MONITOR, 'm'), (Self::EXIT, 'x')] {
            let shown = if self.contains(right) { letter } else { '-' };
            write!(f, "{shown}")?;
        }
        Ok(())
    }
}

/// One life of one actor: 32 bytes of plain data, compared by value.
#[repr(C, align(8))]
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pid {
    /// Which life of which host: random, made when the host is.
    pub incarnation: u64,
    /// The generation of the slot: a number that grows and is never used twice on one host.
    pub serial: u64,
    /// The place in the host's table of actors.
    pub slot: u32,
    /// The node within a cluster; 0 on a single host.
    pub node: u16,
    /// What the holder may do.
    pub rights: Rights,
    /// Version of this layout; 1.
    pub version: u8,
    /// The host's secret over all of the above.
    pub tag: u64,
}

impl Pid {
    /// Size on the wire and in linear memory, in bytes.
    pub const SIZE: usize = 32;
    /// Version of the layout.
    pub const VERSION: u8 = 1;
    /// All zeros: no actor.
    pub const NONE: Pid =
        Pid { incarnation: 0, serial: 0, slot: 0, node: 0, rights: Rights(0), version: 0, tag: 0 };

    /// The bytes in linear memory.
    pub const fn to_bytes(self) -> [u8; Self::SIZE] {
        let mut bytes = [0; Self::SIZE];
        put(&mut bytes, 0, &self.incarnation.to_le_bytes());
        put(&mut bytes, 8, &self.serial.to_le_bytes());
        put(&mut bytes, 16, &self.slot.to_le_bytes());
        put(&mut bytes, 20, &self.node.to_le_bytes());
        bytes[22] = self.rights.0;
        bytes[23] = self.version;
        put(&mut bytes, 24, &self.tag.to_le_bytes());
        bytes
    }

    /// The pid in these bytes; any bytes are a pid, and the host tells whether it is a true one.
    pub const fn from_bytes(bytes: &[u8; Self::SIZE]) -> Pid {
        Pid {
            incarnation: u64_at(bytes, 0),
            serial: u64_at(bytes, 8),
            slot: u64_at(bytes, 16) as u32,
            node: (u64_at(bytes, 16) >> 32) as u16,
            rights: Rights(bytes[22]),
            version: bytes[23],
            tag: u64_at(bytes, 24),
        }
    }

    /// Whether both name the same life of the same actor, whatever rights they carry.
    pub const fn same_actor(self, other: Pid) -> bool {
        self.serial == other.serial && self.incarnation == other.incarnation && self.node == other.node
    }
}

/// Copies `from` to `bytes[at..]`.
const fn put(bytes: &mut [u8], at: usize, from: &[u8]) {
    bytes.split_at_mut(at).1.split_at_mut(from.len()).0.copy_from_slice(from);
}

/// The little-endian u64 at `at`.
const fn u64_at(bytes: &[u8; Pid::SIZE], at: usize) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(bytes.split_at(at).1.split_at(8).0);
    u64::from_le_bytes(word)
}

/// Shows the serial only: a log never holds what would let its reader act.
impl fmt::Display for Pid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}.{}>", self.node, self.serial)
    }
}

impl fmt::Debug for Pid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pid({self} {:?})", self.rights)
    }
}

const _: () = assert!(size_of::<Pid>() == Pid::SIZE);

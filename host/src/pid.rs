//! Minting and checking pids: the host's secret, and nothing else, makes one true.
//!
//! The tag of a pid is SipHash-2-4 (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012)
//! over its other fields under a key drawn when the host is made, so that rights cannot be widened
//! and an actor that nobody handed over cannot be guessed.

use std::hash::Hasher;

use flower_abi::{Pid, Rights, Status};
use siphasher::sip::SipHasher24;

use crate::outside::Outside;

/// One life of one actor within this host. Inside the host ids are trusted and need no tag.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub(crate) struct ActorId {
    pub(crate) slot: u32,
    /// Never used twice; 0 is the host itself.
    pub(crate) serial: u64,
}

impl ActorId {
    /// The host itself, as a sender.
    pub(crate) const HOST: ActorId = ActorId { slot: u32::MAX, serial: 0 };
}

/// Makes and checks the secrets of one host.
pub(crate) struct PidMint {
    incarnation: u64,
    hasher: SipHasher24,
}

impl PidMint {
    /// A mint whose incarnation and key come from the world.
    pub(crate) fn new(outside: &dyn Outside) -> PidMint {
        let incarnation = outside.random();
        PidMint { incarnation, hasher: SipHasher24::new_with_keys(outside.random(), outside.random()) }
    }

    /// The pid of this actor as those see it that it has sent something; a `tag` of other than 0 is the tag.
    pub(crate) fn peer(&self, id: ActorId, tag: u64) -> Pid {
        if tag == 0 || id == ActorId::HOST {
            return self.mint(id, Rights::PEER);
        }
        Pid { tag, ..self.untagged(id, Rights::PEER) }
    }

    /// A pid for this actor with these rights.
    pub(crate) fn mint(&self, id: ActorId, rights: Rights) -> Pid {
        if id == ActorId::HOST {
            return Pid::NONE;
        }
        let mut pid = self.untagged(id, rights);
        pid.tag = self.tag(&pid);
        pid
    }

    fn untagged(&self, id: ActorId, rights: Rights) -> Pid {
        Pid {
            incarnation: self.incarnation,
            serial: id.serial,
            slot: id.slot,
            node: 0,
            rights,
            version: Pid::VERSION,
            tag: 0,
        }
    }

    /// The actor that a pid names, if this host made the pid and it carries these rights.
    pub(crate) fn check(&self, pid: &Pid, needed: Rights) -> Result<ActorId, Status> {
        if pid.version != Pid::VERSION || pid.tag != self.tag(pid) {
            return Err(Status::INVALID_PID);
        }
        if pid.incarnation != self.incarnation || pid.node != 0 {
            return Err(Status::NO_CONNECTION);
        }
        if !pid.rights.contains(needed) {
            return Err(Status::NOT_PERMITTED);
        }
        Ok(ActorId { slot: pid.slot, serial: pid.serial })
    }

    /// The secret in a reply token: binds a reference to the actor that waits on it.
    pub(crate) fn reply_tag(&self, caller: ActorId, reference: u64) -> u64 {
        let mut hasher = self.hasher;
        hasher.write_u64(caller.serial);
        hasher.write_u64(reference);
        hasher.finish()
    }

    fn tag(&self, pid: &Pid) -> u64 {
        let mut hasher = self.hasher;
        hasher.write(&pid.to_bytes()[..24]);
        hasher.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outside::Simulated;

    const ID: ActorId = ActorId { slot: 3, serial: 7 };

    fn mint() -> PidMint {
        PidMint::new(&Simulated::new(Some(1)))
    }

    #[test]
    fn every_changed_bit_makes_a_pid_false() {
        let mint = mint();
        let bytes = mint.mint(ID, Rights::PEER).to_bytes();
        for bit in 0..Pid::SIZE * 8 {
            let mut forged = bytes;
            forged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(mint.check(&Pid::from_bytes(&forged), Rights(0)), Err(Status::INVALID_PID));
        }
        assert_eq!(mint.check(&Pid::from_bytes(&bytes), Rights::SEND), Ok(ID));
    }

    #[test]
    fn rights_are_checked() {
        let mint = mint();
        let peer = mint.mint(ID, Rights::PEER);
        assert_eq!(mint.check(&peer, Rights::EXIT), Err(Status::NOT_PERMITTED));
    }

    #[test]
    fn a_pid_of_another_host_is_false() {
        let other = PidMint::new(&Simulated::new(Some(2)));
        let pid = other.mint(ID, Rights::ALL);
        assert_eq!(mint().check(&pid, Rights::SEND), Err(Status::INVALID_PID));
    }

    #[test]
    fn reply_tags_differ_by_reference_and_caller() {
        let mint = mint();
        let other = ActorId { slot: 3, serial: 8 };
        assert_ne!(mint.reply_tag(ID, 1), mint.reply_tag(ID, 2));
        assert_ne!(mint.reply_tag(ID, 1), mint.reply_tag(other, 1));
    }
}

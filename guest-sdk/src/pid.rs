//! Pids: who to send to, and what one may do with it.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use flower_abi::Rights;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::PidError;
use crate::{hex, host};

/// One life of one actor: plain data that can be copied, compared, kept and sent inside messages.
///
/// A pid is a capability. Nobody can make one up; whoever holds one may do what its [`Rights`] say:
/// all of it for an actor itself and for who spawned it, sending and monitoring for who only knows
/// it as the sender of a message. [`restrict`](Pid::restrict) narrows them before a pid is handed on.
///
/// Two pids are equal when they name the same life of the same actor, whatever rights they carry.
/// They are ordered by when the actors were spawned. `Display` shows the growing serial and never
/// the secret: `<0.17>`.
#[derive(Clone, Copy)]
pub struct Pid(pub(crate) flower_abi::Pid);

impl Pid {
    /// The number that grows with every actor of a host.
    pub fn serial(self) -> u64 {
        self.0.serial
    }

    /// What may be done with it.
    pub fn rights(self) -> Rights {
        self.0.rights
    }

    /// The same pid with no more than these rights.
    ///
    /// # Errors
    /// [`PidError::InvalidPid`] when the host did not make this pid.
    pub fn restrict(self, rights: Rights) -> Result<Pid, PidError> {
        Ok(Pid(host::restrict(self.0, rights)?))
    }

    fn identity(self) -> (u64, u16, u64) {
        (self.0.incarnation, self.0.node, self.0.serial)
    }
}

/// The pid of the calling actor, with all rights.
pub fn self_pid() -> Pid {
    Pid(host::self_pid())
}

/// The actor that spawned the caller, to send to and to monitor; `None` if the host did.
pub fn parent() -> Option<Pid> {
    host::parent().map(Pid)
}

impl PartialEq for Pid {
    fn eq(&self, other: &Pid) -> bool {
        self.identity() == other.identity()
    }
}

impl Eq for Pid {}

impl Hash for Pid {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.identity().hash(state);
    }
}

impl PartialOrd for Pid {
    fn partial_cmp(&self, other: &Pid) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Pid {
    fn cmp(&self, other: &Pid) -> Ordering {
        self.identity().cmp(&other.identity())
    }
}

impl fmt::Display for Pid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Pid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Hexadecimal text in JSON, bytes in the binary codec.
impl Serialize for Pid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        hex::serialize(&self.0.to_bytes(), serializer)
    }
}

impl<'de> Deserialize<'de> for Pid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Pid, D::Error> {
        let bytes = hex::deserialize_array(deserializer)?;
        Ok(Pid(flower_abi::Pid::from_bytes(&bytes)))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn sample(serial: u64, rights: Rights) -> Pid {
        Pid(flower_abi::Pid {
            incarnation: 0xdead_beef,
            serial,
            slot: 3,
            node: 0,
            rights,
            version: 1,
            tag: 0x5ec2e7 + u64::from(rights.0),
        })
    }

    #[test]
    fn json_is_hexadecimal_and_round_trips() {
        let pid = sample(17, Rights::ALL);
        let text = serde_json::to_string(&pid).unwrap();
        assert_eq!(text.len(), 2 + 2 * flower_abi::Pid::SIZE);
        assert_eq!(serde_json::from_str::<Pid>(&text).unwrap().0, pid.0);
    }

    #[test]
    fn binary_round_trips_inside_a_message() {
        let message = (sample(17, Rights::PEER), "x".to_owned());
        let bytes = postcard::to_allocvec(&message).unwrap();
        assert!(bytes.len() < 40);
        let back: (Pid, String) = postcard::from_bytes(&bytes).unwrap();
        assert_eq!((back.0.0, back.1), (message.0.0, message.1));
    }

    #[test]
    fn wrong_lengths_are_errors() {
        assert!(serde_json::from_str::<Pid>("\"00\"").is_err());
        assert!(serde_json::from_str::<Pid>("5").is_err());
    }

    #[test]
    fn equality_ignores_rights() {
        assert_eq!(sample(17, Rights::ALL), sample(17, Rights::PEER));
        assert_ne!(sample(17, Rights::ALL), sample(18, Rights::ALL));
        assert!(sample(17, Rights::ALL) < sample(18, Rights::SEND));
    }

    #[test]
    fn display_shows_the_serial_only() {
        assert_eq!(sample(17, Rights::ALL).to_string(), "<0.17>");
        assert!(!format!("{:?}", sample(17, Rights::ALL)).contains("5ec"));
    }
}

//! Endpoints in messages: how a channel leaves its actor, and how it arrives at another.

use std::collections::VecDeque;
use std::rc::Rc;

use flower_abi::Status;
use serde::de::DeserializeOwned;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::remote::{Remote, Travel};
use super::{Chan, Overflow, Owner, Receiver, Refusal, Sender};
use crate::handle::Handle;

/// Why a channel does not leave its actor.
pub(super) enum Stays {
    Refused(Status),
    Unfit,
}

impl std::fmt::Display for Stays {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Stays::Refused(status) => write!(f, "the host makes no such channel ({status:?})"),
            Stays::Unfit => {
                f.write_str("a value in the channel cannot be written, or the channel holds too many bytes")
            }
        }
    }
}

impl<T> Chan<T> {
    /// One whose endpoint came with a message.
    fn of(remote: Remote<T>, binary: bool) -> Rc<Chan<T>> {
        let chan = Chan::new(0, Overflow::Block);
        let _new = chan.remote.set(Box::new(remote));
        chan.binary.set(binary);
        Rc::new(chan)
    }

    /// The channel in the host, which is made if there is none.
    pub(super) fn promoted(&self, travel: Travel<T>) -> Result<&Remote<T>, Stays> {
        match self.remote.get() {
            Some(remote) => Ok(remote),
            None => self.promote(travel),
        }
    }

    fn promote(&self, travel: Travel<T>) -> Result<&Remote<T>, Stays> {
        let (capacity, overflow, closed) = {
            let state = self.state.borrow();
            (state.capacity, state.overflow, state.closed)
        };
        let remote = Remote::make(capacity, overflow, travel).map_err(Stays::Refused)?;
        let remote = self.remote.get_or_init(|| Box::new(remote));
        self.move_values(remote)?;
        if closed {
            remote.close();
        }
        if self.senders.get() == 0 {
            drop(remote.sender.take());
        }
        if self.receivers.get() == 0 {
            drop(remote.receiver.take());
        }
        let owners = self.state.borrow_mut().disperse();
        owners.into_iter().for_each(Owner::wake);
        Ok(remote)
    }

    /// Sends what it holds into the channel of the host. What has no place there stays with this actor's receivers.
    fn move_values(&self, remote: &Remote<T>) -> Result<(), Stays> {
        let mut values = self.state.borrow_mut().take_all();
        let mut moved = Ok(());
        while let Some(value) = values.front() {
            let sent = remote.write(self.codec(), value).and_then(|written| remote.try_send(&written));
            match sent {
                Ok(()) => drop(values.pop_front()),
                Err(Refusal::Full) => break,
                Err(_) => {
                    moved = Err(Stays::Unfit);
                    break;
                }
            }
        }
        self.state.borrow_mut().keep(values);
        moved
    }
}

impl<T: Serialize + DeserializeOwned> Serialize for Sender<T> {
    /// Only as a part of a message, which gives its receiver an endpoint of the channel.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let remote = self.chan.promoted(Travel::NEW).map_err(S::Error::custom)?;
        let sender = remote.sender.borrow();
        let handle = sender.as_ref().ok_or_else(|| S::Error::custom("the channel has no sender"))?;
        (handle, self.chan.binary.get()).serialize(serializer)
    }
}

impl<T: Serialize + DeserializeOwned> Serialize for Receiver<T> {
    /// Only as a part of a message, which gives its receiver an endpoint of the channel.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let remote = self.chan.promoted(Travel::NEW).map_err(S::Error::custom)?;
        let receiver = remote.receiver.borrow();
        let handle = receiver.as_ref().ok_or_else(|| S::Error::custom("the channel has no receiver"))?;
        // What this actor has taken in advance goes along.
        let taken = self.chan.state.borrow_mut().take_all();
        (handle, taken).serialize(serializer)
    }
}

impl<'de, T: Serialize + DeserializeOwned> Deserialize<'de> for Sender<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Sender<T>, D::Error> {
        let (handle, binary) = <(Handle, bool)>::deserialize(deserializer)?;
        Ok(Sender::new(Chan::of(Remote::arrived(Some(handle), None, Travel::NEW), binary)))
    }
}

impl<'de, T: Serialize + DeserializeOwned> Deserialize<'de> for Receiver<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Receiver<T>, D::Error> {
        let (handle, taken) = <(Handle, VecDeque<T>)>::deserialize(deserializer)?;
        let chan = Chan::of(Remote::arrived(None, Some(handle), Travel::NEW), false);
        chan.state.borrow_mut().keep(taken);
        Ok(Receiver::new(chan))
    }
}

//! Channels of both kinds, so that a guest can do the same with one that never leaves the actor and with one of
//! the host.

use flower::channel::{Overflow, Receiver, Sender, channel_with};
use flower::{receive, self_pid, send, task};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// What a value needs to leave the actor.
pub trait Travels: Serialize + DeserializeOwned + 'static {}

impl<T: Serialize + DeserializeOwned + 'static> Travels for T {}

/// Where a channel is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// In the actor's own memory.
    Actor,
    /// In the host, because an endpoint of it was sent away.
    Host,
}

impl Place {
    /// Both of them.
    pub const ALL: [Place; 2] = [Place::Actor, Place::Host];

    /// A channel at this place.
    pub fn channel<T: Travels>(self, capacity: usize) -> (Sender<T>, Receiver<T>) {
        self.channel_with(capacity, Overflow::Block)
    }

    /// A channel at this place, with a policy.
    pub fn channel_with<T: Travels>(self, capacity: usize, overflow: Overflow) -> (Sender<T>, Receiver<T>) {
        let (tx, rx) = channel_with(capacity, overflow);
        if self == Place::Host {
            send(self_pid(), &tx).expect("there is room for it");
            // What comes back is one more endpoint of the same channel.
            let again: Sender<T> = receive().expect("a sender");
            assert!(again.same_channel(&tx));
        }
        (tx, rx)
    }
}

/// Lets the tasks of this actor go on as far as they can: each has had many turns, and what the host had for them has
/// been looked at many times.
pub fn turns() {
    task::block_on(async {
        for _ in 0..2000 {
            task::yield_now().await;
        }
    });
}

//! Channels at the places where they can be, so that a guest can do the same with each.

use flower::channel::{Overflow, Receiver, Sender, channel_with};

/// Where a channel is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// In the actor's own memory.
    Actor,
}

impl Place {
    /// All of them.
    pub const ALL: [Place; 1] = [Place::Actor];

    /// A channel at this place.
    pub fn channel<T: 'static>(self, capacity: usize) -> (Sender<T>, Receiver<T>) {
        self.channel_with(capacity, Overflow::Block)
    }

    /// A channel at this place, with a policy.
    pub fn channel_with<T: 'static>(self, capacity: usize, overflow: Overflow) -> (Sender<T>, Receiver<T>) {
        match self {
            Place::Actor => channel_with(capacity, overflow),
        }
    }
}

//! Handles: numbers in an actor's own table that stand for something outside of its memory.
//!
//! A handle means nothing to another actor, so none can be made up. What it stands for travels with a message,
//! as descriptors do over a Unix socket: the sender names handles, the host puts what they stand for into the
//! envelope, and the receiver gives it numbers of its own. An endpoint of a channel is duplicated by that; what
//! there is only one of moves. What nobody took is dropped with its message, wherever that ends, so that the
//! counts of endpoints are exact.

use std::collections::HashMap;
use std::sync::Arc;

use flower_abi::Status;
use rustc_hash::FxBuildHasher;
use smallvec::SmallVec;

use crate::actor::Owned;
use crate::channel::{Receiver, Sender};
use crate::net::{Seat, Socket, Transit};

/// What a handle stands for.
#[derive(Debug)]
pub(crate) enum Resource {
    /// The sending endpoint of a channel.
    Sender(Sender),
    /// The receiving endpoint of one.
    Receiver(Receiver),
    /// A socket of this actor.
    Socket(Arc<Seat>),
    /// A socket in a message.
    Moving(Transit),
}

impl Resource {
    /// Another of the same; `None` if there can be only one.
    pub(crate) fn duplicate(&self) -> Option<Resource> {
        Some(match self {
            Resource::Sender(sender) => Resource::Sender(sender.clone()),
            Resource::Receiver(receiver) => Resource::Receiver(receiver.clone()),
            Resource::Socket(_) | Resource::Moving(_) => return None,
        })
    }
}

/// The handles of one actor.
#[derive(Debug, Default)]
pub(crate) struct Handles {
    open: HashMap<u64, Resource, FxBuildHasher>,
    /// Those of sockets that were sent, if only to be refused.
    moved: Vec<u64>,
}

impl Handles {
    /// What a handle stands for.
    pub(crate) fn get(&self, handle: u64) -> Option<&Resource> {
        self.open.get(&handle)
    }

    /// Takes a handle out.
    pub(crate) fn remove(&mut self, handle: u64) -> Option<Resource> {
        self.open.remove(&handle)
    }

    /// The socket that a handle stands for.
    pub(crate) fn socket(&self, handle: u64) -> Option<Arc<Socket>> {
        match self.open.get(&handle)? {
            Resource::Socket(seat) => seat.socket(),
            _ => None,
        }
    }

    /// Forgets the handles of sockets that have been sent away.
    fn forget_left(&mut self) {
        let open = &mut self.open;
        self.moved.retain(|handle| match open.get(handle) {
            Some(Resource::Socket(seat)) if seat.is_left() => open.remove(handle).is_none(),
            Some(_) => true,
            None => false,
        });
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.open.len()
    }

    /// What they stand for, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Resource> {
        self.open.values()
    }
    /// Gives all of them up, the oldest first.
    pub(crate) fn clear(&mut self) {
        let mut all: Vec<(u64, Resource)> = self.open.drain().collect();
        all.sort_unstable_by_key(|(handle, _)| *handle);
    }
}

/// What travels with one message.
#[derive(Debug, Default)]
pub(crate) struct Attached(pub(crate) SmallVec<[Resource; 1]>);

impl Attached {
    /// The message is accepted: what moves with it does not come back.
    pub(crate) fn commit(&mut self) {
        for resource in &mut self.0 {
            if let Resource::Moving(transit) = resource {
                transit.commit();
            }
        }
    }
}

impl Clone for Attached {
    /// A copy of a message comes with what can be duplicated. Who copies one refuses what cannot.
    fn clone(&self) -> Attached {
        Attached(self.0.iter().filter_map(Resource::duplicate).collect())
    }
}

impl Owned {
    /// Gives a resource a handle.
    pub(crate) fn install(&mut self, resource: Resource) -> u64 {
        self.handles.forget_left();
        let handle = self.references.number();
        let resource = match resource {
            Resource::Moving(transit) => match transit.arrive() {
                Some(socket) => {
                    socket.source.belong(self.id(), handle);
                    Resource::Socket(Seat::new(socket))
                }
                None => return handle,
            },
            other => other,
        };
        self.handles.open.insert(handle, resource);
        handle
    }

    /// Whether it may have so many handles more.
    pub(crate) fn has_room_for_handles(&self, more: usize, max: u32) -> bool {
        self.handles.len() + more <= max as usize
    }

    /// What these handles stand for, once more, to travel with a message.
    pub(crate) fn attach(&mut self, mut handles: impl Iterator<Item = u64>) -> Result<Attached, Status> {
        let mut attach = |handle| match self.handles.open.get(&handle).ok_or(Status::NO_HANDLE)? {
            Resource::Socket(seat) => {
                self.handles.moved.push(handle);
                seat.depart().map(Resource::Moving).ok_or(Status::NO_HANDLE)
            }
            other => other.duplicate().ok_or(Status::INVALID),
        };
        handles.try_fold(Attached::default(), |mut attached, handle| {
            attached.0.push(attach(handle)?);
            Ok(attached)
        })
    }
}

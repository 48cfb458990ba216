//! Handles: what an actor holds outside of its memory, and how that travels within messages.
//!
//! A type that owns a [`Handle`] is sent like any other value, alone or deep within another: while a message is
//! written, its handles are put on a list and the body says which; while one is read, they are taken from the list
//! of those that came with it. So every codec will do. What nobody takes is closed with its envelope.

use std::cell::RefCell;
use std::fmt;

use flower_abi::{SendOptions, Status};
use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::buffer::Buffer;
use crate::host;

/// Something outside of the actor's memory, such as an endpoint of a channel. Dropping it closes it.
///
/// It can be a part of any message. In an [`exit`](crate::exit()) value, or out of messages, it cannot be written.
#[derive(PartialEq, Eq, Hash)]
pub struct Handle(u64);

impl Handle {
    /// The handle of this number, which the host has just given to this actor.
    pub(crate) fn own(number: u64) -> Handle {
        Handle(number)
    }

    /// Its number in this actor, which is never used again and means nothing to another.
    pub fn id(&self) -> u64 {
        self.0
    }

    /// Another handle of the same.
    ///
    /// # Errors
    /// [`Status::INVALID`] when there can be only one, [`Status::LIMIT`].
    pub fn try_clone(&self) -> Result<Handle, Status> {
        host::handle_clone(self.0).map(Handle)
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // Of a value that is not understood after all, the handles are there for the next attempt. Of one that is still to
        // be sent, they are closed afterwards.
        if !put_back(self.0) && !postpone(self.0) {
            host::handle_close(self.0);
        }
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Handle({})", self.0)
    }
}

impl Serialize for Handle {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let index = WRITING.with_borrow_mut(|list| {
            let list = list.as_mut()?;
            list.push(self.0);
            Some(list.len() as u32 - 1)
        });
        let index = index.ok_or_else(|| S::Error::custom("a handle can be written into a message only"))?;
        serializer.serialize_u32(index)
    }
}

impl<'de> Deserialize<'de> for Handle {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Handle, D::Error> {
        let index = u32::deserialize(deserializer)?;
        let taken = READING.with_borrow_mut(|list| {
            let slot = list.get_mut(index as usize).filter(|slot| !slot.is_taken)?;
            slot.is_taken = true;
            Some(Handle(slot.number))
        });
        taken.ok_or_else(|| D::Error::custom(format_args!("no handle {index} came with the message")))
    }
}

thread_local! {
    /// The handles of the message that is being written.
    static WRITING: RefCell<Option<Vec<u64>>> = const { RefCell::new(None) };
    /// Those of the one that is being read.
    static READING: RefCell<Vec<Slot>> = const { RefCell::new(Vec::new()) };
}

thread_local! {
    /// The handles in bodies that are written and not yet gone.
    static WRITTEN: RefCell<Vec<Written>> = const { RefCell::new(Vec::new()) };
}

/// A handle in a body, once for each time that it is in one.
struct Written {
    number: u64,
    /// Its owner is gone: it is to be closed with the body.
    is_dropped: bool,
}

/// Leaves the closing to the body that the handle is in; false if it is in none.
fn postpone(number: u64) -> bool {
    WRITTEN.with_borrow_mut(|written| {
        let slot = written.iter_mut().find(|slot| slot.number == number);
        slot.map(|slot| slot.is_dropped = true).is_some()
    })
}

/// A body is gone, and with it what is owed to these handles.
pub(crate) fn release(numbers: &[u64]) {
    for &number in numbers {
        let dropped = WRITTEN.with_borrow_mut(|written| {
            let at = written.iter().position(|slot| slot.number == number)?;
            let gone = written.swap_remove(at);
            Some(gone.is_dropped && !postponed_to_another(written, number))
        });
        if dropped == Some(true) {
            host::handle_close(number);
        }
    }
}

/// Where a handle is in several bodies, the last of them closes it.
fn postponed_to_another(written: &mut [Written], number: u64) -> bool {
    let other = written.iter_mut().find(|slot| slot.number == number);
    other.map(|slot| slot.is_dropped = true).is_some()
}

/// A handle that came with a message.
struct Slot {
    number: u64,
    is_taken: bool,
}

/// Writes a body; the handles in it stay with the buffer.
pub(crate) fn writing<R>(body: &mut Buffer, write: impl FnOnce(&mut Buffer) -> R) -> R {
    debug_assert!(body.handles.is_empty(), "a body is written once");
    let outer = WRITING.replace(Some(Vec::new()));
    let written = write(body);
    let handles = WRITING.replace(outer).unwrap_or_default();
    let added = handles.iter().map(|&number| Written { number, is_dropped: false });
    if !handles.is_empty() {
        WRITTEN.with_borrow_mut(|written| written.extend(added));
    }
    body.handles = handles;
    written
}

/// Lets the handles of a body travel with it, as long as the buffer is there.
pub(crate) fn with_handles(body: &Buffer, options: SendOptions) -> SendOptions {
    if body.handles.is_empty() {
        return options;
    }
    let handle_count = body.handles.len() as u32;
    SendOptions { handles: host::address(body.handles.as_slice()), handle_count, ..options }
}

/// Marks a handle of the message that is being read as not taken; false if it is none.
fn put_back(number: u64) -> bool {
    READING.with_borrow_mut(|list| {
        let slot = list.iter_mut().find(|slot| slot.number == number && slot.is_taken);
        slot.map(|slot| slot.is_taken = false).is_some()
    })
}

/// The handles that came with a message. Dropping it closes those that were not taken.
#[derive(Default)]
pub(crate) struct Arrived(RefCell<Vec<Slot>>);

impl Arrived {
    /// Those of the current message, which are so many.
    pub(crate) fn fetch(count: u32) -> Arrived {
        let mut numbers = vec![0; count as usize];
        // More than the actor may have are lost; then the value that they are a part of cannot be read.
        let fetched = host::message_handles(&mut numbers).unwrap_or(0);
        numbers.truncate(fetched as usize);
        let slots = numbers.into_iter().map(|number| Slot { number, is_taken: false });
        Arrived(RefCell::new(slots.collect()))
    }

    /// Reads a body whose handles these are. What it is not made of after all is there again for another attempt.
    pub(crate) fn reading<R>(&self, read: impl FnOnce() -> R) -> R {
        let outer = READING.replace(self.0.take());
        let value = read();
        self.0.replace(READING.replace(outer));
        value
    }
}

impl Drop for Arrived {
    fn drop(&mut self) {
        for slot in self.0.take().iter().filter(|slot| !slot.is_taken) {
            host::handle_close(slot.number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flower_abi::Codec;

    fn arrived(numbers: &[u64]) -> Arrived {
        let slot = |number: &u64| Slot { number: *number, is_taken: false };
        Arrived(RefCell::new(numbers.iter().map(slot).collect()))
    }

    fn left(arrived: &Arrived) -> Vec<u64> {
        arrived.0.borrow().iter().filter(|slot| !slot.is_taken).map(|slot| slot.number).collect()
    }

    /// Natively nothing can be closed.
    fn forget<T>(value: T) {
        std::mem::forget(value);
    }

    #[test]
    fn handles_travel_deep_within_a_value_in_each_codec() {
        for codec in [Codec::JSON, Codec::BINARY] {
            let value = (5, vec![Some(Handle(70)), None, Some(Handle(60))]);
            let mut body = Buffer::outgoing();
            writing(&mut body, |body| crate::message::write(codec, &value, body)).unwrap();
            assert_eq!(body.handles, [70, 60]);
            assert_eq!(with_handles(&body, SendOptions::RAW).handle_count, 2);
            let arrived = arrived(&[7, 6]);
            let read = arrived.reading(|| crate::message::read(codec, &body));
            let read: (i32, Vec<Option<Handle>>) = read.unwrap();
            let numbers = read.1.iter().map(|handle| handle.as_ref().map(Handle::id));
            assert_eq!((read.0, numbers.collect()), (5, vec![Some(7), None, Some(6)]));
            assert!(left(&arrived).is_empty());
            forget((value, read));
        }
    }

    #[test]
    fn a_handle_is_taken_once_and_there_again_after_a_failure() {
        let arrived = arrived(&[7]);
        let read = |body: &str| arrived.reading(|| serde_json::from_str::<(Handle, Handle)>(body));
        assert!(read("[0,0]").unwrap_err().to_string().contains("no handle 0"));
        assert!(read("[0,1]").is_err());
        assert_eq!(left(&arrived), [7]);
        let one = arrived.reading(|| serde_json::from_str::<Handle>("0")).unwrap();
        assert!(left(&arrived).is_empty());
        forget(one);
    }

    #[test]
    fn what_is_to_be_sent_is_closed_with_its_body() {
        let (handle, kept) = (Handle(70), Handle(60));
        let mut body = Buffer::outgoing();
        writing(&mut body, |body| crate::message::write(Codec::JSON, &(&handle, &kept), body)).unwrap();
        // Natively the close itself would panic.
        drop(handle);
        let closes = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(body)));
        assert!(closes.is_err());
        forget(kept);
    }

    #[test]
    fn out_of_messages_there_are_none() {
        let handle = Handle(1);
        assert!(serde_json::to_string(&handle).is_err());
        assert!(serde_json::from_str::<Handle>("0").is_err());
        forget(handle);
    }
}

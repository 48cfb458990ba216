//! The handler style: an actor that is called once per event and keeps no stack in between.

use std::cell::{Cell, RefCell};
use std::mem::ManuallyDrop;

use flower_abi::Kind;

use crate::buffer::Buffer;
use crate::entry::bad_args;
use crate::{Envelope, Event, Message, exit, host};

/// An actor as a value that handles one event after the other.
///
/// It is smaller and faster than one that runs a loop of receives, and cannot be told from one from
/// outside. In exchange it may not call what parks: `receive`, `call`, `join`, `sleep`. Each has a
/// split form whose completion is a later event: [`start_request`](crate::start_request),
/// [`monitor`](crate::monitor), [`after`](crate::after), [`notify_room`](crate::notify_room).
///
/// ```no_run
/// use flower::{Event, Flow, Handler};
///
/// struct Counter(u64);
///
/// impl Handler for Counter {
///     type Args = u64;
///
///     fn start(first: u64) -> Counter {
///         Counter(first)
///     }
///
///     fn handle(&mut self, event: Event) -> Flow {
///         if let Event::Message(message) = event {
///             self.0 += message.decode().unwrap_or(1_u64);
///             if let Some(reply) = message.reply() {
///                 let _gone = reply.send(&self.0);
///             }
///         }
///         Flow::Continue
///     }
/// }
///
/// flower::handler!(Counter);
///
/// # fn main() {
/// let counter = flower::spawn_handler::<Counter>(5);
/// # }
/// ```
pub trait Handler: Sized + 'static {
    /// What it is spawned with.
    type Args: Message;

    /// Makes it, in its own instance, before the first event.
    fn start(args: Self::Args) -> Self;

    /// Handles one event.
    fn handle(&mut self, event: Event) -> Flow;
}

/// Whether an actor goes on after an event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Flow {
    /// Wait for the next event.
    Continue,
    /// End normally. To end with another reason, [`exit`](crate::exit()).
    Stop,
}

/// A [`Handler`] that the module exports; implemented by [`handler!`](crate::handler!).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not exported",
    note = "write `flower::handler!({Self});`"
)]
pub trait Exported: Handler {
    /// The export that the host enters it by.
    const ENTRY: &'static str;
}

/// Exports a [`Handler`] under its name, or under another one: `handler!(Counter as "counter")`.
///
/// A program may export any number of them.
#[macro_export]
macro_rules! handler {
    ($handler:ident) => {
        $crate::handler!(@ $handler, stringify!($handler));
    };
    ($handler:ty as $entry:literal) => {
        $crate::handler!(@ $handler, $entry);
    };
    (@ $handler:ty, $entry:expr) => {
        const _: () = {
            ::std::thread_local! {
                static HANDLER: ::std::cell::RefCell<::std::option::Option<$handler>> =
                    const { ::std::cell::RefCell::new(::std::option::Option::None) };
            }

            impl $crate::Exported for $handler {
                const ENTRY: &'static str = $entry;
            }

            // SAFETY: a second export of that name is refused by the linker.
            #[cfg(target_family = "wasm")]
            #[unsafe(export_name = $entry)]
            extern "C" fn handle(len: i32) -> i32 {
                HANDLER.with(|handler| $crate::__private::handle(handler, len as u32))
            }

            #[cfg(not(target_family = "wasm"))]
            const _: fn(u32) -> i32 = |len| HANDLER.with(|handler| $crate::__private::handle(handler, len));
        };
    };
}

/// Goes on.
const CONTINUE: i32 = 0;
/// Ends normally.
const STOP: i32 = 1;

/// What a handler's export does: the first event makes it, the others go to it.
#[doc(hidden)]
pub fn handle<H: Handler>(handler: &RefCell<Option<H>>, len: u32) -> i32 {
    crate::entry::start();
    let envelope = host::event(INBOX.take(), len as usize);
    let flow = match &mut *handler.borrow_mut() {
        Some(handler) => match handler.handle(Event::new(envelope)) {
            Flow::Continue => CONTINUE,
            Flow::Stop => STOP,
        },
        none => {
            let flow = start(none, &envelope);
            drop(envelope);
            flow
        }
    };
    INBOX.put(Buffer::incoming().into_inner());
    flow
}

fn start<H: Handler>(handler: &mut Option<H>, envelope: &Envelope) -> i32 {
    debug_assert_eq!(Kind::from_u32(envelope.info().kind), Some(Kind::Start));
    match envelope.decode() {
        Ok(args) => *handler = Some(H::start(args)),
        Err(error) => exit(bad_args(&error)),
    }
    CONTINUE
}

/// Where the host puts an event before it calls the handler: pointer and capacity, as it looks for them.
///
/// The buffer becomes the event's own, and returns here when the event is dropped in time; so an event
/// is copied once, by the host.
#[repr(C)]
struct Inbox {
    pointer: Cell<*mut u8>,
    capacity: Cell<usize>,
}

// SAFETY: an instance has one thread, and the host reads while none of its code runs.
unsafe impl Sync for Inbox {}

// SAFETY: the name is this crate's own.
#[cfg_attr(target_family = "wasm", unsafe(export_name = "flower_inbox"))]
static INBOX: Inbox = Inbox { pointer: Cell::new(std::ptr::null_mut()), capacity: Cell::new(0) };

impl Inbox {
    /// Takes the buffer out, if there is one.
    fn take(&self) -> Option<Vec<u8>> {
        let (pointer, capacity) = (self.pointer.get(), self.capacity.take());
        // SAFETY: `put` took them out of such a vector, and nobody has had them since.
        (capacity > 0).then(|| unsafe { Vec::from_raw_parts(pointer, 0, capacity) })
    }

    /// Lets the host have a buffer.
    fn put(&self, buffer: Vec<u8>) {
        let mut buffer = ManuallyDrop::new(buffer);
        self.pointer.set(buffer.as_mut_ptr());
        self.capacity.set(buffer.capacity());
    }
}

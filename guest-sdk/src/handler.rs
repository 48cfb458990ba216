//! The handler style: an actor that is called once per event and keeps no stack in between.

use std::cell::{RefCell, UnsafeCell};

use flower_abi::{Kind, MessageInfo};

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
    let envelope = take(len);
    match &mut *handler.borrow_mut() {
        Some(handler) => match handler.handle(Event::new(envelope)) {
            Flow::Continue => CONTINUE,
            Flow::Stop => STOP,
        },
        none => start(none, &envelope),
    }
}

fn start<H: Handler>(handler: &mut Option<H>, envelope: &Envelope) -> i32 {
    debug_assert_eq!(Kind::from_u32(envelope.info.kind), Some(Kind::Start));
    match envelope.decode() {
        Ok(args) => *handler = Some(H::start(args)),
        Err(error) => exit(bad_args(&error)),
    }
    CONTINUE
}

/// How many bytes of a body the inbox takes; a longer one costs a host call, and more room would cost
/// every actor of the program another page.
const INBOX_BODY: usize = 1024 - MessageInfo::SIZE;

/// Where the host puts an event before it calls the handler.
#[repr(C, align(8))]
struct Inbox {
    info: MessageInfo,
    body: [u8; INBOX_BODY],
}

struct Shared<T>(UnsafeCell<T>);

// SAFETY: an instance has one thread, and the host writes while none of its code runs.
unsafe impl<T> Sync for Shared<T> {}

static INBOX: Shared<Inbox> =
    Shared(UnsafeCell::new(Inbox { info: MessageInfo::EMPTY, body: [0; INBOX_BODY] }));

/// Pointer and capacity, as the host looks for them.
#[repr(C)]
struct InboxPlace {
    pointer: *mut Inbox,
    capacity: usize,
}

// SAFETY: it is never written.
unsafe impl Sync for InboxPlace {}

// SAFETY: the name is this crate's own.
#[cfg_attr(target_family = "wasm", unsafe(export_name = "flower_inbox"))]
static INBOX_PLACE: InboxPlace = InboxPlace { pointer: INBOX.0.get(), capacity: size_of::<Inbox>() };

/// Takes the event out of the inbox, and what had no room there from the host.
fn take(len: u32) -> Envelope {
    let mut body = Buffer::incoming();
    // SAFETY: nobody holds a reference into the inbox, and the host does not write to it now.
    let inbox = unsafe { &*INBOX_PLACE.pointer };
    if let Some(bytes) = inbox.body.get(..len as usize) {
        body.extend_from_slice(bytes);
    } else {
        host::read_rest(&mut body, len as usize);
    }
    Envelope::new(inbox.info, body)
}

//! Actors in WebAssembly, with Erlang's semantics: the SDK of programs that run under `flower-host`.
//!
//! A program is an ordinary Rust `main`. It spawns actors, each with its own memory, and they
//! exchange messages: every type that serde knows. Nothing is shared, nobody can be stopped by
//! somebody else's endless loop, and an actor that fails takes nobody along who did not ask for it.
//!
//! ```no_run
//! use flower::{Pid, receive, self_pid, send, spawn};
//!
//! fn greeter(reply_to: Pid) {
//!     let name: String = receive().expect("a name");
//!     send(reply_to, &format!("Hello, {name}!")).expect("somebody waits");
//! }
//!
//! fn main() {
//!     let greeter = spawn(greeter, self_pid());
//!     send(greeter, "world").expect("just spawned");
//!     println!("{}", receive::<String>().expect("a greeting"));
//! }
//! ```
//!
//! Build it for `wasm32-wasip1` and run it with `flower-host run`.
//!
//! # Tour
//!
//! - **Spawn**: [`spawn`] runs a function in a new actor and gives its [`Pid`]; [`spawn_link`],
//!   [`spawn_monitor`], [`spawn_after`], [`spawn_join`] are variations, [`Spawn`] has every option.
//! - **Send**: [`send`] never waits and says whether the message was accepted; [`send_wait`] waits for
//!   room. Messages are [`Message`]s: JSON, [`Binary`] or [`Raw`].
//! - **Receive**: [`receive()`] takes the next message, [`receive!`] the next of some types,
//!   [`receive_match`] the next of a shape ([`pattern!`]), [`receive_any`] whatever comes.
//! - **Call**: [`call`] asks and waits for the answer, [`request`] asks and goes on;
//!   [`receive_request`] gives a [`Reply`] to answer with, now, later, or by somebody else.
//! - **Ends**: [`monitor`] and [`link`] tell of them, [`JoinHandle`] waits for one; [`ExitReason`] is why.
//!   [`exit()`], [`stop`] and [`kill`] bring them about.
//! - **Supervision**: a [`Supervisor`](supervisor::Supervisor) starts actors, and starts them again when
//!   they fail: [`supervisor`].
//! - **Names**: [`register`], [`whereis`]. **Time**: [`sleep`], [`send_after`], [`interval`],
//!   [`Instant`].
//! - **Several**: [`join_group`], [`members`] and [`broadcast`] are process groups, [`registry`] finds and stops
//!   actors by type, [`Router`] chooses one of several, [`Pool`] runs a function on many.
//! - **Tasks**: [`task::spawn`] runs futures side by side in one actor. **Channels**: [`channel()`] carries values
//!   between them and between actors, [`select!`] waits for several at once.
//! - **Handlers**: [`Handler`] is the small and fast style of an actor, without a stack of its own.
//! - **Typed actors**: [`#[flower::actor]`](macro@actor) turns the methods of an `impl` block into messages,
//!   and makes a client that has a method for each: `counter.add(2).call()?`. [`Pending`] answers can be
//!   mapped, joined and given deadlines; [`call_method`] calls by name; `testing` runs one natively.
//!
//! # What parks
//!
//! `receive*`, `send_wait`, `call`, `Pending::wait`, `join*`, `sleep` and `yield_now` park the actor:
//! nobody else waits with it. A handler may not call them, and is told what to use instead.
//!
//! Away from wasm the crate compiles, so that it can be checked and documented, and panics when used.

// The macros name the crate by its name, here too.
extern crate self as flower;

// From a function to an actor.
mod spawn;

mod function;
mod handler;
mod join;

pub mod supervisor;

// From actor to actor.
mod send;

mod address;
mod envelope;
mod event;
mod message;
mod pid;
mod receive;

mod call;
mod pattern;
mod pending;

// From methods to messages.
mod actor;

#[cfg(not(target_family = "wasm"))]
pub mod testing;

// Several things at once in an actor, and values between them and between actors.
pub mod channel;
pub mod task;

// Several actors together.
mod group;
mod handle;
mod pool;
pub mod registry;
mod router;

// The outside.
pub mod http;
pub mod net;

// Ends, names and time.
mod exit;
mod link;
mod monitor;
mod name;
mod policy;
mod timer;

mod clock;
mod error;
mod reference;

// Beneath: from Rust to the host calls.
mod entry;

mod budget;
mod buffer;
mod depth;
#[cfg(all(feature = "heap", any(target_family = "wasm", test)))]
mod heap;
mod hex;
mod host;
mod imports;

pub use actor::{
    Actor, ActorRef, BadCall, Call, NoSuchMethod, Protocol, ProtocolMismatch, Version, call_method,
    cast_method,
};
pub use address::Address;
pub use budget::Budget;
pub use call::{Reply, call, request, start_request};
pub use channel::{Overflow, Receiver, Select, Sender, channel, channel_with};
pub use clock::Instant;
pub use entry::start_args;
pub use envelope::Envelope;
pub use error::{
    CallError, GroupError, JoinError, PidError, ReceiveError, RegisterError, SelectError, SendError,
    SpawnError,
};
pub use event::{Answer, Down, Event, ExitSignal};
pub use exit::{ExitReason, ExitValue, exit, exit_signal, is_alive, kill, stop, trap_stop};
pub use function::Function;
pub use group::{Broadcast, broadcast, join_group, join_group_as, leave_group, leave_group_as, members};
pub use handle::Handle;
pub use handler::{Exported, Flow, Handler};
pub use join::{JoinHandle, join_all};
pub use link::{link, trap_exit, unlink};
pub use message::{Binary, Bytes, DecodeError, EncodeError, Message, Raw};
pub use monitor::{demonitor, monitor};
pub use name::{names_of, register, unregister, whereis};
pub use pattern::{Match, Pattern, receive_match, receive_match_timeout};
pub use pending::Pending;
pub use pid::{Pid, parent, self_pid};
pub use policy::{Clock, PermissionDenied};
pub use pool::{Pool, PoolError, Task};
pub use receive::{
    Receive, Request, flush, mailbox_len, poll, receive, receive_any, receive_request, receive_timeout,
};
pub use reference::{MonitorRef, RequestRef, RoomRef, SelectRef, TimerRef};
pub use router::{Router, Routing};
pub use send::{notify_room, send, send_bytes, send_wait};
pub use spawn::{Spawn, Stack, spawn, spawn_after, spawn_handler, spawn_join, spawn_link, spawn_monitor};
pub use timer::{after, cancel_timer, interval, send_after, sleep, tick, yield_now};

pub use flower_abi::exit::{LimitCode, TrapCode};
pub use flower_abi::{Codec, Rights, Status};
pub use flower_macros::{actor, entry, main, receive, select, select_async};

/// What the macros expand to; not for use by hand.
#[doc(hidden)]
pub mod __private {
    pub use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub use crate::actor::{
        AfterEvent, Hooks, Init, Invocation, NoArgs, handle as handle_event, run, spawning,
    };
    pub use crate::actor::{start as start_actor, travels};
    pub use crate::channel::select::{Arm, Done, MailboxArm, Otherwise, RecvArm, Selecting, SendArm};
    pub use crate::entry::{enter, start};
    pub use crate::handler::handle;
    pub use crate::receive::select;
}

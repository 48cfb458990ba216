//! flower-host: WebAssembly-isolated actors with Erlang's guarantees.
//!
//! Each actor is a wasm instance with a linear memory of its own. The [`Host`] schedules actors,
//! routes messages between their mailboxes and keeps failure contained.
//!
//! ```
//! use flower_host::{Codec, Host, Source, Spawn};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let host = Host::new()?;
//! // An actor that answers whatever it is sent, and ends.
//! let echo = host.load("echo", &Source::from_wat(
//!     r#"(module
//!         (import "flower" "receive" (func $receive (param i32 i32 i32 i32 i32 i64) (result i32)))
//!         (import "flower" "send" (func $send (param i32 i32 i32 i32) (result i32)))
//!         (memory (export "memory") 1)
//!         (func (export "_start")
//!             ;; Body to 256, header to 0; the header has the sender's pid at 32, the length at 8.
//!             (drop (call $receive (i32.const 0) (i32.const 0) (i32.const 256) (i32.const 1024)
//!                 (i32.const 0) (i64.const -1)))
//!             (drop (call $send (i32.const 32) (i32.const 256) (i32.load (i32.const 8)) (i32.const 0)))))"#,
//! )?)?;
//! let actor = host.spawn(Spawn::program(&echo))?;
//! let mut mailbox = host.mailbox()?;
//! mailbox.send(actor.pid(), Codec::RAW, b"hello")?;
//! assert_eq!(mailbox.receive().await.body, b"hello");
//! assert_eq!(actor.join().await.to_string(), "normal");
//! # Ok(())
//! # }
//! # tokio::runtime::Runtime::new().unwrap().block_on(run()).unwrap();
//! ```
//!
//! The files stand in the order in which data flows through the host; `docs/ARCHITECTURE.md` walks
//! through them along the life of an actor and the life of a message.

mod error;
mod host;
mod limits;
mod shared;

// From bytes to an actor that runs.
mod address_space;
mod budget;
mod guarded;
mod image;
mod instance;
mod kernel;
mod loaded;
mod memory;
mod module;
mod slab;
mod spawn;
mod stack;

// Running.
mod check;
mod run;
mod scheduler;
mod sync;
mod timer;
mod waker;

// What an actor can do.
mod effects;
mod guest_memory;
mod host_calls;
mod output;
mod policy;
mod wasi;

// From actor to actor.
mod actor;
mod channel;
mod end;
mod exit;
mod gate;
mod group;
mod handle;
mod inbound;
mod mailbox;
mod name;
mod pid;
mod reference;
mod route;
mod signal;

// The program.
#[doc(hidden)]
pub mod cli;

// The outside.
mod clock;
mod crash;
mod http;
mod native;
mod net;
mod observe;
mod outside;
mod status;
mod waits;

pub use budget::Budget;
pub use crash::{
    CrashAncestor, CrashFrame, CrashMailbox, CrashMessage, CrashModule, CrashPeers, CrashReason, CrashReport,
};
pub use error::{BuildError, SpawnError};
pub use exit::{ExitReason, Value};
pub use flower_abi::exit::{LimitCode, TrapCode};
pub use flower_abi::{Codec, Kind, Pid, Rights, Status};
pub use host::{Actor, Host, HostBuilder, Spawn};
pub use http::{HttpOptions, HttpServer, HttpTarget};
pub use instance::{MemoryEngine, ModuleOptions, StackClass};
pub use limits::Limits;
pub use module::{
    ArtifactFault, COMPILE_APART, Cache, CacheStats, ChildCompiler, Entry, EntrySignature, LoadError, Module,
    ModuleHash, Source, Style, TrustedArtifact, compile_apart,
};
pub use native::{CallError, Mailbox, Received, ReplyTo};
pub use observe::Accounts;
pub use output::{Capture, Direct, Inherit, Null, OutputSink, Room, Stream};
pub use policy::{ChildLimits, Clock, NetOp, NetRule, NetRuleError, NetRules, Policy, Random};
pub use status::{ActorState, ActorStatus, AtChannel, ChannelStatus, ChannelWait, SlotStatus};
pub use waits::{CycleStep, WaitsFor};
pub use wasi::{Access, ConfigError, Dir, Dirs, Strings};

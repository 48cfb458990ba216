//! The contract between `flower-host` and its guests, shared by both sides.
//!
//! Everything a guest and the host must agree on stands here and nowhere else: the table of host
//! calls ([`for_each_host_call`]), the layouts that cross linear memory ([`Pid`], [`MessageInfo`],
//! [`SendOptions`], [`SpawnOptions`], [`Filter`], [`group::Progress`], [`Arm`], [`ValueHeader`], [`ChannelInfo`]), the [`Status`] codes and the wire form of
//! [exit reasons](ExitTag). The crate is `no_std` and has no dependencies, so that a guest pays
//! nothing for it. `docs/abi.md` is generated from it.
//!
//! Conventions: all integers are little endian; pointers and lengths are `u32` offsets into the
//! guest's own linear memory; times are nanoseconds of the host's monotonic clock, and a parking
//! call takes the *deadline* ([`NEVER`] waits without end, [`AT_ONCE`] only polls); a result below
//! zero is a [`Status`].
#![no_std]

#[cfg(feature = "doc")]
extern crate std;

mod table;
pub use table::{HOST_CALLS, SIGNATURES, Signature};

pub mod channel;
pub mod exit;
pub mod filter;
pub mod group;
pub mod message;
pub mod pid;
pub mod spawn;
pub mod status;

#[cfg(feature = "doc")]
pub mod doc;

pub use channel::{Arm, ChannelInfo, Overflow, ValueHeader};
pub use exit::ExitTag;
pub use filter::Filter;
pub use message::{
    CALL, Codec, Delivery, FAILURE, HTTP_FRAME, HTTP_REQUEST, Kind, MessageInfo, NetReadiness, RefKind,
    SendOptions, SocketEvent, fingerprint,
};
pub use pid::{Pid, Rights};
pub use spawn::{BudgetOptions, EXPORTS, Exports, GRANTS, RightsOptions, SpawnOptions};
pub use status::Status;

/// Version of the ABI. A row of the table says since which version it is there.
pub const VERSION: u32 = 1;

/// The wasm module name under which every host call is imported.
pub const IMPORT_MODULE: &str = "flower";

/// A deadline that never passes.
pub const NEVER: u64 = u64::MAX;

/// Added to the number of bytes that `net_try_write` has written, if TLS keeps some of them.
pub const NET_KEPT: u64 = 1 << 32;

/// A deadline that has passed already: the call polls and returns at once.
pub const AT_ONCE: u64 = 0;

//! Sockets of actors: TCP, UDP, Unix, and TLS over streams.
//!
//! A socket is a handle of one actor at a time, and closed at its end. All are non-blocking; an operation that cannot go on
//! parks its actor until the [reactor](reactor) hears that the socket is ready ([`source`]). An *active* socket is read on
//! its owner's behalf, and what comes is put into its mailbox (`active`). Names are looked up off the workers, and it is
//! the addresses found that the policy is asked about.

mod active;
mod ahead;
mod error;
mod lookup;
mod option;
mod reactor;
mod seat;
mod socket;
mod source;
mod tls;

pub(crate) use active::{Active, ActiveMode};
pub(crate) use error::{NetError, NetResult};
pub(crate) use lookup::{Lookup, look_up, not_found};
pub(crate) use reactor::Reactor;
pub(crate) use seat::{Seat, Transit};
pub(crate) use socket::{Address, Kind, Socket};
pub(crate) use source::{Interest, Source};
pub(crate) use tls::{TlsConfigs, TlsRole};

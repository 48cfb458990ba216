//! Host calls: registration from the table, and a file per noun with what the calls do.
//!
//! Every call has the same shape: check the arguments, do one thing, answer a status. A bad pointer
//! ends the guest with a trap that names the call. Calls that wait are async and exist in the
//! linker of processes only; in a handler's linker they are refused by name.

mod begun;
mod channel;
mod exit;
mod group;
mod handle;
pub(crate) mod info;
mod lifecycle;
mod link;
mod message;
mod name;
mod net;
mod park;
mod receive;
mod request;
mod select;
mod spawn;
#[cfg(test)]
mod tests;
mod timer;

use std::cell::RefMut;

use flower_abi::exit::TrapCode;
use flower_abi::{IMPORT_MODULE, Rights, Status, for_each_host_call};
use wasmtime::{Caller, Linker};

use crate::actor::Owned;
use crate::exit::{ActorExit, ExitReason};
use crate::guest_memory::{BadPointer, GuestMemory};
use crate::instance::ActorState;
use crate::instance::parked_in_handler;
use crate::pid::ActorId;

use channel::*;
use exit::*;
use group::*;
use handle::*;
use lifecycle::*;
use link::*;
use message::*;
use name::*;
use net::*;
use park::*;
pub(crate) use park::{park_until, park_yield};
use receive::*;
use request::*;
use select::*;
use spawn::*;
use timer::*;

/// The caller of a host call.
type Guest<'a> = Caller<'a, ActorState>;

/// Expands to the registration of every row of the table.
macro_rules! registration {
    ($( $(#[$doc:meta])* $waits:ident fn $name:ident ( $($arg:ident : $ty:ty),* ) -> $ret:ty
        { since: $since:literal, handler: $handler:ident, right: $right:literal, outcome: $outcome:ident } )*) => {
        /// Lets processes make every call.
        pub(crate) fn add_to_process_linker(linker: &mut Linker<ActorState>) -> wasmtime::Result<()> {
            $( register!(process linker $waits $handler $name ( $($arg: $ty),* ) $ret); )*
            Ok(())
        }

        /// Lets handlers make the calls that do not wait.
        pub(crate) fn add_to_handler_linker(linker: &mut Linker<ActorState>) -> wasmtime::Result<()> {
            $( register!(handler linker $waits $handler $name ( $($arg: $ty),* ) $ret); )*
            Ok(())
        }
    };
}

/// Registers one row for one style.
macro_rules! register {
    (process $linker:ident parks $handler:ident $name:ident ( $($arg:ident : $ty:ty),* ) $ret:ty) => {
        $linker.func_wrap_async(
            IMPORT_MODULE,
            stringify!($name),
            |guest: Guest<'_>, ($($arg,)*): ($($ty,)*)| {
                #[cfg(test)]
                tests::strike(guest.data(), stringify!($name));
                Box::new(async move { $name(guest, $($arg),*).await.map_err(|error| named(stringify!($name), error)) })
            },
        )?;
    };
    (handler $linker:ident $waits:ident no $name:ident ( $($arg:ident : $ty:ty),* ) $ret:ty) => {
        $linker.func_wrap(
            IMPORT_MODULE,
            stringify!($name),
            |_: Guest<'_>, $($arg: $ty),*| -> wasmtime::Result<$ret> {
                $( let _ = $arg; )*
                Err(parked_in_handler(stringify!($name)))
            },
        )?;
    };
    ($style:ident $linker:ident $waits:ident $handler:ident $name:ident ( $($arg:ident : $ty:ty),* ) $ret:ty) => {
        $linker.func_wrap(
            IMPORT_MODULE,
            stringify!($name),
            |guest: Guest<'_>, $($arg: $ty),*| -> wasmtime::Result<$ret> {
                #[cfg(test)]
                tests::strike(guest.data(), stringify!($name));
                $name(guest, $($arg),*).map_err(|error| named(stringify!($name), error))
            },
        )?;
    };
}

for_each_host_call!(registration);

/// Names the call in a guest's error with a pointer.
fn named(call: &str, error: wasmtime::Error) -> wasmtime::Error {
    match error.downcast_ref::<BadPointer>() {
        Some(bad) => {
            let message = format!("host call `{call}`: {bad}");
            ActorExit::error(ExitReason::trap(TrapCode::BAD_POINTER, message))
        }
        None => error,
    }
}

/// The caller's memory and state, for the time of one call.
fn split<'a>(guest: &'a mut Guest<'_>) -> wasmtime::Result<(GuestMemory<'a>, &'a mut ActorState)> {
    let memory = match guest.data().memory {
        Some(memory) => memory,
        None => find_memory(guest)?,
    };
    let (bytes, state) = memory.data_and_store_mut(guest);
    Ok((GuestMemory(bytes), state))
}

/// A start function runs before the host has seen the instance.
fn find_memory(guest: &mut Guest<'_>) -> wasmtime::Result<wasmtime::Memory> {
    let export = guest.get_export(flower_abi::spawn::Exports::MEMORY);
    let memory = export.and_then(wasmtime::Extern::into_memory);
    let memory = memory.ok_or_else(|| {
        ActorExit::error(ExitReason::trap(TrapCode::PROTOCOL, "a host call was made without a memory"))
    })?;
    guest.data_mut().memory = Some(memory);
    Ok(memory)
}

/// What the caller owns, after every signal that has come; ends the caller if one of them says so.
fn take_in(state: &ActorState) -> wasmtime::Result<RefMut<'_, Owned>> {
    let cell = state.cell();
    let mut owned = cell.owned();
    state.shared.drain(cell, &mut owned);
    check_dying(&owned)?;
    Ok(owned)
}

/// The actor that a pid in the guest's memory names, if the pid is true and carries these rights.
fn resolve(
    memory: &GuestMemory<'_>,
    state: &mut ActorState,
    pointer: u32,
    needed: Rights,
) -> wasmtime::Result<Result<ActorId, Status>> {
    Ok(state.resolve(memory.read_array(pointer)?, needed))
}

/// A guest's UTF-8 text of at most `max` bytes, or `None` if it is not that.
fn text<'a>(
    memory: &'a GuestMemory<'_>,
    pointer: u32,
    len: u32,
    max: u32,
) -> Result<Option<&'a str>, BadPointer> {
    let bytes = memory.read(pointer, len)?;
    let fits = !bytes.is_empty() && bytes.len() <= max as usize;
    Ok(if fits { std::str::from_utf8(bytes).ok() } else { None })
}

/// The number that a guest sees of a result.
fn code(result: Result<(), Status>) -> i32 {
    match result {
        Ok(()) => Status::OK.0,
        Err(status) => status.0,
    }
}

/// The same for calls that answer a number.
fn number(result: Result<u64, Status>) -> i64 {
    match result {
        Ok(number) => number as i64,
        Err(status) => i64::from(status.0),
    }
}

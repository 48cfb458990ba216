//! Clocks. Time enters through the actor; in deterministic mode it is virtual.

use wasmtime::Caller;
use wasmtime_wasi::p1::types::Errno;

use super::{Outcome, WasiActor, split};

/// The clocks of WASI.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Clock {
    /// Since 1970.
    Realtime,
    /// Never goes back. Also stands for the two clocks of processor time: an actor has no thread of
    /// its own, and how long it ran would be a window to its neighbours.
    Monotonic,
}

impl Clock {
    /// The clock with this number.
    pub(super) fn from_number(number: u32) -> Option<Clock> {
        match number {
            0 => Some(Clock::Realtime),
            1..=3 => Some(Clock::Monotonic),
            _ => None,
        }
    }

    /// What it shows to this actor.
    pub(super) fn now<T: WasiActor>(self, actor: &T) -> u64 {
        match self {
            Clock::Realtime => actor.realtime_ns(),
            Clock::Monotonic => actor.monotonic_ns(),
        }
    }
}

/// Tells the smallest step of a clock: every one counts nanoseconds.
pub(super) fn clock_res_get<T: WasiActor>(caller: &mut Caller<'_, T>, clock: u32, out: u32) -> Outcome {
    Clock::from_number(clock).ok_or(Errno::Inval)?;
    Ok(split(caller)?.0.write_u64(out, 1)?)
}

/// Tells what a clock shows; a precision that the guest would be content with changes nothing.
pub(super) fn clock_time_get<T: WasiActor>(
    caller: &mut Caller<'_, T>,
    clock: u32,
    _precision: u64,
    out: u32,
) -> Outcome {
    let clock = Clock::from_number(clock).ok_or(Errno::Inval)?;
    let (mut memory, actor) = split(caller)?;
    Ok(memory.write_u64(out, clock.now(actor))?)
}

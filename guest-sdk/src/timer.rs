//! Timers: waiting, and messages and signals at a later time.
//!
//! A timer ends with the actor that started it. It never fires early.

use std::time::Duration;

use flower_abi::SendOptions;

use crate::clock::{Instant, period};
use crate::message::outgoing;
use crate::reference::TimerRef;
use crate::{Address, Message, SendError, host};

/// Parks the actor, and nobody else, for this time. `std::thread::sleep` does the same.
///
/// No time at all still lets the others go first, as [`yield_now`]. May not be called in a handler,
/// which has [`after`].
pub fn sleep(duration: Duration) {
    if duration.is_zero() {
        return yield_now();
    }
    host::sleep((Instant::now() + duration).0);
}

/// Lets the other actors that can run do so first. A handler yields by returning.
pub fn yield_now() {
    host::yield_now();
}

/// Sends a message after `delay`. A name is looked up now.
///
/// Its place in the receiver's mailbox is reserved: it will not be refused there.
///
/// # Errors
/// As [`send`](crate::send), and [`SendError::Limit`].
pub fn send_after<'a, M: Message + ?Sized>(
    delay: Duration,
    to: impl Into<Address<'a>>,
    message: &M,
) -> Result<TimerRef, SendError> {
    start(delay, 0, to.into(), message)
}

/// Sends a message every `period`, the first after one period, until it is
/// [cancelled](cancel_timer). A name is looked up now.
///
/// A message that finds the one before still unread is left out.
///
/// # Errors
/// As [`send_after`].
pub fn interval<'a, M: Message + ?Sized>(
    every: Duration,
    to: impl Into<Address<'a>>,
    message: &M,
) -> Result<TimerRef, SendError> {
    start(every, period(every), to.into(), message)
}

/// Lets an [`Event::Timer`](crate::Event::Timer) come to the caller after `delay`.
///
/// # Errors
/// [`SendError::Limit`].
pub fn after(delay: Duration) -> Result<TimerRef, SendError> {
    start_own(delay, 0)
}

/// Lets an [`Event::Timer`](crate::Event::Timer) come to the caller every `period`, until it is
/// [cancelled](cancel_timer).
///
/// # Errors
/// [`SendError::Limit`].
pub fn tick(every: Duration) -> Result<TimerRef, SendError> {
    start_own(every, period(every))
}

/// Cancels exactly this timer. Returns whether it was still to fire; what it has sent stays sent.
pub fn cancel_timer(timer: TimerRef) -> bool {
    host::cancel(timer.id())
}

fn start<M: Message + ?Sized>(
    delay: Duration,
    period: u64,
    to: Address<'_>,
    message: &M,
) -> Result<TimerRef, SendError> {
    let (body, options) = outgoing(message)?;
    let (first, to) = ((Instant::now() + delay).0, to.resolve()?);
    Ok(TimerRef(host::timer_start(first, period, Some(to), &body, &options)?))
}

fn start_own(delay: Duration, period: u64) -> Result<TimerRef, SendError> {
    let first = (Instant::now() + delay).0;
    Ok(TimerRef(host::timer_start(first, period, None, &[], &SendOptions::RAW)?))
}

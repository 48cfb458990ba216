//! The ticker: a thread that counts time while actors run, so that none runs longer than its slice.

use std::sync::atomic::Ordering;
use std::thread;

use super::slice;
use crate::limits::{TICK, TRIM_INTERVAL, TRIMS_BEFORE_REST};
use crate::shared::Shared;

/// Advances the epoch and the tick while a core is in use, and now and then gives unused memory back.
/// Rests once every core sleeps and there is none.
pub(super) fn run(shared: &Shared) {
    slice::shorten();
    let scheduler = &shared.scheduler;
    let mut rounds_to_rest = TRIMS_BEFORE_REST;
    while !scheduler.stopped.load(Ordering::Acquire) {
        let limit = (rounds_to_rest > 0).then_some(TRIM_INTERVAL);
        if scheduler.idle.wait_until_busy(limit, || scheduler.is_stopping()) || scheduler.is_stopping() {
            rounds_to_rest = TRIMS_BEFORE_REST;
            thread::sleep(TICK);
            let ticks = scheduler.ticks.fetch_add(1, Ordering::Relaxed);
            shared.engines.increment_epoch();
            if shared.reactor.is_neglected(ticks) {
                shared.look_at_sockets(ticks);
            }
            if !ticks.is_multiple_of(TRIM_INTERVAL.as_millis() as u64) {
                continue;
            }
        }
        let trimmed = shared.engines.trim(shared.now());
        rounds_to_rest = if trimmed > 0 { TRIMS_BEFORE_REST } else { rounds_to_rest.saturating_sub(1) };
    }
}

//! Models of what the scheduler's threads do to each other, run in every order by loom.
//!
//! The files under test are the host's own, compiled here against [`sync`]. A lost wake is a deadlock,
//! which loom reports; the rest is asserted.

#[allow(dead_code, reason = "the models use a part of it")]
#[path = "../../../../host/src/scheduler/idle.rs"]
mod idle;

mod idling;

mod sync;

/// Threads are interrupted so often in one run, at every place; with no bound the larger models take hours.
const INTERRUPTIONS: usize = 2;

/// Runs a model in every order. `LOOM_MAX_PREEMPTIONS` sets another bound.
fn model(run: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound.get_or_insert(INTERRUPTIONS);
    builder.check(run);
}

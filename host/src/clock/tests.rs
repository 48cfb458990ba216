//! Jumps of the calendar clock, while actors wait for times of every kind.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::{Actor, ExitReason, Host, Null, Source, Spawn};

/// What the calendar clock is ahead of the machine's.
pub(super) static SHIFT_NS: AtomicI64 = AtomicI64::new(0);

/// An hour ahead, an hour behind, and as it is.
const JUMPS: [i64; 3] = [3_600_000_000_000, -3_600_000_000_000, 0];

/// Waits 20 ms in every way that there is, one after the other, and does not stand it if a wait was shorter.
const WAITS: &str = r#"(module
    (import "flower" "now" (func $now (result i64)))
    (import "flower" "sleep" (func $sleep (param i64) (result i32)))
    (import "flower" "receive" (func $receive (param i32 i32 i32 i32 i32 i64) (result i32)))
    (import "flower" "timer_start" (func $timer_start (param i64 i64 i32 i32 i32 i32) (result i64)))
    (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (global $start (mut i64) (i64.const 0))
    (func $in_20_ms (result i64)
        (global.set $start (call $now))
        (i64.add (global.get $start) (i64.const 20000000)))
    (func $check
        (if (i64.lt_u (i64.sub (call $now) (global.get $start)) (i64.const 20000000)) (then unreachable)))
    ;; Relative to the clock of this number.
    (func $poll_clock (param $clock i32)
        (memory.fill (i32.const 0) (i32.const 0) (i32.const 48))
        (i32.store (i32.const 16) (local.get $clock))
        (i64.store (i32.const 24) (i64.const 20000000))
        (drop (call $in_20_ms))
        (if (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128)) (then unreachable))
        (call $check))
    (func (export "run")
        (drop (call $sleep (call $in_20_ms)))
        (call $check)
        (drop (call $receive (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 256) (call $in_20_ms)))
        (call $check)
        (drop (call $timer_start (call $in_20_ms) (i64.const 0) (i32.const 0) (i32.const 0) (i32.const 4) (i32.const 0)))
        (if (call $receive (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 256) (i64.const -1))
            (then unreachable))
        (call $check)
        (call $poll_clock (i32.const 0))
        (call $poll_clock (i32.const 1))))"#;

/// Lets the clock jump until the actor has ended.
async fn jump_beside(actor: Actor) -> Arc<ExitReason> {
    let mut end = pin!(actor.join());
    let mut jumps = JUMPS.into_iter().cycle();
    loop {
        SHIFT_NS.store(jumps.next().expect("they go on"), Ordering::Relaxed);
        tokio::select! {
            reason = &mut end => return reason,
            () = tokio::task::yield_now() => {}
        }
    }
}

#[test]
fn jumps_of_the_calendar_fire_no_timer_early() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let host = Host::builder().workers(2).output(Arc::new(Null)).build().expect("a host");
        let source = Source::from_wat(WAITS).expect("it is text");
        let waits = host.load("waits", &source).expect("it is valid");
        let actors: Vec<Actor> =
            (0..4).map(|_| host.spawn(Spawn::entry(&waits, "run")).expect("there is room")).collect();
        for actor in actors {
            assert_eq!(*jump_beside(actor).await, ExitReason::NORMAL);
        }
        SHIFT_NS.store(0, Ordering::Relaxed);
    });
}

//! Storms: traps by the thousand, and actors that are started again as soon as they have crashed.

use flower_host::ExitReason;

use super::{SPAWN_RUN, attacker, number_of, with_number};
use crate::oracle::{Arena, withstand};
use crate::wat::spawn;

/// Every trap that wasm has, and one of the host's.
const TRAPS: &[&str] = &[
    "unreachable",
    "(drop (i32.load (i32.const 65536)))",
    "(drop (i32.div_s (i32.const 1) (i32.load (i32.const 4096))))",
    "(drop (i32.div_s (i32.const 0x80000000) (i32.const -1)))",
    "(drop (i32.trunc_f32_s (f32.const nan)))",
    "(call_indirect (i32.const 1))",
    "(call_indirect (param i32) (i32.const 0) (i32.const 0))",
    "(drop (table.get (i32.const 9)))",
    "(memory.fill (i32.const 1) (i32.const 0) (i32.const 65536))",
    "(drop (call $self_pid (i32.const -1)))",
];

/// Actors that crash at once, and somebody who starts them again and again.
///
/// `run` traps in the way that its number says. `restarts` has a child of a name of its own, whose number it
/// counts up; it is told of each end and starts the next, as often as its number says.
fn storm() -> String {
    let traps: String = TRAPS
        .iter()
        .enumerate()
        .map(|(at, trap)| format!("(if (i32.eq (local.get 0) (i32.const {at})) (then {trap}))"))
        .collect();
    let count = TRAPS.len();
    format!(
        r#"{SPAWN_RUN}
        (table 2 funcref) (elem (i32.const 0) $nothing) (func $nothing)
        (func $trap (param i32) {traps})
        (func (export "run")
            (drop (call $start_args (i32.const 8192) (i32.const 4) (i32.const 9000)))
            (call $trap (i32.load (i32.const 8192))))
        (func (export "handler") (param i32) (result i32)
            (drop (call $message_read (i32.const 0) (i32.const 8192) (i32.const 4)))
            (call $trap (i32.load (i32.const 8192))) i32.const 0)
        (func (export "restarts")
            (local $left i64) (local $restarts i64)
            (drop (call $start_args (i32.const 512) (i32.const 8) (i32.const 9000)))
            (local.set $left (i64.load (i32.const 512)))
            (call $go)
            ;; Monitored, and registered under a name made of the own pid's serial.
            (i32.store (i32.const 4) (i32.const 2))
            (drop (call $self_pid (i32.const 600)))
            (i64.store (i32.const 700) (i64.or (i64.and (i64.load (i32.const 608)) (i64.const 0x0f0f0f0f0f0f0f0f)) (i64.const 0x3030303030303030)))
            (i32.store (i32.const 48) (i32.const 700)) (i32.store (i32.const 52) (i32.const 8))
            (loop $next
                (i32.store (i32.const 800) (i32.rem_u (i32.wrap_i64 (local.get $restarts)) (i32.const {count})))
                ;; Its name is free, since its end has been told.
                (if (call $spawn (i32.const 0) (i32.const 800) (i32.const 4) (i32.const 900) (i32.const 1000)) (then unreachable))
                (drop (call $receive (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 9000) (i64.const -1)))
                (if (i32.ne (i32.load (i32.const 9000)) (i32.const 2)) (then unreachable))
                (if (i32.ne (i32.load (i32.const 9112)) (i32.const 4)) (then unreachable))
                (local.set $restarts (i64.add (local.get $restarts) (i64.const 1)))
                (br_if $next (i64.lt_u (local.get $restarts) (local.get $left))))
            (call $end_with (local.get $restarts)))"#
    )
}

#[test]
fn traps_of_every_kind_by_the_thousand() {
    withstand(async |arena: &Arena| {
        let storm = attacker(arena, &storm());
        let crash = |number: usize| {
            let entry = ["run", "handler"][number % 2];
            let spawn = with_number(&storm, entry, (number / 2 % TRAPS.len()) as u64);
            arena.host.spawn(spawn).expect("there is room")
        };
        let actors: Vec<_> = (0..4000).map(crash).collect();
        for actor in actors {
            let reason = actor.join().await;
            assert!(matches!(&*reason, ExitReason::Trap { .. }), "{reason:?}");
        }
    });
}

#[test]
fn restarts_as_fast_as_the_crashes() {
    withstand(async |arena: &Arena| {
        let storm = attacker(arena, &storm());
        let crashed = arena.host.accounts().crashed;
        let restarted = number_of(arena, with_number(&storm, "restarts", 3000));
        // A second one that is killed in the middle leaves a child that ends by itself.
        let other = spawn(&arena.host, &storm, "restarts");
        arena.host.kill(other.pid()).expect("the pid has all rights");
        assert_eq!(restarted.await, 3000);
        assert_eq!(*other.join().await, ExitReason::Killed);
        arena.gone().await;
        assert_eq!(arena.host.accounts().crashed - crashed, 3000);
    });
}

//! Bombs of timers: very many, all at once, and at every nanosecond.

use flower_host::ExitReason;

use super::{attacker, number_of, with_number};
use crate::oracle::{Arena, withstand};

/// Starts so many timers as its arguments say. Messages have no body.
const TIMERS: &str = r#"
    (global $left (mut i64) (i64.const 0))
    (func $start (param $deadline i64) (param $period i64)
        (if (i64.le_s (call $timer_start (local.get $deadline) (local.get $period) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))
                (i64.const 0)) (then unreachable)))
    (func $begin
        (drop (call $start_args (i32.const 64) (i32.const 8) (i32.const 256)))
        (global.set $left (i64.load (i32.const 64)))
        (call $go))
    (func $next (result i32)
        (global.set $left (i64.sub (global.get $left) (i64.const 1)))
        (i64.ne (global.get $left) (i64.const 0)))
    ;; In a hundred years; ends with all of them armed.
    (func (export "far")
        (call $begin)
        (loop $more (call $start (i64.const 3153600000000000000) (i64.const 0)) (br_if $more (call $next)))
        (call $end_with (call $references (i32.const 2) (i32.const 0) (i32.const 0))))
    ;; All at the same nanosecond, which is a moment from now; ends when all have come.
    (func (export "at_once") (local $at i64) (local $count i64)
        (call $begin)
        (local.set $count (global.get $left))
        (local.set $at (i64.add (call $now) (i64.const 1000000)))
        (loop $more (call $start (local.get $at) (i64.const 0)) (br_if $more (call $next)))
        (global.set $left (local.get $count))
        (loop $take
            (drop (call $receive (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 512) (i64.const -1)))
            (if (i64.lt_u (call $now) (local.get $at)) (then unreachable))
            (br_if $take (call $next)))
        (call $end_with (call $references (i32.const 2) (i32.const 0) (i32.const 0))))
    ;; Each every nanosecond, for ever.
    (func (export "ticks")
        (call $begin)
        (loop $more (call $start (i64.const 0) (i64.const 1)) (br_if $more (call $next)))
        (loop $take
            (drop (call $receive (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 512) (i64.const -1)))
            (br $take)))
    ;; The same, and nobody reads them.
    (func (export "ticks_unread")
        (call $begin)
        (loop $more (call $start (i64.const 0) (i64.const 1)) (br_if $more (call $next)))
        (drop (call $sleep (i64.const -1))))"#;

#[test]
fn a_million_that_are_far_away() {
    withstand(async |arena: &Arena| {
        let timers = attacker(arena, TIMERS);
        assert_eq!(number_of(arena, with_number(&timers, "far", 1_000_000)).await, 1_000_000);
    });
}

#[test]
fn all_at_the_same_moment() {
    withstand(async |arena: &Arena| {
        let timers = attacker(arena, TIMERS);
        assert_eq!(number_of(arena, with_number(&timers, "at_once", 50_000)).await, 0);
    });
}

#[test]
fn one_at_every_nanosecond() {
    withstand(async |arena: &Arena| {
        let timers = attacker(arena, TIMERS);
        let mut attackers = Vec::new();
        for entry in ["ticks", "ticks_unread", "ticks", "ticks_unread"] {
            attackers.push(arena.watched(with_number(&timers, entry, 50)).await);
        }
        attackers.iter().for_each(|attacker| attacker.begin());
        arena.round().await;
        for attacker in attackers {
            arena.host.kill(attacker.pid()).expect("the pid has all rights");
            assert_eq!(*attacker.end().await, ExitReason::Killed);
        }
    });
}

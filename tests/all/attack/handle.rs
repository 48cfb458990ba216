//! Handles of what is closed, and numbers that were never handles: none is taken for what was opened later.

use super::{attacker, number_of};
use crate::oracle::{Arena, withstand};

/// Opens a channel and, while it is open, tries one of the last 128 handles that are closed, and one that nobody had, with every call
/// that would find a channel. Ends with how many channels there were.
const REUSES: &str = r#"
    (func $try (param $handle i64)
        (if (i32.ne (call $channel_try_send (local.get $handle) (i32.const 0) (i32.const 4) (i32.const 0)) (i32.const -20)) (then (call $mistaken)))
        (if (i32.ne (call $channel_try_recv (local.get $handle) (i32.const 0) (i32.const 4) (i32.const 9000)) (i32.const -20)) (then (call $mistaken)))
        (if (i32.ne (call $channel_info (local.get $handle) (i32.const 9000)) (i32.const -20)) (then (call $mistaken)))
        (if (i64.ne (call $handle_clone (local.get $handle)) (i64.const -20)) (then (call $mistaken)))
        (if (i32.ne (call $handle_close (local.get $handle)) (i32.const -20)) (then (call $mistaken))))
    (func $mistaken unreachable)
    (func (export "reuses") (local $left i64) (local $count i64) (local $at i32)
        (drop (call $start_args (i32.const 512) (i32.const 8) (i32.const 9000)))
        (local.set $left (i64.load (i32.const 512)))
        (call $go)
        (loop $next
            (if (call $channel_new (i32.const 1) (i32.const 0) (i32.const 600)) (then unreachable))
            (if (i64.gt_u (local.get $count) (i64.const 64)) (then
                (local.set $at (i32.and (i32.wrap_i64 (i64.mul (local.get $count) (i64.const 11))) (i32.const 127)))
                (call $try (i64.load (i32.add (i32.const 16384) (i32.shl (local.get $at) (i32.const 3)))))
                (call $try (i64.add (i64.load (i32.const 608)) (i64.const 1)))))
            ;; Its own value is still in it, and nobody else's.
            (if (call $channel_try_send (i64.load (i32.const 600)) (i32.const 512) (i32.const 8) (i32.const 0)) (then unreachable))
            (if (call $channel_try_recv (i64.load (i32.const 608)) (i32.const 520) (i32.const 8) (i32.const 9000)) (then unreachable))
            (local.set $at (i32.shl (i32.and (i32.wrap_i64 (local.get $count)) (i32.const 63)) (i32.const 4)))
            (i64.store offset=16384 (local.get $at) (i64.load (i32.const 600)))
            (i64.store offset=16392 (local.get $at) (i64.load (i32.const 608)))
            (if (call $handle_close (i64.load (i32.const 600))) (then unreachable))
            (if (call $handle_close (i64.load (i32.const 608))) (then unreachable))
            (local.set $count (i64.add (local.get $count) (i64.const 1)))
            (br_if $next (i64.lt_u (local.get $count) (local.get $left))))
        (call $end_with (local.get $count)))"#;

#[test]
fn no_reuse_of_a_handle_is_ever_mistaken() {
    // Each channel has two.
    let count = super::reuses().div_ceil(2);
    withstand(async |arena: &Arena| {
        let reuses = attacker(arena, REUSES);
        let spawn = super::with_number(&reuses, "reuses", count);
        assert_eq!(number_of(arena, spawn).await, count);
    });
}

//! Pids of the dead: however often a slot is used again, none of them is taken for its next owner.

use flower_host::Spawn;

use super::{SPAWN_RUN, attacker, number_of};
use crate::oracle::{Arena, withstand};

/// Spawns, is told of the end, and tries the last 64 pids with every call that would find their owner alive. Ends with how many were never
/// mistaken.
fn text() -> String {
    format!(
        r#"{SPAWN_RUN}
        (func (export "run"))
        (func $try (param $pid i32)
            (if (call $is_alive (local.get $pid)) (then unreachable))
            (if (i32.ne (call $send (local.get $pid) (i32.const 0) (i32.const 4) (i32.const 0)) (i32.const -1)) (then unreachable))
            (if (i64.ne (call $names_of (local.get $pid) (i32.const 9000) (i32.const 8)) (i64.const 0)) (then unreachable)))
        (func (export "reuses") (local $left i64) (local $count i64) (local $at i32)
            (drop (call $start_args (i32.const 512) (i32.const 8) (i32.const 9000)))
            (local.set $left (i64.load (i32.const 512)))
            (i32.store (i32.const 4) (i32.const 2))
            (call $go)
            (loop $next
                (if (call $spawn (i32.const 0) (i32.const 0) (i32.const 0)
                        (i32.add (i32.const 16384) (i32.shl (i32.and (i32.wrap_i64 (local.get $count)) (i32.const 63)) (i32.const 5)))
                        (i32.const 600)) (then unreachable))
                (drop (call $receive (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 9000) (i64.const -1)))
                (local.set $count (i64.add (local.get $count) (i64.const 1)))
                ;; One of the old ones each time; a living child would have the slot of many of them.
                (local.set $at (i32.and (i32.wrap_i64 (i64.mul (local.get $count) (i64.const 11))) (i32.const 63)))
                (if (i64.gt_u (local.get $count) (i64.const 64))
                    (then (call $try (i32.add (i32.const 16384) (i32.shl (local.get $at) (i32.const 5))))))
                (br_if $next (i64.lt_u (local.get $count) (local.get $left))))
            (call $end_with (local.get $count)))"#
    )
}

#[test]
fn no_reuse_is_ever_mistaken() {
    let count = super::reuses();
    withstand(async |arena: &Arena| {
        let reuses = attacker(arena, &text());
        let spawn = super::with_number(&reuses, "reuses", count);
        assert_eq!(number_of(arena, spawn).await, count);
        // The same by an entry that none of them has ever had.
        assert!(arena.host.spawn(Spawn::entry(&reuses, "nobody")).is_err());
    });
}

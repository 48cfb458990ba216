//! Channels with tens of thousands of waiters: all are told when it closes, and nothing is left of those whose actor is killed.

use flower_host::{ExitReason, Spawn};

use super::{attacker, number_of, with_number};
use crate::oracle::{Arena, withstand, withstand_within};

/// Waiters of each actor; there are two.
const WAITERS: u64 = 50_000;

/// Values that are sent to them.
const VALUES: u64 = 1000;

/// Parks receivers at a rendezvous in split form, so many as its arguments say or until it is refused. `told` then sends
/// to the first, closes the channel for the rest, and counts those that were told; `counts` ends with how many there were.
fn parks() -> String {
    format!(
        r#"(func $park (result i64) (local $left i64) (local $parked i64)
            (drop (call $start_args (i32.const 512) (i32.const 8) (i32.const 9000)))
            (local.set $left (i64.load (i32.const 512)))
            (call $go)
            (if (call $channel_new (i32.const 0) (i32.const 0) (i32.const 5000)) (then unreachable))
            ;; An arm that receives.
            (i32.store (i32.const 5100) (i32.const 1)) (i64.store (i32.const 5108) (i64.load (i32.const 5008)))
            (block $refused
                (loop $more
                    (br_if $refused (i64.le_s
                        (call $select_start (i32.const 5100) (i32.const 1) (i32.const 0) (i64.const -1)) (i64.const 0)))
                    (local.set $parked (i64.add (local.get $parked) (i64.const 1)))
                    (br_if $more (i64.lt_u (local.get $parked) (local.get $left)))))
            (local.get $parked))
        (func (export "told") (local $left i64) (local $parked i64)
            (local.set $parked (call $park))
            (local.set $left (i64.const {VALUES}))
            (loop $more
                (if (call $channel_try_send (i64.load (i32.const 5000)) (i32.const 0) (i32.const 8) (i32.const 0)) (then unreachable))
                (local.set $left (i64.sub (local.get $left) (i64.const 1)))
                (br_if $more (i64.ne (local.get $left) (i64.const 0))))
            (if (i32.ne (call $channel_close (i64.load (i32.const 5000))) (i32.const 1)) (then unreachable))
            (local.set $left (local.get $parked))
            (loop $next
                (drop (call $receive (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 9000) (i64.const -1)))
                (local.set $left (i64.sub (local.get $left) (i64.const 1)))
                (br_if $next (i64.ne (local.get $left) (i64.const 0))))
            (if (i64.ne (call $mailbox_len) (i64.const 0)) (then unreachable))
            (call $end_with (local.get $parked)))
        (func (export "counts") (call $end_with (call $park)))
        (func (export "waits") (drop (call $park)) (drop (call $sleep (i64.const -1))))"#
    )
}

#[test]
fn a_hundred_thousand_waiters() {
    withstand(async |arena: &Arena| {
        let parks = attacker(arena, &parks());
        let waits = arena.watched(with_number(&parks, "waits", WAITERS)).await;
        waits.begin();
        assert_eq!(number_of(arena, with_number(&parks, "told", WAITERS)).await, WAITERS);
        arena.host.kill(waits.pid()).expect("the pid has all rights");
        assert_eq!(*waits.end().await, ExitReason::Killed);
        assert_eq!(arena.host.channels(), []);
    });
}

#[test]
fn waiters_past_the_limit_are_refused() {
    withstand_within(
        |limits| limits.channel_waiters_max = 3000,
        async |arena: &Arena| {
            let parks = attacker(arena, &parks());
            for _ in 0..5 {
                let spawn: Spawn = with_number(&parks, "counts", u64::MAX);
                assert_eq!(number_of(arena, spawn).await, 3000);
            }
        },
    );
}

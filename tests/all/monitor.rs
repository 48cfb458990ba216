//! Monitors: one `Down` for each, with the reason, also for those long dead.

use crate::support::{Guest, Mode, guest_tests};

guest_tests! {
    monitor_down,
    reference_listing,
}

/// Monitors one child a hundred times, and counts what comes when it has ended.
const A_HUNDRED_MONITORS: &str = r#"(module
    (import "flower" "spawn" (func $spawn (param i32 i32 i32 i32 i32) (result i32)))
    (import "flower" "send" (func $send (param i32 i32 i32 i32) (result i32)))
    (import "flower" "monitor" (func $monitor (param i32 i32) (result i64)))
    (import "flower" "receive" (func $receive (param i32 i32 i32 i32 i32 i64) (result i32)))
    (import "flower" "now" (func $now (result i64)))
    (memory (export "memory") 1)
    (data (i32.const 0) "\01") (data (i32.const 16) "\00\10\00\00\05") (data (i32.const 0x1000) "child")
    (func $next (param $deadline i64) (result i32)
        (call $receive (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 1024) (local.get $deadline)))
    (func (export "child") (drop (call $next (i64.const -1))))
    (func (export "_start") (local $left i32) (local $seen i64)
        (drop (call $spawn (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 512) (i32.const 0)))
        (local.set $left (i32.const 100))
        (loop $again
            (if (i64.le_s (call $monitor (i32.const 512) (i32.const 0)) (i64.const 0)) (then unreachable))
            (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
        (drop (call $send (i32.const 512) (i32.const 0) (i32.const 0) (i32.const 0)))
        ;; Each is a DOWN (kind 2), normal (tag 0), of another reference (at 24 of the header).
        (local.set $left (i32.const 100))
        (loop $again
            (drop (call $next (i64.const -1)))
            (if (i32.ne (i32.load (i32.const 1024)) (i32.const 2)) (then unreachable))
            (if (i32.load (i32.const 1136)) (then unreachable))
            (if (i64.eq (i64.load (i32.const 1048)) (local.get $seen)) (then unreachable))
            (local.set $seen (i64.load (i32.const 1048)))
            (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
        ;; And that was all.
        (if (i32.eqz (call $next (i64.add (call $now) (i64.const 10000000)))) (then unreachable))))"#;

#[test]
fn down_comes_once() {
    for mode in [Mode::Deterministic, Mode::Seeded(1), Mode::Threads] {
        Guest::wat("watcher", A_HUNDRED_MONITORS).run(mode).expect_success();
    }
}

//! Spawning: F5, F6, F9, F23, A2, A15, A17, and what a spawner can ask for.

use crate::support::{Guest, Mode, guest_tests};

guest_tests! {
    spawn_after => |guest| guest.prints_times(),
    spawn_basic,
    spawn_constructors,
    spawn_isolation,
    spawn_join,
    spawn_join_all,
    spawn_many => |guest| guest.args([crate::support::crowd()]),
    spawn_memory_max,
    spawn_module => |guest| guest.module("other", "spawn_module_other"),
    spawn_options,
    spawn_refusals,
    spawn_stack;
    used: spawn_module_other
}

/// Many actors of one module and one that came before them each find a static as it was compiled.
#[test]
fn statics_are_pristine_in_every_actor() {
    let text = r#"(module
        (import "flower" "spawn" (func $spawn (param i32 i32 i32 i32 i32) (result i32)))
        (import "flower" "yield_now" (func $yield_now (result i32)))
        (memory (export "memory") 1)
        (global $count (mut i32) (i32.const 0))
        (data (i32.const 0) "\01") (data (i32.const 16) "\00\10\00\00\05") (data (i32.const 0x1000) "child")
        ;; Finds the memory and the global untouched, and touches both.
        (func $touch (export "child")
            (if (i32.or (global.get $count) (i32.load (i32.const 0x2000))) (then unreachable))
            (global.set $count (i32.const 1))
            (i32.store (i32.const 0x2000) (i32.const 1))
            (drop (call $yield_now)))
        (func (export "_start") (local $left i32)
            (call $touch)
            (local.set $left (i32.const 100))
            (loop $again
                (if (call $spawn (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 512) (i32.const 0))
                    (then unreachable))
                (drop (call $yield_now))
                (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))))"#;
    for mode in [Mode::Deterministic, Mode::Seeded(1), Mode::Threads] {
        let (outcome, accounts) = Guest::wat("pristine", text).run_to_the_last(mode);
        outcome.expect_success();
        assert_eq!((accounts.spawned, accounts.ended, accounts.crashed), (101, 101, 0), "{outcome}");
    }
}

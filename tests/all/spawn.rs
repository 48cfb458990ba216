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
    used: spawn_idle, spawn_module_other
}

/// Memory per idle actor, as the kernel counts it: what they share counts for each of them.
#[cfg(target_os = "linux")]
mod idle_actors_are_small {
    use flower_host::MemoryEngine;

    use crate::support::{Program, guest_file, memory_engine};

    /// The host's own part falls out of the difference of two populations.
    fn kib_each(style: &str) -> u64 {
        let kib = |count: &str| {
            let mut running = Program::of_run(&[], &guest_file("spawn_idle"), &[style, count]).start();
            assert_eq!(running.line(), format!("{count} wait"));
            let kib = running.memory_kib();
            running.signal("KILL");
            running.ended();
            kib
        };
        kib("3000").saturating_sub(kib("1000")) / 2000
    }

    /// What it measured when this was written: 36, 45 with a host that is not optimised, and 54 behind guard pages.
    #[test]
    fn process() {
        check("process", 52, 65);
    }

    /// 30, 35 with a host that is not optimised, and 56 behind guard pages.
    #[test]
    fn handler() {
        check("handler", 40, 65);
    }

    fn check(style: &str, slab_kib: u64, guarded_kib: u64) {
        let kib = kib_each(style);
        let most = match memory_engine() {
            MemoryEngine::Slab => slab_kib,
            MemoryEngine::Guarded => guarded_kib,
        };
        assert!(kib <= most, "{kib} KiB");
    }
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

//! Budgets of actors with all their descendants.

use flower_host::{Budget, ExitReason, Source, Spawn};

use crate::support::{Watchdog, guest_tests, host_builder};

guest_tests! {
    budget_tree,
}

/// Spawns itself without end, each time twice, and waits.
const BOMB: &str = r#"(module
    (import "flower" "spawn" (func $spawn (param i32 i32 i32 i32 i32) (result i32)))
    (import "flower" "sleep" (func $sleep (param i64) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "\01") (data (i32.const 16) "\00\10\00\00\05") (data (i32.const 0x1000) "child")
    (func $two (export "child")
        (drop (call $spawn (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 512) (i32.const 0)))
        (drop (call $spawn (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 512) (i32.const 0)))
        (drop (call $sleep (i64.const -1))))
    (func (export "_start") (call $two)))"#;

/// A spawn bomb of one tenant leaves the others all the room that they had.
#[tokio::test]
async fn a_spawn_bomb_fills_its_own_budget_only() {
    let _watchdog = Watchdog::start();
    let host = host_builder().build().expect("a host");
    let bomb = host.load("bomb", &Source::from_wat(BOMB).expect("WAT")).expect("it is a module");
    let tenant = Spawn::program(&bomb).budget(Budget::new().actors_max(100));
    let main = host.spawn(tenant).expect("it starts");
    host.quiescent().await;
    assert_eq!(host.actor_count(), 100);
    let other = Spawn::program(&bomb).budget(Budget::new().actors_max(7));
    let other = host.spawn(other).expect("the host has room");
    host.quiescent().await;
    assert_eq!(host.actor_count(), 107);
    host.kill(main.pid()).expect("all rights");
    host.kill(other.pid()).expect("all rights");
    assert_eq!(*main.join().await, ExitReason::Killed);
    assert_eq!(*other.join().await, ExitReason::Killed);
}

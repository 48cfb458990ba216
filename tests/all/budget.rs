//! Budgets of actors with all their descendants.

use flower_host::{
    Actor, Budget, ExitReason, Host, HostBuilder, Limits, Module, NetRule, Policy, Source, Spawn,
};

use crate::support::{Watchdog, guest_tests, host_builder};
use crate::wat::{self, ECHO, assert_alive, deterministic, load, module, threads};

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

/// Binds sockets until it is refused, and keeps them, or ends with how many there were.
const HOARDER: &str = r#"
    (data (i32.const 512) "127.0.0.1:0")
    (func $hoard (local $count i64)
        (block $refused
            (loop $more
                (br_if $refused (i64.le_s (call $net_bind (i32.const 2) (i32.const 512) (i32.const 11)) (i64.const 0)))
                (local.set $count (i64.add (local.get $count) (i64.const 1)))
                (br $more)))
        (i64.store (i32.const 0) (local.get $count)))
    (func (export "keeps") (call $hoard) (drop (call $sleep (i64.const -1))))
    (func (export "counts") (call $hoard) (drop (call $exit (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 8))))"#;

/// A tree has as many descriptors as its budget says, and leaves the others all that the host has besides.
#[test]
fn descriptors_of_a_tree_are_bounded_and_nobody_elses() {
    wat::run(async {
        let mut limits = Limits::default();
        limits.host_sockets_max = 8;
        let host = threads().limits(limits).build().expect("a host");
        let module = load(&host, &module(HOARDER));
        let spawn = |entry, budget| {
            let rule: NetRule = "bind:127.0.0.1".parse().expect("a rule");
            let spawn = Spawn::entry(&module, entry).policy(Policy::default().net(rule));
            host.spawn(spawn.budget(budget)).expect("it starts")
        };
        let counted = async |budget| match &*spawn("counts", budget).join().await {
            ExitReason::Normal(value) => u64::from_le_bytes(value.bytes[..8].try_into().expect("8 bytes")),
            other => panic!("{other}"),
        };
        let tenant = Budget::new().descriptors_max(5);
        assert_eq!(counted(tenant).await, 5);
        let keeps = spawn("keeps", tenant);
        host.quiescent().await;
        assert_eq!(counted(Budget::new()).await, 3);
        assert_eq!(counted(tenant).await, 3, "the host has no more");
        host.kill(keeps.pid()).expect("all rights");
        keeps.join().await;
        assert_eq!(counted(Budget::new()).await, 8);
    });
}

/// Loops for ever, as a process and as a handler.
const BUSY: &str = r#"
    (func (export "process") (loop $for_ever (br $for_ever)))
    (func (export "handler") (param i32) (result i32) (loop $for_ever (br $for_ever)) i32.const 0)"#;

fn spawn_in_tree(host: &Host, module: &Module, entry: &str, weight: u32) -> Actor {
    let budget = Budget::new().cpu_weight(weight);
    host.spawn(Spawn::entry(module, entry).budget(budget)).expect("it starts")
}

/// Trees full of busy loops let an actor of another tree, and one of none, have their turns, and are ended like any.
async fn busy_trees(builder: HostBuilder) {
    let host = builder.build().expect("a host");
    let busy = load(&host, &module(BUSY));
    let mut loops = Vec::new();
    for weight in [1, 100, 10_000] {
        for entry in ["process", "handler", "process", "handler"] {
            loops.push(spawn_in_tree(&host, &busy, entry, weight));
        }
    }
    let echo = spawn_in_tree(&host, &load(&host, &module(ECHO)), "run", 100);
    let mut mailbox = host.mailbox().expect("a mailbox");
    for _ in 0..10 {
        mailbox.send(echo.pid(), flower_host::Codec::RAW, b"hello").expect("it lives");
        assert_eq!(mailbox.receive().await.body, b"hello");
    }
    assert_alive(&host).await;
    loops.push(echo);
    for actor in &loops {
        host.kill(actor.pid()).expect("the pid has all rights");
    }
    for actor in loops {
        assert_eq!(*actor.join().await, ExitReason::Killed);
    }
    drop(mailbox);
    host.quiescent().await;
    assert_eq!((host.actor_count(), host.memory_used()), (0, 0));
    assert!(host.accounts().balance(), "{:?}", host.accounts());
}

#[test]
fn busy_trees_delay_nobody() {
    wat::run(busy_trees(threads()));
}

#[test]
fn busy_trees_delay_nobody_in_deterministic_mode() {
    wat::run(busy_trees(deterministic(1)));
}

#[test]
fn a_host_with_busy_trees_can_be_dropped() {
    wat::run(async {
        let host = threads().build().expect("a host");
        let busy = load(&host, &module(BUSY));
        let entries = ["process", "handler", "process", "handler"];
        let loops = entries.map(|entry| spawn_in_tree(&host, &busy, entry, 7));
        assert_alive(&host).await;
        drop(host);
        for actor in loops {
            assert_eq!(*actor.join().await, ExitReason::Killed);
        }
    });
}

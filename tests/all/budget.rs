//! Budgets of actors with all their descendants.

use flower_host::{
    Access, Actor, Budget, Dir, Dirs, ExitReason, Host, HostBuilder, Limits, Module, NetRule, Policy, Source,
    Spawn,
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

/// What an actor ended with.
fn number(reason: &ExitReason) -> u64 {
    let ExitReason::Normal(value) = reason else { panic!("{reason}") };
    u64::from_le_bytes(value.bytes[..8].try_into().expect("8 bytes"))
}

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
        let counted = async |budget| number(&*spawn("counts", budget).join().await);
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

/// Opens a file until it is refused, and ends with how many there were.
const OPENER: &str = r#"(module
    (import "wasi_snapshot_preview1" "path_open"
        (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
    (import "flower" "exit" (func $exit (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 512) "file")
    (func (export "counts") (local $count i64)
        (block $refused
            (loop $more
                ;; For reading.
                (br_if $refused (call $path_open (i32.const 3) (i32.const 0) (i32.const 512) (i32.const 4)
                    (i32.const 0) (i64.const 2) (i64.const 2) (i32.const 0) (i32.const 1024)))
                (local.set $count (i64.add (local.get $count) (i64.const 1)))
                (br $more)))
        (i64.store (i32.const 0) (local.get $count))
        (drop (call $exit (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 8)))))"#;

/// A granted directory is one descriptor of the tree once it is used, and every open file is one more.
#[test]
fn files_of_a_tree_are_bounded_as_its_sockets_are() {
    wat::run(async {
        let folder = tempfile::tempdir().expect("a folder for a test");
        std::fs::write(folder.path().join("file"), "").expect("there is room");
        let dir = Dir { host: folder.path().to_owned(), guest: "/".to_owned(), access: Access::ReadOnly };
        let policy = Policy::default().dirs(Dirs::new([dir]).expect("it is there"));
        for builder in [threads(), deterministic(1)] {
            let host = builder.build().expect("a host");
            let module = load(&host, OPENER);
            for (descriptors, files) in [(0, 0), (1, 0), (5, 4), (40, 39)] {
                let opener = Spawn::entry(&module, "counts").policy(policy.clone());
                let opener = opener.budget(Budget::new().descriptors_max(descriptors));
                let reason = host.spawn(opener).expect("it starts").join().await;
                assert_eq!(number(&reason), files, "of {descriptors}");
            }
        }
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

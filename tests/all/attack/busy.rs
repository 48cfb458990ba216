//! Endless loops: of every kind of work, in every place where code runs.

use flower_host::{Actor, ExitReason, Host, Module, Spawn};

use super::attacker;
use crate::oracle::{Arena, withstand};
use crate::wat::{self, assert_alive, load, module, threads};

/// How many of each kind, so that there are more of them than workers.
const OF_EACH: usize = 2;

/// What a loop may be filled with.
const WORK: &[(&str, &str)] = &[
    ("nothing", ""),
    ("arithmetic", "(i64.store (i32.const 0) (i64.div_u (i64.const -1) (i64.or (i64.load (i32.const 0)) (i64.const 1))))"),
    ("calls", "(call $nothing)"),
    ("indirect_calls", "(call_indirect (i32.const 0))"),
    ("fill", "(memory.fill (i32.const 0) (i32.const 1) (i32.const 65536))"),
    ("copy", "(memory.copy (i32.const 1) (i32.const 0) (i32.const 65535))"),
    ("tables", "(table.fill (i32.const 0) (ref.func $nothing) (i32.const 10000))"),
    ("grow", "(drop (memory.grow (i32.const 0)))"),
    ("host_calls", "(drop (call $now))"),
    ("pids", "(drop (call $self_pid (i32.const 64)))"),
    ("messages", "(drop (call $self_pid (i32.const 64))) (drop (call $send (i32.const 64) (i32.const 0) (i32.const 8) (i32.const 0)))
        (drop (call $poll (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 128)))"),
    ("panic_notes", "(drop (call $panic_note (i32.const 0) (i32.const 65536) (i32.const 0) (i32.const 65536)))"),
    ("listings", "(drop (call $references (i32.const 0) (i32.const 0) (i32.const 100)))"),
];

/// A process and a handler for each kind of work.
fn loops() -> String {
    let entries = |(name, work): &(&str, &str)| {
        format!(
            "(func (export \"process_{name}\") (loop $for_ever {work} (br $for_ever)))
             (func (export \"handler_{name}\") (param i32) (result i32) (loop $for_ever {work} (br $for_ever)) i32.const 0)\n"
        )
    };
    let entries: String = WORK.iter().map(entries).collect();
    format!("(table 10000 funcref) (elem (i32.const 0) $nothing) (func $nothing) {entries}")
}

/// Spawns endless loops, lets the bystanders go round beside them, and kills each.
async fn rage_and_die(arena: &Arena, loops: Vec<Spawn>) {
    let mut raging = Vec::new();
    for spawn in loops {
        raging.push(arena.watched(spawn).await);
    }
    arena.round().await;
    for attacker in raging {
        arena.host.kill(attacker.pid()).expect("the pid has all rights");
        assert_eq!(*attacker.end().await, ExitReason::Killed);
    }
}

#[test]
fn endless_loops_of_processes() {
    withstand(async |arena: &Arena| {
        let loops = attacker(arena, &loops());
        let spawn =
            |(name, _): &(&str, &str)| vec![Spawn::entry(&loops, &format!("process_{name}")); OF_EACH];
        rage_and_die(arena, WORK.iter().flat_map(spawn).collect()).await;
    });
}

#[test]
fn endless_loops_of_handlers() {
    withstand(async |arena: &Arena| {
        let loops = attacker(arena, &loops());
        let spawn =
            |(name, _): &(&str, &str)| vec![Spawn::entry(&loops, &format!("handler_{name}")); OF_EACH];
        rage_and_die(arena, WORK.iter().flat_map(spawn).collect()).await;
    });
}

#[test]
fn endless_loops_before_the_entry() {
    withstand(async |arena: &Arena| {
        let endless = "(loop $for_ever (br $for_ever))";
        let places = [
            format!("(func $start {endless}) (start $start)"),
            format!("(func (export \"_initialize\") {endless})"),
            format!("(func (export \"flower_initialize\") {endless})"),
        ];
        let entries =
            r#"(func (export "process")) (func (export "handler") (param i32) (result i32) i32.const 1)"#;
        let mut loops = Vec::new();
        for place in places {
            let loaded = load(&arena.host, &module(&format!("{entries}{place}")));
            loops.extend(["process", "handler"].map(|entry| Spawn::entry(&loaded, entry)));
        }
        rage_and_die(arena, loops).await;
    });
}

#[test]
fn a_bulk_operation_over_the_largest_memory_in_a_loop() {
    withstand(async |arena: &Arena| {
        let fills = attacker(
            arena,
            r#"(func $grow (drop (memory.grow (i32.const 1023))))
            (func $fill (loop $more (memory.fill (i32.const 0) (i32.const 1) (i32.const 67108864)) (br $more)))
            (func (export "process") (call $grow) (call $fill))
            (func (export "handler") (param i32) (result i32) (call $grow) (call $fill) i32.const 0)"#,
        );
        let loops = ["process", "handler", "process"].map(|entry| Spawn::entry(&fills, entry));
        rage_and_die(arena, loops.into()).await;
    });
}

/// A handler that never returns, and one that does.
const ENDLESS: &str = r#"
    (func (export "endless") (param i32) (result i32) (loop $for_ever (br $for_ever)) i32.const 0)
    (func (export "short") (param i32) (result i32) i32.const 1)"#;

/// Many more handlers than a host with two workers has threads for.
const CROWD: usize = 160;

fn crowd(host: &Host, handlers: &Module, count: usize) -> Vec<Actor> {
    let spawn = Spawn::entry(handlers, "endless");
    (0..count).map(|_| host.spawn(spawn.clone()).expect("there is room")).collect()
}

/// Kills a crowd, of whom some may have been ended before, to make room.
async fn disperse(host: &Host, crowd: Vec<Actor>) {
    for actor in &crowd {
        host.kill(actor.pid()).expect("the pid has all rights");
    }
    for actor in crowd {
        let reason = actor.join().await;
        assert!(matches!(&*reason, ExitReason::Killed | ExitReason::OutOfTime), "{reason:?}");
    }
}

#[test]
fn more_endless_handlers_than_threads_leave_every_worker_to_others() {
    withstand(async |arena: &Arena| {
        let handlers = attacker(arena, ENDLESS);
        let crowd = crowd(&arena.host, &handlers, CROWD);
        arena.round().await;
        disperse(&arena.host, crowd).await;
    });
}

#[test]
fn endless_handlers_make_room_for_those_that_have_not_begun() {
    wat::run(async {
        let host = threads().workers(1).build().expect("a host");
        let handlers = load(&host, &module(ENDLESS));
        // As many as there are threads, and more.
        let crowd = crowd(&host, &handlers, CROWD / 2);
        let short = host.spawn(Spawn::entry(&handlers, "short")).expect("there is room");
        assert_eq!(*short.join().await, ExitReason::NORMAL);
        assert_alive(&host).await;
        disperse(&host, crowd).await;
        host.quiescent().await;
        assert_eq!((host.actor_count(), host.memory_used()), (0, 0));
    });
}

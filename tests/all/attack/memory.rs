//! Bombs of memory and of tables.

use flower_abi::exit::LimitCode;
use flower_host::{ExitReason, MemoryEngine, Spawn};

use super::{attacker, number_of};
use crate::oracle::{Arena, expect, withstand, withstand_within};
use crate::support::memory_engine;

/// What all actors may have together: the bystanders, and 64 MiB.
const HOST_MEMORY: u64 = 128 << 20;

/// Grows page by page, writes to each, and ends with the number of pages when it is refused, or does not stand it.
const BOMB: &str = r#"
    (func $grow
        (local $at i32)
        (call $go)
        (loop $more
            (local.set $at (i32.mul (memory.size) (i32.const 65536)))
            (if (i32.ne (memory.grow (i32.const 1)) (i32.const -1))
                (then (i32.store (local.get $at) (i32.const 1)) (br $more)))))
    (func (export "counts") (call $grow) (call $end_with (i64.extend_i32_u (memory.size))))
    (func (export "gives_up") (call $grow) unreachable)"#;

fn has_no_more(reason: &ExitReason) -> bool {
    matches!(reason, ExitReason::Limit { code: LimitCode::MEMORY, .. })
}

#[test]
fn memory_bombs_side_by_side() {
    withstand_within(
        |limits| limits.host_memory_max = HOST_MEMORY,
        async |arena: &Arena| {
            let bomb = attacker(arena, BOMB);
            let mut bombs = Vec::new();
            for _ in 0..16 {
                bombs.push(arena.watched(Spawn::entry(&bomb, "gives_up")).await);
            }
            bombs.iter().for_each(|bomb| bomb.begin());
            for bomb in bombs {
                expect(&*bomb.end().await, has_no_more);
            }
        },
    );
}

#[test]
fn memory_bombs_one_after_another_get_the_same() {
    withstand_within(
        |limits| limits.memory_max = 100 << 16,
        async |arena: &Arena| {
            let bomb = attacker(arena, BOMB);
            for _ in 0..20 {
                assert_eq!(number_of(arena, Spawn::entry(&bomb, "counts")).await, 100);
            }
        },
    );
}

#[test]
fn bombs_of_many_tables() {
    withstand(async |arena: &Arena| {
        let tables = 16;
        let define: String = (0..tables).map(|at| format!("(table $t{at} 1 funcref)")).collect();
        let grow = |at| {
            format!(
                "(loop $more{at} (br_if $more{at} (i32.ne (table.grow $t{at} (ref.null func) (i32.const 9999)) (i32.const -1))))
                 (local.set $sum (i64.add (local.get $sum) (i64.extend_i32_u (table.size $t{at}))))"
            )
        };
        let grow: String = (0..tables).map(grow).collect();
        let bomb = format!(
            r#"{define} (func (export "run") (local $sum i64) (call $go) {grow} (call $end_with (local.get $sum)))"#
        );
        let bomb = attacker(arena, &bomb);
        for _ in 0..10 {
            // Ten growths fit into each.
            assert_eq!(number_of(arena, Spawn::entry(&bomb, "run")).await, tables * (1 + 10 * 9999));
        }
    });
}

#[test]
fn bombs_of_exceptions() {
    withstand(async |arena: &Arena| {
        // Each is an object that lives as long as its actor.
        let bomb = attacker(
            arena,
            r#"(tag $e (param i64 i64))
            (func (export "process") (call $go)
                (loop $for_ever
                    (block $caught (result i64 i64)
                        (try_table (catch $e $caught) (throw $e (i64.const 1) (i64.const 2)))
                        unreachable)
                    (drop) (drop)
                    (br $for_ever)))
            (func (export "uncaught") (call $go) (throw $e (i64.const 1) (i64.const 2)))"#,
        );
        let limited = Spawn::entry(&bomb, "process").memory_max(4 << 20);
        let bombs = [arena.watched(limited.clone()).await, arena.watched(limited).await];
        let uncaught = arena.watched(Spawn::entry(&bomb, "uncaught")).await;
        uncaught.begin();
        expect(&*uncaught.end().await, |reason| matches!(reason, ExitReason::Trap { .. }));
        bombs.iter().for_each(|bomb| bomb.begin());
        for bomb in bombs {
            expect(&*bomb.end().await, has_no_more);
        }
    });
}

#[test]
fn actors_that_begin_with_more_memory_than_there_is() {
    // What the bystanders have, of whom there are fewer behind guard pages, and less than one of these wants.
    let host_memory_max = match memory_engine() {
        MemoryEngine::Slab => 100 << 20,
        MemoryEngine::Guarded => 50 << 20,
    };
    withstand_within(
        |limits| limits.host_memory_max = host_memory_max,
        async |arena: &Arena| {
            let imports = crate::wat::with_imports(
                r#"(memory (export "memory") 1000) (func (export "run") (drop (call $sleep (i64.const -1))))"#,
            );
            let large = crate::wat::load(&arena.host, &imports);
            let actors: Vec<_> = (0..50).map(|_| crate::wat::spawn(&arena.host, &large, "run")).collect();
            for actor in actors {
                expect(&*actor.join().await, has_no_more);
            }
        },
    );
}

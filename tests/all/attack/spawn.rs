//! Bombs of actors: wide, deep, and branching; and how they are taken away again.

use std::sync::Arc;

use flower_host::{ExitReason, Spawn, Status};

use super::{SPAWN_RUN, attacker, with_number};
use crate::oracle::{Arena, withstand, withstand_within};
use crate::support::crowd;

/// Linked with whoever spawned it; the flags stand at 4.
///
/// `run` gets how many generations are to come and how many children of each it has; every one is linked with its
/// parent and waits for ever. Who is refused goes on without.
fn bomb() -> String {
    format!(
        r#"{SPAWN_RUN}
        (func (export "run")
            (local $left i32)
            (drop (call $start_args (i32.const 512) (i32.const 8) (i32.const 9000)))
            (i32.store (i32.const 4) (i32.const 1))
            (local.set $left (i32.load (i32.const 516)))
            (if (i32.load (i32.const 512)) (then
                (i32.store (i32.const 512) (i32.sub (i32.load (i32.const 512)) (i32.const 1)))
                (loop $more
                    (drop (call $spawn (i32.const 0) (i32.const 512) (i32.const 8) (i32.const 600) (i32.const 0)))
                    (local.set $left (i32.sub (local.get $left) (i32.const 1)))
                    (br_if $more (i32.gt_s (local.get $left) (i32.const 0))))))
            (drop (call $sleep (i64.const -1))))"#
    )
}

/// So many generations, and so many children of each.
fn tree(generations: u64, children: u64) -> u64 {
    generations | children << 32
}

/// Lets a tree grow until it has so many actors, kills its root, and waits until nobody of it is left.
async fn grow_and_reclaim(arena: &Arena, shape: u64, actors: usize) {
    let bomb = attacker(arena, &bomb());
    let spawned = arena.host.accounts().spawned;
    let root = arena.watched(with_number(&bomb, "run", shape)).await;
    // The root and the watchers are not of those that it spawned.
    while arena.host.accounts().spawned - spawned < actors as u64 {
        tokio::task::yield_now().await;
    }
    arena.round().await;
    arena.host.kill(root.pid()).expect("the pid has all rights");
    assert_eq!(*root.end().await, ExitReason::Killed);
    arena.gone().await;
}

fn many() -> usize {
    crowd().parse().expect("a number")
}

#[test]
fn a_wide_tree_is_reclaimed_by_the_end_of_its_root() {
    withstand(async |arena: &Arena| grow_and_reclaim(arena, tree(1, many() as u64), many()).await);
}

#[test]
fn a_deep_tree_is_reclaimed_by_the_end_of_its_root() {
    withstand(async |arena: &Arena| grow_and_reclaim(arena, tree(many() as u64, 1), many()).await);
}

#[test]
fn a_branching_tree_is_reclaimed_by_the_end_of_its_root() {
    withstand(async |arena: &Arena| grow_and_reclaim(arena, tree(5, 4), 1000).await);
}

#[test]
fn a_bomb_at_the_limit_of_actors() {
    withstand_within(
        |limits| limits.actors_max = 2500,
        async |arena: &Arena| {
            let bomb = attacker(arena, &bomb());
            let bomb =
                arena.host.spawn(with_number(&bomb, "run", tree(12, 10))).expect("there is room for one");
            // Everybody who could be refused has been, and waits.
            arena.round().await;
            arena.host.kill(bomb.pid()).expect("the pid has all rights");
            assert_eq!(*bomb.join().await, ExitReason::Killed);
            arena.gone().await;
        },
    );
}

/// Who is refused because those before it have not ended yet waits a moment and tries again: on guarded memories the
/// actors of all hosts of a process share what the kernel has.
#[test]
fn children_that_end_at_once_faster_than_they_are_born() {
    withstand(async |arena: &Arena| {
        let parent = attacker(
            arena,
            &format!(
                r#"{SPAWN_RUN}
                (func (export "run"))
                (func (export "parent") (local $left i32) (local $status i32)
                    (call $go)
                    (local.set $left (i32.const 5000))
                    (loop $more
                        (local.set $status
                            (call $spawn (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 256) (i32.const 0)))
                        (if (i32.eq (local.get $status) (i32.const {limit})) (then
                            (drop (call $sleep (i64.add (call $now) (i64.const 1000000))))
                            (br $more)))
                        (if (local.get $status) (then unreachable))
                        (local.set $left (i32.sub (local.get $left) (i32.const 1)))
                        (br_if $more (local.get $left))))"#,
                limit = Status::LIMIT.0,
            ),
        );
        let parents = [
            arena.watched(Spawn::entry(&parent, "parent")).await,
            arena.watched(Spawn::entry(&parent, "parent")).await,
        ];
        parents.iter().for_each(|parent| parent.begin());
        for parent in parents {
            assert_eq!(parent.end().await, Arc::new(ExitReason::NORMAL));
        }
        arena.gone().await;
    });
}

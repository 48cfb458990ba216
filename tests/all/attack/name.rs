//! Squatters: names and groups taken so that others shall have none.

use flower_host::Spawn;

use super::{attacker, number_of};
use crate::oracle::{Arena, withstand_within};

/// Takes names until it is refused, and ends with how many it got. A name is eight bytes: a letter, and a number of
/// which each byte is ASCII.
const SQUATTER: &str = r#"
    (func $name (param $count i64)
        (i64.store (i32.const 0) (i64.or (i64.const 0x2020202020202041)
            (i64.or (i64.shl (i64.and (local.get $count) (i64.const 15)) (i64.const 8))
            (i64.or (i64.shl (i64.and (local.get $count) (i64.const 0xf0)) (i64.const 12))
                    (i64.shl (i64.and (local.get $count) (i64.const 0xf00)) (i64.const 16)))))))
    (func (export "names") (local $count i64)
        (call $go)
        (drop (call $self_pid (i32.const 64)))
        (loop $more
            (call $name (local.get $count))
            (if (i32.eqz (call $register (i32.const 0) (i32.const 8) (i32.const 64))) (then
                (local.set $count (i64.add (local.get $count) (i64.const 1)))
                (br_if $more (i64.lt_u (local.get $count) (i64.const 4096))))))
        (call $end_with (local.get $count)))
    (func (export "groups") (local $count i64)
        (call $go)
        (drop (call $self_pid (i32.const 64)))
        (loop $more
            (call $name (local.get $count))
            (if (i32.eqz (call $group_join (i32.const 0) (i32.const 8) (i32.const 64) (i32.const 255))) (then
                (local.set $count (i64.add (local.get $count) (i64.const 1)))
                (br_if $more (i64.lt_u (local.get $count) (i64.const 4096))))))
        (call $end_with (local.get $count)))"#;

#[test]
fn names_of_a_squatter_are_free_after_it() {
    withstand_within(
        |limits| limits.names_max = 2000,
        async |arena: &Arena| {
            let squatter = attacker(arena, SQUATTER);
            for _ in 0..5 {
                assert_eq!(number_of(arena, Spawn::entry(&squatter, "names")).await, 2000);
                assert!(arena.host.whereis("A       ").is_none());
            }
        },
    );
}

#[test]
fn groups_of_a_squatter_are_free_after_it() {
    withstand_within(
        |limits| limits.groups_max = 2000,
        async |arena: &Arena| {
            let squatter = attacker(arena, SQUATTER);
            for _ in 0..5 {
                assert_eq!(number_of(arena, Spawn::entry(&squatter, "groups")).await, 2000);
            }
        },
    );
}

//! Sockets that are hoarded: refused at the host's limit, and all given back at the end of who has them, however it comes.

use flower_host::{ExitReason, Module, Policy, Spawn};

use super::{attacker, number_of};
use crate::oracle::{Arena, withstand_within};

/// Sockets of the host.
const SOCKETS: u64 = 40;

/// Binds sockets for datagrams until it is refused, and ends with how many it has, or keeps them.
const HOARDER: &str = r#"
    (data (i32.const 512) "127.0.0.1:0")
    (func $hoard (result i64) (local $count i64)
        (call $go)
        (block $refused
            (loop $more
                (br_if $refused (i64.le_s (call $net_bind (i32.const 2) (i32.const 512) (i32.const 11)) (i64.const 0)))
                (local.set $count (i64.add (local.get $count) (i64.const 1)))
                (br $more)))
        (local.get $count))
    (func (export "counts") (call $end_with (call $hoard)))
    (func (export "traps") (drop (call $hoard)) unreachable)
    (func (export "keeps") (drop (call $hoard)) (drop (call $sleep (i64.const -1))))"#;

fn hoarder(module: &Module, entry: &str) -> Spawn {
    let rule = "bind:127.0.0.1".parse().expect("a rule");
    Spawn::entry(module, entry).policy(Policy::default().net(rule))
}

#[test]
fn sockets_of_a_hoarder_are_free_after_it() {
    withstand_within(
        |limits| limits.host_sockets_max = SOCKETS,
        async |arena: &Arena| {
            let module = attacker(arena, HOARDER);
            for _ in 0..3 {
                let keeps = arena.watched(hoarder(&module, "keeps")).await;
                keeps.begin();
                arena.round().await;
                arena.host.kill(keeps.pid()).expect("the pid has all rights");
                assert_eq!(*keeps.end().await, ExitReason::Killed);
                let traps = arena.watched(hoarder(&module, "traps")).await;
                traps.begin();
                let reason = traps.end().await;
                assert!(matches!(&*reason, ExitReason::Panic { .. } | ExitReason::Trap { .. }), "{reason:?}");
                assert_eq!(number_of(arena, hoarder(&module, "counts")).await, SOCKETS);
            }
        },
    );
}

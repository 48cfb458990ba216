//! Floods: to one who never reads, to one who reads, to everybody, and of huge messages.

use flower_host::{Codec, ExitReason, Module, Pid, Spawn};

use super::attacker;
use crate::oracle::{Arena, Watched, withstand, withstand_within};
use crate::wat::{ECHO, load, module};

/// Floods whom its arguments name with messages of the length that stands behind the pid, so many as stand behind that; ends with the number
/// that was accepted, and with how many were not.
const FLOOD: &str = r#"
    (func (export "run") (local $left i64) (local $accepted i64)
        (drop (call $start_args (i32.const 64) (i32.const 48) (i32.const 256)))
        (local.set $left (i64.load (i32.const 104)))
        (if (i32.eq (memory.grow (i32.const 32)) (i32.const -1)) (then unreachable))
        (call $go)
        (loop $more
            (if (i32.eqz (call $send (i32.const 64) (i32.const 1024) (i32.load (i32.const 96)) (i32.const 0)))
                (then (local.set $accepted (i64.add (local.get $accepted) (i64.const 1)))))
            (local.set $left (i64.sub (local.get $left) (i64.const 1)))
            (br_if $more (i64.ne (local.get $left) (i64.const 0))))
        (call $end_with (local.get $accepted)))
    (func (export "sink") (drop (call $sleep (i64.const -1))))"#;

async fn flood(arena: &Arena, module: &Module, to: Pid, len: u64, count: u64) -> Watched {
    let args = [&to.to_bytes()[..], &len.to_le_bytes(), &count.to_le_bytes()].concat();
    arena.watched(Spawn::entry(module, "run").args(Codec::RAW, args)).await
}

/// Lets all of them begin, and sums up what was accepted.
async fn accepted(floods: Vec<Watched>) -> u64 {
    floods.iter().for_each(Watched::begin);
    let mut sum = 0;
    for flood in floods {
        let reason = flood.end().await;
        let ExitReason::Normal(value) = &*reason else { panic!("an attacker ended: {reason:?}") };
        sum += u64::from_le_bytes(value.bytes[..8].try_into().expect("8 bytes"));
    }
    sum
}

#[test]
fn to_one_who_never_reads() {
    withstand_within(
        |limits| limits.mailbox_len_max = 5000,
        async |arena: &Arena| {
            let module = attacker(arena, FLOOD);
            let before = arena.host.accounts();
            let sink = arena.host.spawn(Spawn::entry(&module, "sink")).expect("there is room");
            let mut floods = Vec::new();
            for _ in 0..4 {
                floods.push(flood(arena, &module, sink.pid(), 100, 10_000).await);
            }
            assert_eq!(accepted(floods).await, 5000);
            arena.host.kill(sink.pid()).expect("the pid has all rights");
            assert_eq!(*sink.join().await, ExitReason::Killed);
            let after = arena.host.accounts();
            assert_eq!(after.refused - before.refused, 35_000);
            assert_eq!(after.dropped_dead_receiver - before.dropped_dead_receiver, 5000);
        },
    );
}

#[test]
fn to_one_who_answers_each() {
    withstand(async |arena: &Arena| {
        let floods_from = attacker(arena, FLOOD);
        let echo = crate::wat::spawn(&arena.host, &load(&arena.host, &module(ECHO)), "run");
        let mut floods = Vec::new();
        for _ in 0..4 {
            floods.push(flood(arena, &floods_from, echo.pid(), 100, 5000).await);
        }
        assert!(accepted(floods).await > 0);
        arena.host.kill(echo.pid()).expect("the pid has all rights");
        assert_eq!(*echo.join().await, ExitReason::Killed);
    });
}

#[test]
fn to_the_dead() {
    withstand(async |arena: &Arena| {
        let module = attacker(arena, FLOOD);
        let sink = arena.host.spawn(Spawn::entry(&module, "sink")).expect("there is room");
        let dead = sink.pid();
        arena.host.kill(dead).expect("the pid has all rights");
        sink.join().await;
        let before = arena.host.accounts();
        let floods = vec![flood(arena, &module, dead, 100, 10_000).await];
        assert_eq!(accepted(floods).await, 0);
        let after = arena.host.accounts();
        assert_eq!(after.refused - before.refused, 10_000);
    });
}

#[test]
fn to_everybody() {
    withstand(async |arena: &Arena| {
        // Each broadcast goes on until it has been to all.
        let broadcasts = attacker(
            arena,
            r#"(data (i32.const 0) "bystanders")
            (func (export "run") (local $left i32)
                (call $go)
                (local.set $left (i32.const 100))
                (loop $more
                    (memory.fill (i32.const 512) (i32.const 0) (i32.const 64))
                    (loop $rest
                        (br_if $rest (i64.eq (i64.const 1)
                            (call $group_broadcast (i32.const 0) (i32.const 10) (i32.const 1024) (i32.const 100) (i32.const 0) (i32.const 512)))))
                    (local.set $left (i32.sub (local.get $left) (i32.const 1)))
                    (br_if $more (local.get $left))))"#,
        );
        let attackers = [
            arena.watched(Spawn::entry(&broadcasts, "run")).await,
            arena.watched(Spawn::entry(&broadcasts, "run")).await,
        ];
        let before = arena.host.accounts().sent;
        attackers.iter().for_each(Watched::begin);
        for attacker in attackers {
            assert_eq!(*attacker.end().await, ExitReason::NORMAL);
        }
        assert!(arena.host.accounts().sent - before > 2 * 100 * 100);
    });
}

#[test]
fn of_huge_messages() {
    withstand_within(
        |limits| {
            limits.message_bytes_max = 1 << 20;
            limits.mailbox_bytes_max = 4 << 20;
            limits.host_message_bytes_max = 8 << 20;
        },
        async |arena: &Arena| {
            let module = attacker(arena, FLOOD);
            let sinks: Vec<_> = (0..4)
                .map(|_| arena.host.spawn(Spawn::entry(&module, "sink")).expect("there is room"))
                .collect();
            let mut floods = Vec::new();
            for sink in &sinks {
                floods.push(flood(arena, &module, sink.pid(), 1 << 20, 50).await);
            }
            let mut held = accepted(floods).await;
            // One that is being refused may have stood in the way of another; by itself each gets what is left.
            for sink in &sinks {
                held += accepted(vec![flood(arena, &module, sink.pid(), 1 << 20, 50).await]).await;
            }
            // Eight are all that the host holds. One byte more than one may have is refused at once.
            assert_eq!(held, 8);
            let over = vec![flood(arena, &module, sinks[0].pid(), (1 << 20) + 1, 50).await];
            assert_eq!(accepted(over).await, 0);
            for sink in sinks {
                arena.host.kill(sink.pid()).expect("the pid has all rights");
                sink.join().await;
            }
            // What the dead left is there for others.
            let sink = arena.host.spawn(Spawn::entry(&module, "sink")).expect("there is room");
            let again = vec![flood(arena, &module, sink.pid(), 1 << 20, 50).await];
            assert_eq!(accepted(again).await, 4);
            arena.host.kill(sink.pid()).expect("the pid has all rights");
            sink.join().await;
        },
    );
}

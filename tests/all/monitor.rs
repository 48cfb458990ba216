//! Monitors: one `Down` for each, with the reason, also for those long dead.
//!
//! `docs/links-and-monitors.md` has the tables whose cells are tested here by name.

use crate::puppet::{Birth, Cmd, Seen, Wait, Why, play};
use crate::support::{Guest, Mode, guest_tests};

guest_tests! {
    monitor_down,
    reference_listing,
}

/// Monitors one child a hundred times, and counts what comes when it has ended.
const A_HUNDRED_MONITORS: &str = r#"(module
    (import "flower" "spawn" (func $spawn (param i32 i32 i32 i32 i32) (result i32)))
    (import "flower" "send" (func $send (param i32 i32 i32 i32) (result i32)))
    (import "flower" "monitor" (func $monitor (param i32 i32) (result i64)))
    (import "flower" "receive" (func $receive (param i32 i32 i32 i32 i32 i64) (result i32)))
    (import "flower" "now" (func $now (result i64)))
    (memory (export "memory") 1)
    (data (i32.const 0) "\01") (data (i32.const 16) "\00\10\00\00\05") (data (i32.const 0x1000) "child")
    (func $next (param $deadline i64) (result i32)
        (call $receive (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 1024) (local.get $deadline)))
    (func (export "child") (drop (call $next (i64.const -1))))
    (func (export "_start") (local $left i32) (local $seen i64)
        (drop (call $spawn (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 512) (i32.const 0)))
        (local.set $left (i32.const 100))
        (loop $again
            (if (i64.le_s (call $monitor (i32.const 512) (i32.const 0)) (i64.const 0)) (then unreachable))
            (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
        (drop (call $send (i32.const 512) (i32.const 0) (i32.const 0) (i32.const 0)))
        ;; Each is a DOWN (kind 2), normal (tag 0), of another reference (at 24 of the header).
        (local.set $left (i32.const 100))
        (loop $again
            (drop (call $next (i64.const -1)))
            (if (i32.ne (i32.load (i32.const 1024)) (i32.const 2)) (then unreachable))
            (if (i32.load (i32.const 1136)) (then unreachable))
            (if (i64.eq (i64.load (i32.const 1048)) (local.get $seen)) (then unreachable))
            (local.set $seen (i64.load (i32.const 1048)))
            (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
        ;; And that was all.
        (if (i32.eqz (call $next (i64.add (call $now) (i64.const 10000000)))) (then unreachable))))"#;

#[test]
fn down_comes_once() {
    for mode in [Mode::Deterministic, Mode::Seeded(1), Mode::Threads] {
        Guest::wat("watcher", A_HUNDRED_MONITORS).run(mode).expect_success();
    }
}

/// What was done without more to say.
fn done(command: Cmd) -> Seen {
    Seen::Did(command, 0)
}

#[test]
fn of_the_dead_tells_at_once() {
    play(async |stage, style| {
        let [dead, me] = stage.enter_all(style);
        stage.tell(dead, &[Cmd::Exit(Why::error(1))]);
        stage.settle().await;
        let monitors = [Cmd::Monitor(dead, 1), Cmd::Monitor(dead, 2), Cmd::AwaitMail(2)];
        let downs = [1, 2].map(|slot| Seen::Down(slot, dead, Why::NO_PROCESS));
        assert_eq!(stage.play(me, &monitors).await, [&monitors.map(done)[..], &downs].concat());
    });
}

#[test]
fn of_oneself_tells_nobody() {
    play(async |stage, style| {
        let [me, watch] = stage.enter_all(style);
        stage.play(watch, &[Cmd::Monitor(me, 1)]).await;
        stage.play(me, &[Cmd::Monitor(me, 1)]).await;
        stage.tell(me, &[Cmd::Return]);
        let seen = stage.settle().await;
        assert_eq!((seen.get(&me), &seen[&watch][..]), (None, &[Seen::Down(1, me, Why::NORMAL)][..]));
    });
}

#[test]
fn several_are_independent() {
    play(async |stage, style| {
        let [me, other] = stage.enter_all(style);
        let made = [1, 2, 3].map(|slot| Cmd::Monitor(other, slot));
        assert_eq!(stage.play(me, &made).await, made.map(done));
        assert_eq!(stage.play(me, &[Cmd::Demonitor(2)]).await, [Seen::Did(Cmd::Demonitor(2), 1)]);
        stage.tell(other, &[Cmd::Exit(Why::error(1))]);
        assert_eq!(stage.settle().await[&me], [1, 3].map(|slot| Seen::Down(slot, other, Why::error(1))));
    });
}

#[test]
fn ends_nobody() {
    play(async |stage, style| {
        let [me, other] = stage.enter_all(style);
        stage.play(me, &[Cmd::Monitor(other, 1)]).await;
        stage.tell(me, &[Cmd::Exit(Why::error(1))]);
        assert!(stage.settle().await.is_empty());
        assert!(stage.is_alive(other), "who is watched does not notice");
        let third = stage.enter(style);
        stage.play(third, &[Cmd::Monitor(other, 1)]).await;
        stage.tell(other, &[Cmd::Trap]);
        stage.settle().await;
        assert!(stage.is_alive(third), "nor does who watches end with it");
    });
}

/// That its watcher traps exits changes nothing.
#[test]
fn beside_a_link_tells_as_well() {
    play(async |stage, style| {
        let [me, other] = stage.enter_all(style);
        stage.play(me, &[Cmd::TrapExit(true), Cmd::Monitor(other, 1), Cmd::Link(other)]).await;
        stage.tell(other, &[Cmd::Exit(Why::error(1))]);
        let told = [Seen::Exit(other, Why::error(1)), Seen::Down(1, other, Why::error(1))];
        assert_eq!(stage.settle().await[&me], told, "links are told first");
    });
}

#[test]
fn removed_before_the_end_tells_nothing() {
    play(async |stage, style| {
        let [me, other] = stage.enter_all(style);
        let demonitor = Cmd::Demonitor(1);
        let seen = stage.play(me, &[Cmd::Monitor(other, 1), demonitor, demonitor]).await;
        assert_eq!(seen[1..], [Seen::Did(demonitor, 1), Seen::Did(demonitor, 0)]);
        stage.tell(other, &[Cmd::Trap]);
        assert_eq!(stage.settle().await.get(&me), None);
    });
}

#[test]
fn removed_when_its_down_has_come_tells_nothing() {
    play(async |stage, style| {
        let [me, other] = stage.enter_all(style);
        let commands = [
            Cmd::Monitor(other, 1),
            Cmd::Monitor(other, 2),
            Cmd::Kill(other),
            Cmd::AwaitMail(2),
            Cmd::Demonitor(1),
        ];
        let told = [&commands.map(done)[..], &[Seen::Down(2, other, Why::KILLED)]].concat();
        assert_eq!(stage.play(me, &commands).await, told);
    });
}

#[test]
fn removed_with_the_dead_tells_nothing() {
    play(async |stage, style| {
        let [me, dead] = stage.enter_all(style);
        stage.tell(dead, &[Cmd::Return]);
        stage.settle().await;
        let commands = [Cmd::Monitor(dead, 1), Cmd::Demonitor(1)];
        assert_eq!(stage.play(me, &commands).await, commands.map(done));
    });
}

/// The news is before the answer of `demonitor`, or is not at all.
#[test]
fn removed_while_the_other_ends_tells_nothing_later() {
    play(async |stage, style| {
        for _ in 0..50 {
            let [me, other] = stage.enter_all(style);
            stage.play(me, &[Cmd::Monitor(other, 1)]).await;
            stage.tell(other, &[Cmd::Exit(Why::error(1))]);
            stage.tell(me, &[Cmd::Demonitor(1)]);
            let seen = stage.settle().await.remove(&me).unwrap_or_default();
            let answer = |code| Seen::Did(Cmd::Demonitor(1), code);
            let (came, in_time) = ([Seen::Down(1, other, Why::error(1)), answer(0)], [answer(1)]);
            assert!(seen == came || seen == in_time || seen == [answer(0)], "{seen:?}");
        }
    });
}

#[test]
fn removed_while_held_brings_nothing() {
    play(async |stage, style| {
        let [other] = stage.enter_all(style);
        let me = stage.enter(flower_host::Style::Process);
        let commands = [
            Cmd::Hold(other, 1),
            Cmd::Hold(other, 2),
            Cmd::Kill(other),
            Cmd::Join(2, Wait::Park),
            Cmd::Demonitor(1),
            Cmd::Join(1, Wait::Look),
        ];
        let seen = stage.play(me, &commands).await;
        assert_eq!(seen[3], Seen::Joined(2, other, Why::KILLED));
        let gone = Seen::Did(Cmd::Join(1, Wait::Look), flower_host::Status::NO_REFERENCE.0.into());
        assert_eq!(seen[4..], [done(Cmd::Demonitor(1)), gone]);
    });
}

#[test]
fn made_at_birth_tells_of_an_end_at_once() {
    play(async |stage, style| {
        let me = stage.enter(style);
        for slot in 1..20 {
            let birth = Birth { fails: true, monitor: Some(slot), ..Birth::of(style) };
            let seen = stage.play(me, &[Cmd::Spawn(birth)]).await;
            let [Seen::Got(_, child), down] = seen[..] else { panic!("{seen:?}") };
            assert_eq!(down, Seen::Down(slot, child, Why::TRAP));
        }
    });
}

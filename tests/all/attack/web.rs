//! Webs: ten thousand links, and ten thousand monitors, among actors of which one ends.

use flower_host::{Actor, Codec, ExitReason, Mailbox, Module, Spawn};

use super::attacker;
use crate::oracle::{Arena, withstand};

/// Actors of a web; as many links or monitors as pairs of them.
const MEMBERS: usize = 100;

/// Members join the group `web`, report to whom their arguments name, and on the next message link with everybody, or
/// monitor everybody, and report again.
const WEB: &str = r#"
    (data (i32.const 0) "web")
    (global $members (mut i32) (i32.const 0))
    (func $report (drop (call $send (i32.const 64) (i32.const 0) (i32.const 3) (i32.const 0))))
    (func $join
        (drop (call $start_args (i32.const 64) (i32.const 32) (i32.const 9000)))
        (drop (call $self_pid (i32.const 128)))
        (if (call $group_join (i32.const 0) (i32.const 3) (i32.const 128) (i32.const 255)) (then unreachable))
        (call $report)
        (call $go)
        (global.set $members (i32.wrap_i64
            (call $group_members (i32.const 0) (i32.const 3) (i64.const 0) (i32.const 16384) (i32.const 1000)))))
    (func $pid (param $at i32) (result i32) (i32.add (i32.const 16384) (i32.shl (local.get $at) (i32.const 5))))
    (func (export "links") (local $at i32)
        (call $join)
        (loop $next
            (drop (call $link (call $pid (local.get $at))))
            (local.set $at (i32.add (local.get $at) (i32.const 1)))
            (br_if $next (i32.lt_u (local.get $at) (global.get $members))))
        (call $report)
        (drop (call $sleep (i64.const -1))))
    ;; Monitors the first member as often as there are members, and itself ends when it has been told as often.
    (func (export "monitors") (local $at i32) (local $told i64)
        (call $join)
        (loop $next
            (if (i64.le_s (call $monitor (call $pid (i32.const 0)) (i32.const 0)) (i64.const 0)) (then unreachable))
            (local.set $at (i32.add (local.get $at) (i32.const 1)))
            (br_if $next (i32.lt_u (local.get $at) (global.get $members))))
        (call $report)
        (loop $hear
            (drop (call $receive (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 9000) (i64.const -1)))
            (if (i32.ne (i32.load (i32.const 9000)) (i32.const 2)) (then unreachable))
            (local.set $told (i64.add (local.get $told) (i64.const 1)))
            (br_if $hear (i64.lt_u (local.get $told) (i64.extend_i32_u (global.get $members)))))
        ;; No more is to come.
        (if (i64.ne (call $mailbox_len) (i64.const 0)) (then unreachable))
        (call $end_with (local.get $told)))"#;

/// Spawns a web, and returns when it is tied.
async fn tie(arena: &Arena, web: &Module, entry: &str) -> Vec<Actor> {
    let mut home = arena.host.mailbox().expect("there is room for a mailbox");
    let spawn = Spawn::entry(web, entry).args(Codec::RAW, home.pid().to_bytes());
    let members: Vec<Actor> =
        (0..MEMBERS).map(|_| arena.host.spawn(spawn.clone()).expect("there is room")).collect();
    all_report(&mut home).await;
    for member in &members {
        home.send(member.pid(), Codec::RAW, b"go").expect("it lives");
    }
    all_report(&mut home).await;
    members
}

async fn all_report(home: &mut Mailbox) {
    for _ in 0..MEMBERS {
        home.receive().await;
    }
}

#[test]
fn of_ten_thousand_links() {
    withstand(async |arena: &Arena| {
        let web = attacker(arena, WEB);
        let mut members = tie(arena, &web, "links").await;
        let middle = arena.watch(members.remove(MEMBERS / 2)).await;
        arena.host.kill(middle.pid()).expect("the pid has all rights");
        assert_eq!(*middle.end().await, ExitReason::Killed);
        for member in members {
            assert_eq!(*member.join().await, ExitReason::Killed);
        }
    });
}

#[test]
fn of_ten_thousand_monitors() {
    withstand(async |arena: &Arena| {
        let web = attacker(arena, WEB);
        let mut members = tie(arena, &web, "monitors").await;
        // The first watches itself too, and dies.
        let first = members.remove(0);
        arena.host.kill(first.pid()).expect("the pid has all rights");
        assert_eq!(*first.join().await, ExitReason::Killed);
        for member in members {
            let reason = member.join().await;
            let ExitReason::Normal(value) = &*reason else { panic!("a member ended: {reason:?}") };
            assert_eq!(value.bytes, (MEMBERS as u64).to_le_bytes());
        }
    });
}

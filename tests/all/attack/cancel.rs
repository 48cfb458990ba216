//! Host calls that are cancelled where they wait: by a kill, an exit signal, a stop or the end of a linked actor. The table
//! of host calls says which they are.

mod socket;

use std::collections::BTreeSet;

use flower_host::{Actor, ActorState, Codec, ExitReason, Module, Pid, Spawn, Status};

use crate::oracle::{Arena, Watched, withstand};
use crate::wat::{CALLS, Call};

/// Entries that wait in each call, for ever as far as they know. The pid of somebody who answers nothing, and whose mailbox
/// is full, is in their arguments.
const WAITS: &str = r#"
    (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll_oneoff (param i32 i32 i32 i32) (result i32)))
    (data (i32.const 1024) "\00\00\00\00")
    (func $begin (drop (call $start_args (i32.const 64) (i32.const 64) (i32.const 256))))
    (func (export "send_wait") (call $begin)
        (drop (call $send_wait (i32.const 96) (i32.const 0) (i32.const 8) (i32.const 0) (i64.const -1))))
    (func (export "receive") (call $begin)
        (drop (call $receive (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 512) (i64.const -1))))
    (func (export "scan") (call $begin)
        (drop (call $scan (i32.const 0) (i32.const 0) (i32.const 512) (i64.const -1))))
    (func (export "call") (call $begin)
        (drop (call $call (i32.const 64) (i32.const 0) (i32.const 8) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 512) (i64.const -1))))
    (func (export "wait") (call $begin)
        (drop (call $wait (call $request (i32.const 64) (i32.const 0) (i32.const 8) (i32.const 0) (i32.const 1) (i64.const -1))
            (i32.const 0) (i32.const 0) (i32.const 512) (i64.const -1))))
    (func (export "wait_for_an_end") (call $begin)
        (drop (call $wait (call $monitor (i32.const 64) (i32.const 1)) (i32.const 0) (i32.const 0) (i32.const 512) (i64.const -1))))
    (func (export "sleep") (call $begin) (drop (call $sleep (i64.const -1))))
    (func (export "sleep_with_a_deadline") (call $begin) (drop (call $sleep (i64.const 3153600000000000000))))
    (func (export "yield_now") (call $begin) (loop $again (drop (call $yield_now)) (br $again)))
    (func (export "poll_oneoff") (call $begin)
        ;; A subscription to the monotonic clock, a hundred years ahead.
        (i32.store (i32.const 2064) (i32.const 1))
        (i64.store (i32.const 2072) (i64.const 3153600000000000000))
        (drop (call $poll_oneoff (i32.const 2048) (i32.const 3072) (i32.const 1) (i32.const 4096))))
    ;; A rendezvous at which nobody comes; both of its endpoints stand from 5000 on.
    (func $rendezvous (call $begin)
        (if (call $channel_new (i32.const 0) (i32.const 0) (i32.const 5000)) (then unreachable)))
    (func (export "channel_send") (call $rendezvous)
        (drop (call $channel_send (i64.load (i32.const 5000)) (i32.const 0) (i32.const 8) (i32.const 0) (i64.const -1))))
    (func (export "channel_recv") (call $rendezvous)
        (drop (call $channel_recv (i64.load (i32.const 5008)) (i32.const 0) (i32.const 0) (i32.const 512) (i64.const -1))))
    (func (export "select") (call $rendezvous)
        ;; To send, to receive, or a message.
        (i64.store (i32.const 5108) (i64.load (i32.const 5000)))
        (i32.store (i32.const 5120) (i32.const 8))
        (i32.store (i32.const 5124) (i32.const 1)) (i64.store (i32.const 5132) (i64.load (i32.const 5008)))
        (i32.store (i32.const 5148) (i32.const 2))
        (drop (call $select (i32.const 5100) (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 512) (i64.const -1))))
    (func (export "handler") (param i32) (result i32) i32.const 0)
    ;; Links with whom its arguments name, reports to whom they name behind that, and traps when it is told to.
    (func (export "peer") (call $begin)
        (if (call $link (i32.const 64)) (then unreachable))
        (drop (call $send (i32.const 96) (i32.const 0) (i32.const 0) (i32.const 0)))
        (call $go) unreachable)
    ;; Sends an exit signal of an error to whom its arguments name.
    (func (export "signals") (call $begin)
        (drop (call $exit_signal (i32.const 64) (i32.const 2) (i32.const 0) (i32.const 0) (i32.const 4))))
    (func (export "silent") (call $go) (drop (call $sleep (i64.const -1))))"#;

/// The entries that wait.
const ENTRIES: &[&str] = &[
    "send_wait",
    "receive",
    "scan",
    "call",
    "wait",
    "wait_for_an_end",
    "sleep",
    "sleep_with_a_deadline",
    "yield_now",
    "poll_oneoff",
    "channel_send",
    "channel_recv",
    "select",
    "handler",
];

/// How an actor that waits may be ended.
const ENDS: &[End] = &[End::Kill, End::Signal, End::Stop, End::Link];

#[derive(Clone, Copy, Debug)]
enum End {
    Kill,
    Signal,
    Stop,
    Link,
}

/// Waits until an actor does this.
async fn reaches(arena: &Arena, pid: Pid, wanted: impl Fn(ActorState) -> bool) {
    while !arena.host.actors().iter().any(|actor| actor.pid == pid && wanted(actor.state)) {
        tokio::task::yield_now().await;
    }
}

async fn cancel(arena: &Arena, module: &Module, end: End, victim: Watched) {
    let args = |more: &[u8]| [&victim.pid().to_bytes()[..], more].concat();
    match end {
        End::Kill => arena.host.kill(victim.pid()).expect("the pid has all rights"),
        End::Stop => arena.host.stop(victim.pid()).expect("it lives"),
        End::Signal => {
            let signals = Spawn::entry(module, "signals").args(Codec::RAW, args(&[]));
            arena.host.spawn(signals).expect("there is room").join().await;
        }
        End::Link => {
            let mut home = arena.host.mailbox().expect("there is room for a mailbox");
            let peer = Spawn::entry(module, "peer").args(Codec::RAW, args(&home.pid().to_bytes()));
            let peer = arena.host.spawn(peer).expect("there is room");
            home.receive().await;
            home.send(peer.pid(), Codec::RAW, b"go").expect("it lives");
            peer.join().await;
        }
    }
    let reason = victim.end().await;
    let right = match end {
        End::Kill => *reason == ExitReason::Killed,
        End::Signal => matches!(&*reason, ExitReason::Error(value) if value.bytes.len() == 4),
        End::Stop => matches!(&*reason, ExitReason::Shutdown(_)),
        End::Link => matches!(&*reason, ExitReason::Trap { .. }),
    };
    assert!(right, "{end:?}: {reason:?}");
}

/// Somebody who answers nothing, and somebody whose mailbox is full.
async fn silent(arena: &Arena, module: &Module) -> [Actor; 2] {
    let home = arena.host.mailbox().expect("there is room for a mailbox");
    let spawn = Spawn::entry(module, "silent").mailbox_len_max(1);
    let full = arena.host.spawn(spawn).expect("there is room");
    let silent = arena.host.spawn(Spawn::entry(module, "silent")).expect("there is room");
    for actor in [&full, &silent] {
        home.send(actor.pid(), Codec::RAW, b"go").expect("it lives");
        // It has taken that, and takes nothing any more.
        reaches(arena, actor.pid(), |state| state == ActorState::WaitingForTime).await;
    }
    home.send(full.pid(), Codec::RAW, b"full").expect("there is room for one");
    assert_eq!(home.send(full.pid(), Codec::RAW, b"full"), Err(Status::MAILBOX_FULL));
    [silent, full]
}

#[test]
fn every_call_that_waits_can_be_cancelled_in_every_way() {
    // Who waits at a socket needs a socket: `socket` sees to that.
    let waits = |call: &&Call| call.parks && !call.name.starts_with("net_");
    let waiting: BTreeSet<&str> = CALLS.iter().filter(waits).map(|call| call.name).collect();
    let untried: Vec<_> = waiting.iter().filter(|name| !ENTRIES.contains(name)).collect();
    assert!(untried.is_empty(), "nobody waits in these calls: {untried:?}");
    withstand(async |arena: &Arena| {
        let module = attacker_with_wasi(arena);
        for end in ENDS {
            let [silent, full] = silent(arena, &module).await;
            let args = [silent.pid().to_bytes(), full.pid().to_bytes()].concat();
            for entry in ENTRIES {
                // Who waits for no message never takes a stop.
                if matches!(end, End::Stop) && !matches!(*entry, "receive" | "handler") {
                    continue;
                }
                let victim = arena.watched(Spawn::entry(&module, entry).args(Codec::RAW, args.clone())).await;
                if *entry != "yield_now" {
                    let waits = |state| !matches!(state, ActorState::Running | ActorState::Runnable);
                    reaches(arena, victim.pid(), waits).await;
                }

                cancel(arena, &module, *end, victim).await;
            }
            for actor in [silent, full] {
                arena.host.kill(actor.pid()).expect("the pid has all rights");
                actor.join().await;
            }
        }
    });
}

/// An attacker's module whose text begins with an import.
fn attacker_with_wasi(arena: &Arena) -> Module {
    let (import, body) = WAITS.trim_start().split_once('\n').expect("the import is a line");
    let imports = crate::wat::with_imports("");
    let imports = imports.strip_suffix(')').expect("a module ends so");
    let text = format!("{imports}{import}(memory (export \"memory\") 1){}{body})", super::GO);
    crate::wat::load(&arena.host, &text)
}

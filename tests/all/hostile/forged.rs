//! Pids, tokens and filters that the host did not make.

use flower_abi::Status;
use flower_host::{Codec, ExitReason, Host, Pid, Rights, Spawn};

use crate::wat::{self, assert_alive, load, module, spawn, threads};

/// Makes each call that takes a pid with the one in its arguments, and ends with the eight answers.
const TRY_ALL: &str = r#"
    (func (export "run")
        (drop (call $start_args (i32.const 0) (i32.const 32) (i32.const 512)))
        (drop (call $trap_exit (i32.const 1)))
        (i32.store (i32.const 1024) (call $send (i32.const 0) (i32.const 0) (i32.const 4) (i32.const 0)))
        (i32.store (i32.const 1028) (call $kill (i32.const 0)))
        (i32.store (i32.const 1032) (call $stop (i32.const 0)))
        (i32.store (i32.const 1036) (call $link (i32.const 0)))
        (i32.store (i32.const 1040) (i32.wrap_i64 (call $monitor (i32.const 0) (i32.const 0))))
        (i32.store (i32.const 1044) (call $exit_signal (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 0)))
        (i32.store (i32.const 1048) (call $is_alive (i32.const 0)))
        (i32.store (i32.const 1052) (call $restrict (i32.const 0) (i32.const 255) (i32.const 64)))
        (drop (call $exit (i32.const 0) (i32.const 0) (i32.const 1024) (i32.const 32))))"#;

/// The answers that an actor gets which holds this pid.
async fn answers(host: &Host, pid: Pid) -> Vec<Status> {
    let trying = Spawn::entry(&load(host, &module(TRY_ALL)), "run").args(Codec::RAW, pid.to_bytes());
    let reason = host.spawn(trying).expect("it is there").join().await;
    let ExitReason::Normal(value) = &*reason else { panic!("{reason:?}") };
    value.bytes.chunks(4).map(|word| Status(i32::from_le_bytes(word.try_into().expect("4 bytes")))).collect()
}

/// An actor that waits for ever.
const WAITER: &str = "(func (export \"run\") (drop (call $sleep (i64.const -1))))";

#[test]
fn forged_pids_reach_nobody() {
    wat::run(async {
        let host = threads().build().expect("a host");
        let victim = spawn(&host, &load(&host, &module(WAITER)), "run");
        let pid = victim.pid();
        let forged = [
            Pid::NONE,
            Pid::from_bytes(&[0xff; Pid::SIZE]),
            Pid { tag: pid.tag ^ 1, ..pid },
            Pid { slot: u32::MAX, ..pid },
            Pid { serial: 0, ..pid },
            Pid { serial: pid.serial + 1, ..pid },
            Pid { incarnation: pid.incarnation ^ 1, ..pid },
            Pid { node: 1, ..pid },
            Pid { version: 0, ..pid },
            Pid { rights: Rights(0), ..pid },
            Pid { rights: Rights(0xff), ..pid },
        ];
        for pid in forged {
            assert_eq!(answers(&host, pid).await, [Status::INVALID_PID; 8], "{:x?}", pid.to_bytes());
        }
        assert!(host.actors().iter().any(|actor| actor.pid == victim.pid()));
        assert_alive(&host).await;
    });
}

#[test]
fn a_pid_of_another_host_reaches_nobody() {
    wat::run(async {
        let (one, other) = (threads().build().expect("a host"), threads().build().expect("another"));
        let victim = spawn(&one, &load(&one, &module(WAITER)), "run");
        assert_eq!(answers(&other, victim.pid()).await, [Status::INVALID_PID; 8]);
        assert_eq!(one.actor_count(), 1);
    });
}

#[test]
fn a_stale_pid_is_never_the_slots_next_owner() {
    wat::run(async {
        let host = threads().build().expect("a host");
        let waiter = load(&host, &module(WAITER));
        let dead = spawn(&host, &waiter, "run");
        let stale = dead.pid();
        host.kill(stale).expect("the pid has all rights");
        dead.join().await;
        host.quiescent().await;
        let next = spawn(&host, &waiter, "run");
        assert_eq!(next.pid().slot, stale.slot, "the slot serves the next actor");
        let answers = answers(&host, stale).await;
        assert_eq!((answers[0], answers[2], answers[6]), (Status::NO_ACTOR, Status::NO_ACTOR, Status(0)));
        host.quiescent().await;
        assert!(host.actors().iter().any(|actor| actor.pid == next.pid() && actor.mailbox_len == 0));
    });
}

/// Answers the request in its arguments, a token of 48 bytes, and ends with the status.
const ANSWER: &str = r#"
    (func (export "run")
        (drop (call $start_args (i32.const 0) (i32.const 48) (i32.const 512)))
        (i32.store (i32.const 1024) (call $reply (i32.const 0) (i32.const 0) (i32.const 4) (i32.const 0)))
        (drop (call $exit (i32.const 0) (i32.const 0) (i32.const 1024) (i32.const 4))))"#;

#[test]
fn forged_tokens_answer_nobody() {
    wat::run(async {
        let host = threads().build().expect("a host");
        let victim = spawn(&host, &load(&host, &module(WAITER)), "run");
        let answer = load(&host, &module(ANSWER));
        let token = |pid: Pid, reference: u64, tag: u64| {
            [&pid.to_bytes()[..], &reference.to_le_bytes(), &tag.to_le_bytes()].concat()
        };
        let forged = [
            token(victim.pid(), 1, 0),
            token(victim.pid(), u64::MAX, u64::MAX),
            token(Pid::NONE, 0, 0),
            token(Pid { tag: 0, ..victim.pid() }, 1, victim.pid().tag),
            vec![0xff; 48],
        ];
        for token in forged {
            let spawned = Spawn::entry(&answer, "run").args(Codec::RAW, token);
            let reason = host.spawn(spawned).expect("it is there").join().await;
            let ExitReason::Normal(value) = &*reason else { panic!("{reason:?}") };
            assert_eq!(value.bytes, Status::NOT_PERMITTED.0.to_le_bytes());
        }
    });
}

#[test]
fn too_many_filters_are_refused_and_as_many_as_allowed_are_not() {
    wat::run(async {
        let host = threads().build().expect("a host");
        let receive = |count: i64| {
            module(&format!(
                "(func (export \"run\")
                    (i32.store (i32.const 0) (call $receive (i32.const 4096) (i32.const {count}) (i32.const 0) (i32.const 0)
                        (i32.const 256) (i64.const 0)))
                    (drop (call $exit (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 4))))"
            ))
        };
        for (count, status) in
            [(64, Status::TIMED_OUT), (65, Status::INVALID), (0xffff_ffff, Status::INVALID)]
        {
            let reason = wat::end_of(&host, &receive(count)).await;
            let ExitReason::Normal(value) = &*reason else { panic!("{count}: {reason:?}") };
            assert_eq!(value.bytes, status.0.to_le_bytes(), "{count} filters");
        }
    });
}

//! The library: a host as its embedder sees it, and native code as an actor among the others.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use flower_host::{
    ActorState, BuildError, CallError, Capture, Codec, ExitReason, Host, Kind, Limits, OutputSink, Pid,
    Source, Spawn, SpawnError, Status, Stream, Style,
};

use crate::wat::{self, ECHO, assert_alive, deterministic, load, module, spawn, threads};

/// An actor that waits for ever, and ends when it is asked to.
const WAITER: &str = r#"(func (export "run")
    (drop (call $receive (i32.const 0) (i32.const 0) (i32.const 256) (i32.const 64) (i32.const 0) (i64.const -1))))"#;

/// A handler that answers every request with its own body, and ends at a message of one byte.
const ANSWERER: &str = r#"
    (func (export "run") (param $len i32) (result i32)
        (drop (call $message_info (i32.const 0)))
        (drop (call $message_read (i32.const 0) (i32.const 256) (i32.const 1024)))
        ;; The token: sender, reference and tag, one behind the other.
        (memory.copy (i32.const 128) (i32.const 32) (i32.const 32))
        (i64.store (i32.const 160) (i64.load (i32.const 24)))
        (i64.store (i32.const 168) (i64.load (i32.const 64)))
        (if (i32.and (i32.eqz (i32.load (i32.const 0))) (i32.eq (local.get $len) (i32.const 1))) (then unreachable))
        (if (i32.load (i32.const 4))
            (then (drop (call $reply (i32.const 128) (i32.const 256) (local.get $len) (i32.const 0)))))
        i32.const 0)"#;

#[test]
fn two_hosts_do_not_meet() {
    wat::run(async {
        let (one, other) = (threads().build().expect("a host"), threads().build().expect("another"));
        let waiter = load(&one, &module(WAITER));
        let named = one.spawn(Spawn::entry(&waiter, "run").name("chosen")).expect("the name is free");
        assert_eq!((one.whereis("chosen"), other.whereis("chosen")), (Some(named.pid()), None));
        assert_eq!((one.actor_count(), other.actor_count()), (1, 0));
        assert_eq!(other.kill(named.pid()), Err(Status::INVALID_PID));
        assert_eq!(other.stop(named.pid()), Err(Status::INVALID_PID));
        let stranger = other.mailbox().expect("a mailbox");
        assert_eq!(stranger.send(named.pid(), Codec::RAW, b"hello"), Err(Status::INVALID_PID));
        let refused =
            other.spawn(Spawn::entry(&waiter, "run")).expect_err("the other does not have the module");
        assert!(matches!(refused, SpawnError::UnknownModule { .. }), "{refused}");
        assert_eq!(other.shutdown(Duration::from_secs(5)).await, 0);
        assert_alive(&one).await;
        assert_eq!(one.actor_count(), 1);
    });
}

#[test]
fn a_host_needs_a_worker() {
    assert!(matches!(Host::builder().workers(0).build(), Err(BuildError::NoWorkers)));
    assert!(matches!(Host::builder().workers(usize::MAX).build(), Err(BuildError::TooManyWorkers)));
}

#[test]
fn the_same_bytes_may_be_loaded_under_several_names() {
    wat::run(async {
        let host = threads().build().expect("a host");
        let text = module(WAITER);
        let source = Source::from_wat(&text).expect("it is text");
        let modules = ["one", "other", "one"].map(|name| host.load(name, &source).expect("it is good"));
        assert_eq!(modules[0].hash(), modules[1].hash());
        for module in &modules {
            let actor = spawn(&host, module, "run");
            host.kill(actor.pid()).expect("the pid has all rights");
            assert_eq!(*actor.join().await, ExitReason::Killed);
        }
    });
}

#[test]
fn an_actor_can_be_joined_long_after_its_end() {
    wat::run(async {
        let host = threads().build().expect("a host");
        let wat = module(
            r#"(data (i32.const 0) "done")
               (func (export "run") (drop (call $exit (i32.const 2) (i32.const 0) (i32.const 0) (i32.const 4))))"#,
        );
        let ended = spawn(&host, &load(&host, &wat), "run");
        host.quiescent().await;
        assert_eq!(host.actor_count(), 0);
        // Its slot has served others since.
        for _ in 0..10 {
            assert_alive(&host).await;
        }
        assert_eq!(ended.join().await.to_string(), "error: done");
    });
}

#[test]
fn joining_blocks_a_thread_that_has_no_runtime() {
    let host = threads().build().expect("a host brings its own runtime");
    let actor = spawn(&host, &load(&host, &module("(func (export \"run\"))")), "run");
    assert_eq!(*actor.join_blocking(), ExitReason::NORMAL);
}

#[test]
fn a_host_that_is_dropped_ends_everybody() {
    wat::run(async {
        let host = threads().build().expect("a host");
        let waiter = load(&host, &module(WAITER));
        let actors: Vec<_> = (0..20).map(|_| spawn(&host, &waiter, "run")).collect();
        drop(host);
        for actor in actors {
            assert_eq!(*actor.join().await, ExitReason::Killed);
        }
    });
}

#[test]
fn native_code_sends_receives_and_calls() {
    wat::run(async {
        let host = threads().build().expect("a host");
        let echo = spawn(&host, &load(&host, &module(ECHO)), "run");
        let answerer = spawn(&host, &load(&host, &module(ANSWERER)), "run");
        let mut mailbox = host.mailbox().expect("a mailbox");
        assert!(mailbox.try_receive().is_none());
        mailbox.send(echo.pid(), Codec::JSON, b"1").expect("it is alive");
        let received = mailbox.receive().await;
        assert_eq!((received.kind, &received.body[..]), (Kind::Message, &b"1"[..]));
        assert!(received.sender.same_actor(echo.pid()) && received.reply.is_none());
        let answer = mailbox.call(answerer.pid(), Codec::RAW, b"question").await.expect("it answers");
        assert_eq!((answer.kind, &answer.body[..]), (Kind::Reply, &b"question"[..]));
        host.quiescent().await;
        assert!(host.accounts().balance(), "{:?}", host.accounts());
    });
}

#[test]
fn native_code_answers_calls() {
    wat::run(async {
        let host = threads().build().expect("a host");
        let mut mailbox = host.mailbox().expect("a mailbox");
        mailbox.register("native").expect("the name is free");
        let caller = module(
            r#"(data (i32.const 0) "native")
               (func (export "run")
                   (if (call $whereis (i32.const 0) (i32.const 6) (i32.const 64)) (then unreachable))
                   (if (call $call (i32.const 64) (i32.const 0) (i32.const 6) (i32.const 0)
                           (i32.const 512) (i32.const 64) (i32.const 128) (i64.const -1)) (then unreachable))
                   (drop (call $exit (i32.const 0) (i32.const 0) (i32.const 512) (i32.load (i32.const 136)))))"#,
        );
        let caller = spawn(&host, &load(&host, &caller), "run");
        let asked = mailbox.receive().await;
        assert_eq!(asked.body, b"native");
        mailbox.reply(asked.reply.expect("it is a request"), Codec::RAW, b"answer").expect("it waits");
        assert_eq!(caller.join().await.to_string(), "normal: answer");
    });
}

#[test]
fn a_call_of_native_code_ends_with_the_callees_end() {
    wat::run(async {
        let host = threads().build().expect("a host");
        let answerer = spawn(&host, &load(&host, &module(ANSWERER)), "run");
        let pid = answerer.pid();
        let mut mailbox = host.mailbox().expect("a mailbox");
        let died = mailbox.call(pid, Codec::RAW, b"x").await.expect_err("it traps");
        let CallError::Died { reason } = died else { panic!("{died}") };
        assert_eq!(reason, answerer.join().await);
        let refused = mailbox.call(pid, Codec::RAW, b"x").await.expect_err("it has ended");
        assert!(matches!(refused, CallError::Refused(Status::NO_ACTOR)), "{refused}");
        host.quiescent().await;
        assert!(host.accounts().balance(), "{:?}", host.accounts());
    });
}

#[test]
fn an_actor_that_waits_for_a_mailbox_is_told_when_that_is_dropped() {
    wat::run(async {
        let host = threads().build().expect("a host");
        let mailbox = host.mailbox().expect("a mailbox");
        let wat = module(
            r#"(func (export "run")
                (drop (call $start_args (i32.const 0) (i32.const 32) (i32.const 128)))
                (drop (call $monitor (i32.const 0) (i32.const 0)))
                (drop (call $receive (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 128) (i64.const -1)))
                (if (i32.ne (i32.load (i32.const 128)) (i32.const 2)) (then unreachable)))"#,
        );
        let spawned = Spawn::entry(&load(&host, &wat), "run").args(Codec::RAW, mailbox.pid().to_bytes());
        let watching = host.spawn(spawned).expect("it is there");
        host.quiescent().await;
        drop(mailbox);
        assert_eq!(*watching.join().await, ExitReason::NORMAL);
        assert_eq!(host.accounts().spawned, host.accounts().ended);
    });
}

#[test]
fn a_mailbox_may_outlive_its_host() {
    wat::run(async {
        let host = threads().build().expect("a host");
        let echo = spawn(&host, &load(&host, &module(ECHO)), "run");
        let mut mailbox = host.mailbox().expect("a mailbox");
        drop(host);
        assert_eq!(mailbox.send(echo.pid(), Codec::RAW, b"anybody?"), Err(Status::NO_ACTOR));
        assert!(mailbox.try_receive().is_none());
    });
}

#[test]
fn what_is_too_large_is_refused_to_native_code_as_well() {
    wat::run(async {
        let mut limits = Limits::default();
        limits.message_bytes_max = 100;
        limits.actors_max = 2;
        let host = threads().limits(limits).build().expect("a host");
        let waiter = load(&host, &module(WAITER));
        let mailbox = host.mailbox().expect("a mailbox");
        assert_eq!(mailbox.send(mailbox.pid(), Codec::RAW, &[0; 101]), Err(Status::TOO_LARGE));
        assert_eq!(mailbox.send(mailbox.pid(), Codec::RAW, &[0; 100]), Ok(()));
        let refusal = |refused: SpawnError| match refused {
            SpawnError::Refused { status } => status,
            other => panic!("{other}"),
        };
        let large = Spawn::entry(&waiter, "run").args(Codec::RAW, vec![0; 101]);
        assert_eq!(refusal(host.spawn(large).expect_err("it is too large")), Status::TOO_LARGE);
        let _one = spawn(&host, &waiter, "run");
        let another = host.spawn(Spawn::entry(&waiter, "run"));
        assert_eq!(refusal(another.expect_err("there may be two")), Status::LIMIT);
        assert!(host.mailbox().is_err(), "a mailbox is an actor too");
    });
}

#[test]
fn a_name_that_is_taken_leaves_nothing_behind() {
    wat::run(async {
        let host = threads().build().expect("a host");
        let waiter = load(&host, &module(WAITER));
        let named = || host.spawn(Spawn::entry(&waiter, "run").name("chosen"));
        let _holder = named().expect("the name is free");
        assert!(matches!(named(), Err(SpawnError::Refused { status: Status::NAME_TAKEN })));
        host.quiescent().await;
        assert_eq!((host.actors().len(), host.actor_count()), (1, 1));
        assert_eq!(host.accounts().spawned, 1);
    });
}

#[test]
fn actors_are_listed_with_what_they_do() {
    wat::run(async {
        let host = deterministic(1).build().expect("a host");
        let wat = module(&format!(
            r#"{WAITER}
            (func (export "sleeps") (drop (call $sleep (i64.const -1))))
            (func (export "handles") (param i32) (result i32) i32.const 0)
            (func (export "calls")
                (drop (call $start_args (i32.const 0) (i32.const 32) (i32.const 128)))
                (drop (call $call (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
                    (i32.const 0) (i32.const 0) (i32.const 128) (i64.const -1))))
            (func (export "pushes")
                (drop (call $start_args (i32.const 0) (i32.const 32) (i32.const 128)))
                (loop $more (br_if $more (i32.eqz
                    (call $send_wait (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i64.const -1))))))"#
        ));
        let module = load(&host, &wat);
        let mailbox = host.mailbox().expect("a mailbox");
        let with_pid = |entry: &str, pid: Pid| {
            let spawned = Spawn::entry(&module, entry).args(Codec::RAW, pid.to_bytes());
            host.spawn(spawned).expect("it is there").pid()
        };
        let waits =
            host.spawn(Spawn::entry(&module, "run").name("waits").label("first")).expect("it is there").pid();
        let handles = spawn(&host, &module, "handles").pid();
        let calls = with_pid("calls", mailbox.pid());
        let full = host.spawn(Spawn::entry(&module, "sleeps").mailbox_len_max(3)).expect("it is there").pid();
        let pushes = with_pid("pushes", full);
        host.quiescent().await;
        let actors = host.actors();
        let state = |pid: Pid| actors.iter().find(|actor| actor.pid == pid).expect("it lives").state;
        assert_eq!(actors.len(), 5);
        assert!(actors.is_sorted_by_key(|actor| actor.pid.serial));
        assert_eq!(state(waits), ActorState::WaitingForMessage);
        assert_eq!(state(handles), ActorState::WaitingForMessage);
        assert_eq!(state(calls), ActorState::WaitingForCompletion);
        assert_eq!(state(full), ActorState::WaitingForTime);
        assert_eq!(state(pushes), ActorState::WaitingForRoom);
        assert_eq!((&actors[0].label[..], &actors[0].names[..]), ("first", &["waits".to_owned()][..]));
        assert_eq!((actors[0].mailbox_len, actors[0].memory_bytes), (0, 65_536));
        assert_eq!((actors[1].style, actors[3].mailbox_len), (Style::Handler, 3));
        assert!(actors[0].snapshot_obstacle.is_some() && actors[1].snapshot_obstacle.is_none());
        assert_eq!(host.memory_used(), 5 * 65_536);
    });
}

#[test]
fn shutdown_asks_first_and_counts_whom_it_has_to_end() {
    wat::run(async {
        let host = threads().build().expect("a host");
        let wat = module(&format!(
            r#"{WAITER}
            (func (export "stubborn")
                (drop (call $trap_stop (i32.const 1)))
                (loop $for_ever (drop (call $sleep (i64.const -1))) (br $for_ever)))
            (func (export "busy") (loop $for_ever (br $for_ever)))"#
        ));
        let module = load(&host, &wat);
        let soft: Vec<_> = (0..3).map(|_| spawn(&host, &module, "run")).collect();
        let hard = [spawn(&host, &module, "stubborn"), spawn(&host, &module, "busy")];
        assert_eq!(host.shutdown(Duration::from_millis(300)).await, 2);
        for actor in soft {
            assert_eq!(actor.join().await.to_string(), "shutdown");
        }
        for actor in hard {
            assert_eq!(*actor.join().await, ExitReason::Killed);
        }
    });
}

#[test]
fn shutdown_of_an_empty_host_is_at_once() {
    wat::run(async {
        // The deadline is longer than the watchdog's patience.
        let host = threads().build().expect("a host");
        assert_eq!(host.shutdown(Duration::from_secs(3600)).await, 0);
        let host = deterministic(1).build().expect("a host");
        let _waiter = spawn(&host, &load(&host, &module(WAITER)), "run");
        assert_eq!(host.shutdown(Duration::from_secs(3600)).await, 0);
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hosts_live_within_a_tokio_program_of_several_threads() {
    let host = Arc::new(threads().build().expect("a host"));
    let echo = spawn(&host, &load(&host, &module(ECHO)), "run").pid();
    let talk = |number: u32| {
        let host = host.clone();
        async move {
            let mut mailbox = host.mailbox().expect("a mailbox");
            for round in 0..50u32 {
                mailbox
                    .send(echo, Codec::RAW, &[number, round].map(u32::to_le_bytes).concat())
                    .expect("it lives");
                assert_eq!(mailbox.receive().await.body, [number, round].map(u32::to_le_bytes).concat());
            }
        }
    };
    let tasks: Vec<_> = (0..8).map(|number| tokio::spawn(talk(number))).collect();
    for task in tasks {
        task.await.expect("it does not panic");
    }
    assert!(host.accounts().balance(), "{:?}", host.accounts());
}

/// Breaks when somebody prints `boom`: the embedder's bug, in the middle of a host call.
struct Fragile(AtomicBool);

impl OutputSink for Fragile {
    fn write(&self, _stream: Stream, bytes: &[u8]) {
        if bytes == b"boom\n" {
            self.0.store(true, Ordering::Relaxed);
            panic!("the sink is broken");
        }
    }
}

/// Prints `boom`, as a process and as a handler.
const PRINTS: &str = r#"(module
    (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "\08\00\00\00\05\00\00\00boom\n")
    (func $print (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 64))))
    (func (export "process") (call $print))
    (func (export "handler") (param i32) (result i32) (call $print) i32.const 1))"#;

#[test]
fn a_panic_of_the_host_ends_the_actor_that_met_it() {
    wat::run(async {
        for builder in [threads(), deterministic(1)] {
            let sink = Arc::new(Fragile(AtomicBool::new(false)));
            let host = builder.output(sink.clone()).build().expect("a host");
            let module = load(&host, PRINTS);
            for entry in ["process", "handler", "process"] {
                let reason = spawn(&host, &module, entry).join().await;
                assert!(matches!(&*reason, ExitReason::HostError { id } if !id.is_empty()), "{reason:?}");
                assert_alive(&host).await;
            }
            host.quiescent().await;
            assert!(sink.0.load(Ordering::Relaxed));
            assert_eq!((host.memory_used(), host.actor_count()), (0, 0));
        }
    });
}

#[test]
fn what_actors_print_goes_where_the_embedder_says() {
    wat::run(async {
        let capture = Arc::new(Capture::new(1 << 20));
        let host = threads().output(capture.clone()).build().expect("a host");
        let module = load(&host, PRINTS);
        for entry in ["process", "handler"] {
            assert_eq!(*spawn(&host, &module, entry).join().await, ExitReason::NORMAL);
        }
        assert_eq!(capture.text(Stream::Stdout), "boom\nboom\n");
    });
}

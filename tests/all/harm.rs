//! Guests that take what they can get: time, memory, stack, actors, timers, names, references. Each
//! is refused with a reason, nobody else is harmed, and at its end everything is free again.

use std::time::Duration;

use flower_abi::exit::{LimitCode, TrapCode};
use flower_host::{Actor, Codec, ExitReason, Host, HostBuilder, Limits, Spawn, StackClass, Status};

use crate::wat::{self, ECHO, assert_alive, deterministic, load, module, spawn, threads};

/// Loops for ever, as a process and as a handler.
const BUSY: &str = r#"
    (func (export "process") (loop $for_ever (br $for_ever)))
    (func (export "handler") (param i32) (result i32) (loop $for_ever (br $for_ever)) i32.const 0)"#;

fn limited(builder: HostBuilder, set: impl Fn(&mut Limits)) -> HostBuilder {
    let mut limits = Limits::default();
    set(&mut limits);
    builder.limits(limits)
}

/// The module's `run` ends normally, with a number that it counted; afterwards the host has nothing left of it.
async fn counted(builder: HostBuilder, wat: &str) -> u64 {
    let host = builder.build().expect("a host");
    let reason = wat::end_of(&host, &module(wat)).await;
    let ExitReason::Normal(value) = &*reason else { panic!("{reason:?}") };
    assert_free(&host).await;
    u64::from_le_bytes(value.bytes[..8].try_into().expect("8 bytes"))
}

/// Fails unless the host lives, and has nothing left of actors that have ended.
async fn assert_free(host: &Host) {
    host.quiescent().await;
    assert_eq!((host.actor_count(), host.memory_used()), (0, 0));
    let accounts = host.accounts();
    assert!(accounts.balance() && accounts.queued == 0, "{accounts:?}");
    assert_eq!(accounts.spawned, accounts.ended);
    assert_alive(host).await;
}

#[test]
fn a_busy_loop_delays_nobody() {
    wat::run(async {
        let host = threads().build().expect("a host");
        let busy = load(&host, &module(BUSY));
        let echo = spawn(&host, &load(&host, &module(ECHO)), "run");
        let mut loops = Vec::new();
        // More of each than there are workers.
        for entry in ["process", "handler", "process", "handler", "process", "handler", "process", "handler"]
        {
            loops.push(spawn(&host, &busy, entry));
            let mut mailbox = host.mailbox().expect("a mailbox");
            for _ in 0..3 {
                mailbox.send(echo.pid(), Codec::RAW, b"hello").expect("it lives");
                assert_eq!(mailbox.receive().await.body, b"hello");
            }
        }
        for actor in &loops {
            host.kill(actor.pid()).expect("the pid has all rights");
        }
        for actor in loops {
            assert_eq!(*actor.join().await, ExitReason::Killed);
        }
        host.kill(echo.pid()).expect("the pid has all rights");
        echo.join().await;
        assert_free(&host).await;
    });
}

#[test]
fn a_busy_loop_delays_nobody_in_deterministic_mode() {
    wat::run(async {
        let host = deterministic(1).build().expect("a host");
        let busy = load(&host, &module(BUSY));
        let loops: Vec<Actor> =
            ["process", "handler", "process"].iter().map(|entry| spawn(&host, &busy, entry)).collect();
        assert_alive(&host).await;
        for actor in loops {
            host.kill(actor.pid()).expect("the pid has all rights");
            assert_eq!(*actor.join().await, ExitReason::Killed);
        }
        assert_free(&host).await;
    });
}

#[test]
fn a_host_with_busy_loops_can_be_dropped() {
    wat::run(async {
        let host = threads().build().expect("a host");
        let busy = load(&host, &module(BUSY));
        let loops: Vec<Actor> = ["process", "handler", "process", "handler"]
            .iter()
            .map(|entry| spawn(&host, &busy, entry))
            .collect();
        assert_alive(&host).await;
        drop(host);
        for actor in loops {
            assert_eq!(*actor.join().await, ExitReason::Killed);
        }
    });
}

#[test]
fn a_busy_loop_ends_when_its_time_is_over() {
    wat::run(async {
        for builder in [threads(), deterministic(1)] {
            let host = builder.build().expect("a host");
            let busy = load(&host, &module(BUSY));
            for entry in ["process", "handler"] {
                let limited = Spawn::entry(&busy, entry).run_time_max(Duration::from_millis(20));
                assert_eq!(*host.spawn(limited).expect("it is there").join().await, ExitReason::OutOfTime);
            }
            assert_free(&host).await;
        }
    });
}

#[test]
fn time_that_is_spent_waiting_does_not_count() {
    wat::run(async {
        let host = deterministic(1).build().expect("a host");
        let patient = module(
            r#"(func (export "run")
                (local $round i32)
                (loop $next
                    (drop (call $sleep (i64.add (call $now) (i64.const 1000000000))))
                    (local.set $round (i32.add (local.get $round) (i32.const 1)))
                    (br_if $next (i32.lt_u (local.get $round) (i32.const 100)))))"#,
        );
        let limited = Spawn::entry(&load(&host, &patient), "run").run_time_max(Duration::from_millis(20));
        assert_eq!(*host.spawn(limited).expect("it is there").join().await, ExitReason::NORMAL);
    });
}

#[test]
fn a_memory_bomb_is_refused_at_its_limit() {
    wat::run(async {
        let bomb = r#"(func (export "run")
            (loop $more (br_if $more (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
            (i64.store (i32.const 0) (i64.extend_i32_u (memory.size)))
            (drop (call $exit (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 8))))"#;
        let pages = |builder| counted(builder, bomb);
        assert_eq!(pages(limited(threads(), |limits| limits.memory_max = 20 << 16)).await, 20);
        assert_eq!(pages(limited(threads(), |limits| limits.host_memory_max = 10 << 16)).await, 10);
        assert_eq!(
            pages(limited(deterministic(1), |limits| limits.memory_max = (20 << 16) + 65_535)).await,
            20
        );
    });
}

#[test]
fn memory_is_shared_out_among_all_actors() {
    wat::run(async {
        let host = limited(threads(), |limits| limits.host_memory_max = 4 << 16).build().expect("a host");
        let waiter = load(&host, &module(r#"(func (export "run") (drop (call $sleep (i64.const -1))))"#));
        let living: Vec<Actor> = (0..4).map(|_| spawn(&host, &waiter, "run")).collect();
        host.quiescent().await;
        assert_eq!(host.memory_used(), 4 << 16);
        let refused = spawn(&host, &waiter, "run").join().await;
        assert!(matches!(&*refused, ExitReason::Limit { code: LimitCode::MEMORY, .. }), "{refused:?}");
        for actor in living {
            host.kill(actor.pid()).expect("the pid has all rights");
            actor.join().await;
        }
        assert_free(&host).await;
    });
}

#[test]
fn a_table_bomb_is_refused_at_its_limit() {
    wat::run(async {
        let bomb = r#"(table $t 1 funcref)
            (func (export "run")
                (loop $more (br_if $more (i32.ne (table.grow $t (ref.null func) (i32.const 100)) (i32.const -1))))
                (i64.store (i32.const 0) (i64.extend_i32_u (table.size $t)))
                (drop (call $exit (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 8))))"#;
        let builder = limited(threads(), |limits| limits.table_elements_max = 1000);
        assert_eq!(counted(builder, bomb).await, 901);
    });
}

#[test]
fn a_stack_bomb_meets_the_limit_of_its_class() {
    wat::run(async {
        let bomb = module(
            r#"(global $depth (mut i32) (i32.const 0))
            (func $down (param i32) (result i32)
                (i32.add (i32.const 1) (call $down (i32.add (local.get 0) (i32.const 1)))))
            (func (export "process") (drop (call $down (i32.const 0))))
            (func (export "handler") (param i32) (result i32) (call $down (i32.const 0)))"#,
        );
        for builder in [threads(), deterministic(1)] {
            let host = builder.build().expect("a host");
            let bomb = load(&host, &bomb);
            for (entry, class) in [
                ("process", StackClass::Small),
                ("handler", StackClass::Small),
                ("process", StackClass::Large),
                ("handler", StackClass::Large),
            ] {
                let spawned = Spawn::entry(&bomb, entry).stack(class);
                let reason = host.spawn(spawned).expect("it is there").join().await;
                assert!(matches!(&*reason, ExitReason::Limit { code: LimitCode::STACK, .. }), "{reason:?}");
            }
            assert_free(&host).await;
        }
    });
}

/// The spawner's options: version 1, entry `run` at 200.
const SPAWN_RUN: &str = r#"
    (data (i32.const 0) "\01\00\00\00")
    (data (i32.const 16) "\c8\00\00\00\03\00\00\00")
    (data (i32.const 200) "run")"#;

#[test]
fn a_spawn_bomb_is_refused_at_the_limit_and_ends() {
    wat::run(async {
        // Each tries to make ten more of its kind; whoever is refused sees LIMIT.
        let bomb = module(&format!(
            r#"{SPAWN_RUN}
            (func (export "run")
                (local $round i32) (local $status i32)
                (loop $more
                    (local.set $status (call $spawn (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 256) (i32.const 0)))
                    (if (i32.and (i32.ne (local.get $status) (i32.const 0)) (i32.ne (local.get $status) (i32.const -8)))
                        (then unreachable))
                    (local.set $round (i32.add (local.get $round) (i32.const 1)))
                    (br_if $more (i32.lt_u (local.get $round) (i32.const 10))))
                (drop (call $sleep (i64.const -1))))"#
        ));
        for builder in [threads(), deterministic(1)] {
            let host = limited(builder, |limits| limits.actors_max = 50).build().expect("a host");
            let _first = spawn(&host, &load(&host, &bomb), "run");
            host.quiescent().await;
            assert_eq!((host.actor_count(), host.accounts().crashed), (50, 0));
            for actor in host.actors() {
                host.kill(actor.pid).expect("the pid has all rights");
            }
            assert_free(&host).await;
        }
    });
}

#[test]
fn a_spawner_may_replace_whoever_it_was_told_has_ended() {
    wat::run(async {
        // At the limit of two actors: it starts a child, waits for its `Down`, and starts the next.
        let parent = module(&format!(
            r#"{SPAWN_RUN}
            (data (i32.const 4) "\02\00\00\00")
            (func (export "run"))
            (func (export "parent")
                (local $round i32)
                (loop $more
                    (if (call $spawn (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 256) (i32.const 300))
                        (then unreachable))
                    (drop (call $receive (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 512) (i64.const -1)))
                    (if (i32.ne (i32.load (i32.const 512)) (i32.const 2)) (then unreachable))
                    (local.set $round (i32.add (local.get $round) (i32.const 1)))
                    (br_if $more (i32.lt_u (local.get $round) (i32.const 200)))))"#
        ));
        let host = limited(threads(), |limits| limits.actors_max = 2).build().expect("a host");
        assert_eq!(*spawn(&host, &load(&host, &parent), "parent").join().await, ExitReason::NORMAL);
        assert_free(&host).await;
    });
}

#[test]
fn actors_that_never_start_leave_nothing_behind() {
    wat::run(async {
        // Spawns ten that are to start in a hundred years, and kills them.
        let parent = module(&format!(
            r#"{SPAWN_RUN}
            (func (export "run"))
            (func (export "parent")
                (local $round i32)
                (i64.store (i32.const 56) (i64.const 3153600000000000000))
                (loop $more
                    (if (call $spawn (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 256) (i32.const 0)) (then unreachable))
                    (if (call $kill (i32.const 256)) (then unreachable))
                    (local.set $round (i32.add (local.get $round) (i32.const 1)))
                    (br_if $more (i32.lt_u (local.get $round) (i32.const 10)))))"#
        ));
        let host = threads().build().expect("a host");
        assert_eq!(*spawn(&host, &load(&host, &parent), "parent").join().await, ExitReason::NORMAL);
        // The host is quiet only when no timer is armed.
        assert_free(&host).await;
    });
}

/// Counts how often a call answers a reference, until it answers LIMIT.
fn count_until_limit(call: &str) -> String {
    format!(
        r#"(data (i32.const 0) "a name")
        (func (export "run")
            (local $count i64) (local $answer i64)
            (drop (call $self_pid (i32.const 64)))
            (block $refused
                (loop $more
                    (local.set $answer {call})
                    (br_if $refused (i64.lt_s (local.get $answer) (i64.const 0)))
                    (local.set $count (i64.add (local.get $count) (i64.const 1)))
                    (br_if $more (i64.lt_u (local.get $count) (i64.const 5000)))))
            (if (i64.ne (local.get $answer) (i64.const {limit})) (then unreachable))
            (i64.store (i32.const 128) (local.get $count))
            (drop (call $exit (i32.const 0) (i32.const 0) (i32.const 128) (i32.const 8))))"#,
        limit = Status::LIMIT.0
    )
}

#[test]
fn a_timer_bomb_is_refused_at_its_limits() {
    wat::run(async {
        let far = count_until_limit(
            "(call $timer_start (i64.const 4000000000000000000) (i64.const 1) (i32.const 0) (i32.const 0) (i32.const 6) (i32.const 0))",
        );
        assert_eq!(counted(limited(threads(), |limits| limits.timers_max = 100), &far).await, 100);
        assert_eq!(counted(limited(threads(), |limits| limits.host_timers_max = 70), &far).await, 70);
        assert_eq!(counted(limited(deterministic(1), |limits| limits.timers_max = 100), &far).await, 100);
    });
}

#[test]
fn timers_that_have_fired_and_were_taken_do_not_count() {
    wat::run(async {
        let wat = r#"(func (export "run")
            (local $count i64)
            (loop $more
                (if (i64.lt_s (call $timer_start (call $now) (i64.const 0) (i32.const 0) (i32.const 0) (i32.const 6) (i32.const 0))
                        (i64.const 0)) (then unreachable))
                (drop (call $receive (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 512) (i64.const -1)))
                (local.set $count (i64.add (local.get $count) (i64.const 1)))
                (br_if $more (i64.lt_u (local.get $count) (i64.const 500))))
            (i64.store (i32.const 128) (i64.add (local.get $count) (call $references (i32.const 2) (i32.const 0) (i32.const 0))))
            (drop (call $exit (i32.const 0) (i32.const 0) (i32.const 128) (i32.const 8))))"#;
        for builder in [threads(), deterministic(1)] {
            assert_eq!(counted(limited(builder, |limits| limits.timers_max = 3), wat).await, 500);
        }
    });
}

#[test]
fn a_reference_bomb_is_refused_at_its_limit() {
    wat::run(async {
        let builder = || limited(threads(), |limits| limits.references_max = 100);
        let own = count_until_limit("(call $monitor (i32.const 64) (i32.const 0))");
        assert_eq!(counted(builder(), &own).await, 100);
        let room = count_until_limit("(call $monitor (i32.const 64) (i32.const 1))");
        assert_eq!(counted(builder(), &room).await, 100);
    });
}

#[test]
fn completions_that_nobody_takes_count_as_references() {
    wat::run(async {
        // Each monitor of a dead actor is complete at once; taking in signals must not make room for more.
        let dead = |delivery: u32| {
            let call = format!(
                "(block (result i64) (drop (call $mailbox_len)) (call $monitor (i32.const 64) (i32.const {delivery})))"
            );
            let wat = count_until_limit(&call).replace(
                "(drop (call $self_pid (i32.const 64)))",
                "(drop (call $start_args (i32.const 64) (i32.const 32) (i32.const 256)))",
            );
            module(&wat)
        };
        for delivery in [0, 1] {
            let host = limited(threads(), |limits| limits.references_max = 100).build().expect("a host");
            let gone = spawn(&host, &load(&host, &module("(func (export \"run\"))")), "run");
            let pid = gone.pid();
            gone.join().await;
            let spawned = Spawn::entry(&load(&host, &dead(delivery)), "run").args(Codec::RAW, pid.to_bytes());
            let reason = host.spawn(spawned).expect("it is there").join().await;
            let ExitReason::Normal(value) = &*reason else { panic!("{delivery}: {reason:?}") };
            assert_eq!(value.bytes, 100u64.to_le_bytes());
            assert_free(&host).await;
        }
    });
}

#[test]
fn names_cannot_be_squatted_without_limit() {
    wat::run(async {
        // Registers itself under names of eight bytes that differ.
        let call = r#"(block (result i64)
            (i64.store (i32.const 0) (i64.add (local.get $count) (i64.const 0x2020202020202020)))
            (i64.extend_i32_s (call $register (i32.const 0) (i32.const 8) (i32.const 64))))"#;
        let squatter = count_until_limit(call);
        // From 0x20 up to 0x5f each byte is ASCII.
        assert_eq!(counted(limited(threads(), |limits| limits.names_max = 20), &squatter).await, 20);
        assert_eq!(counted(limited(threads(), |limits| limits.host_names_max = 7), &squatter).await, 7);
    });
}

#[test]
fn groups_cannot_be_joined_without_limit() {
    wat::run(async {
        // Joins groups whose names of eight bytes differ, all of them ASCII.
        let call = r#"(block (result i64)
            (i64.store (i32.const 0) (i64.add (local.get $count) (i64.const 0x2020202020202020)))
            (i64.extend_i32_s (call $group_join (i32.const 0) (i32.const 8) (i32.const 64) (i32.const 7))))"#;
        let joiner = count_until_limit(call);
        assert_eq!(counted(limited(threads(), |limits| limits.groups_max = 20), &joiner).await, 20);
        assert_eq!(counted(limited(threads(), |limits| limits.host_memberships_max = 7), &joiner).await, 7);
        let alone = limited(threads(), |limits| limits.group_members_max = 0);
        assert_eq!(counted(alone, &joiner).await, 0);
    });
}

#[test]
fn a_flood_is_refused_at_the_receivers_limits() {
    wat::run(async {
        let wat = r#"(func (export "run")
            (local $count i64) (local $answer i32)
            (drop (call $start_args (i32.const 64) (i32.const 32) (i32.const 256)))
            (block $refused
                (loop $more
                    (local.set $answer (call $send (i32.const 64) (i32.const 1024) (i32.const 1000) (i32.const 0)))
                    (br_if $refused (local.get $answer))
                    (local.set $count (i64.add (local.get $count) (i64.const 1)))
                    (br $more)))
            (if (i32.ne (local.get $answer) (i32.const -3)) (then unreachable))
            (i64.store (i32.const 128) (local.get $count))
            (drop (call $exit (i32.const 0) (i32.const 0) (i32.const 128) (i32.const 8))))
        (func (export "sink") (drop (call $sleep (i64.const -1))))"#;
        for (len, bytes, accepted) in [(50, 16 << 20, 50u64), (65_536, 30_000, 30), (65_536, 30_999, 30)] {
            let builder = limited(threads(), |limits| {
                limits.mailbox_len_max = len;
                limits.mailbox_bytes_max = bytes;
            });
            let host = builder.build().expect("a host");
            let module = load(&host, &module(wat));
            let sink = spawn(&host, &module, "sink");
            let flood = Spawn::entry(&module, "run").args(Codec::RAW, sink.pid().to_bytes());
            let reason = host.spawn(flood).expect("it is there").join().await;
            let ExitReason::Normal(value) = &*reason else { panic!("{reason:?}") };
            assert_eq!(value.bytes, accepted.to_le_bytes());
            host.quiescent().await;
            assert!(host.accounts().balance());
            assert_eq!(host.accounts().queued, accepted);
            host.kill(sink.pid()).expect("the pid has all rights");
            sink.join().await;
            assert_eq!(host.accounts().dropped_dead_receiver, accepted);
            assert_free(&host).await;
        }
    });
}

#[test]
fn an_exit_value_over_the_limit_ends_with_a_limit() {
    wat::run(async {
        let host = limited(threads(), |limits| limits.reason_bytes_max = 100).build().expect("a host");
        let exit = |len: u32| {
            let call =
                format!("(drop (call $exit (i32.const 0) (i32.const 0) (i32.const 0) (i32.const {len})))");
            module(&format!("(func (export \"run\") {call})"))
        };
        let reason = wat::end_of(&host, &exit(101)).await;
        assert!(matches!(&*reason, ExitReason::Limit { code: LimitCode::REASON, .. }), "{reason:?}");
        assert!(matches!(&*wat::end_of(&host, &exit(100)).await, ExitReason::Normal(_)));
        assert_free(&host).await;
    });
}

#[test]
fn a_thousand_crashes_leave_nothing_behind() {
    wat::run(async {
        let host = threads().build().expect("a host");
        let module = load(
            &host,
            &module(
                r#"(func (export "process") (drop (call $yield_now)) unreachable)
                (func (export "handler") (param i32) (result i32) unreachable)"#,
            ),
        );
        let crash = |number: usize| spawn(&host, &module, ["process", "handler"][number % 2]);
        let actors: Vec<Actor> = (0..1000).map(crash).collect();
        for actor in actors {
            let reason = actor.join().await;
            assert!(matches!(&*reason, ExitReason::Trap { code: TrapCode::UNREACHABLE, .. }), "{reason:?}");
        }
        assert_eq!(host.accounts().crashed, 1000);
        assert_free(&host).await;
    });
}

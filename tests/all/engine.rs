//! How actors are run: memory engines side by side, no byte of one actor seen by the next, the limits
//! that each engine has, and code that nothing interrupts.

use std::time::Duration;

use flower_abi::exit::TrapCode;
use flower_host::{
    Actor, ActorState, ActorStatus, Cache, ExitReason, Host, HostBuilder, MemoryEngine, Module,
    ModuleOptions, Source, Spawn, SpawnError, Status, TrustedArtifact,
};

use crate::support::memory_engine;
use crate::wat::{self, assert_alive, deterministic, module, threads};

const ENGINES: [MemoryEngine; 2] = [MemoryEngine::Slab, MemoryEngine::Guarded];

fn on(engine: MemoryEngine) -> ModuleOptions {
    ModuleOptions::new().memory_engine(engine)
}

/// Loads a module for these options under this name.
fn load(host: &Host, name: &str, wat: &str, options: ModuleOptions) -> Module {
    let source = Source::from_wat(wat).unwrap_or_else(|error| panic!("{error}\n{wat}"));
    host.load_with(name, &source, options).unwrap_or_else(|error| panic!("{error}\n{wat}"))
}

fn spawn(host: &Host, module: &Module, entry: &str) -> Actor {
    host.spawn(Spawn::entry(module, entry)).expect("the entry is there")
}

/// Finds its memory, its globals, its table and its data as the module says, and then spoils all of them
/// and some stack. Grows by so many pages first.
fn spoiler(pages: u32) -> String {
    module(&format!(
        r#"(data (i32.const 4096) "data")
        (table $table 4 100 funcref)
        (elem (i32.const 1) $deep)
        (elem declare func $deep)
        (global $global (mut i64) (i64.const 7))
        (func $deep (param $left i32) (param i64 i64 i64 i64) (result i64)
            (if (result i64) (local.get $left)
                (then (i64.add (i64.const 1) (call $deep (i32.sub (local.get $left) (i32.const 1))
                    (i64.const -1) (i64.const -1) (i64.const -1) (i64.const -1))))
                (else (i64.const 0))))
        (func $check
            (local $at i32) (local $a i64) (local $b i64)
            ;; Locals begin as zeros, whatever the stack holds.
            (if (i64.ne (i64.or (local.get $a) (local.get $b)) (i64.const 0)) (then unreachable))
            (if (i64.ne (global.get $global) (i64.const 7)) (then unreachable))
            (if (i32.ne (table.size $table) (i32.const 4)) (then unreachable))
            (if (i32.eqz (ref.is_null (table.get $table (i32.const 0)))) (then unreachable))
            (if (ref.is_null (table.get $table (i32.const 1))) (then unreachable))
            (if (i32.ne (i32.load (i32.const 4096)) (i32.const 0x61746164)) (then unreachable))
            (i32.store (i32.const 4096) (i32.const 0))
            (if (i32.eq (memory.grow (i32.const {pages})) (i32.const -1)) (then unreachable))
            (loop $more
                (if (i64.ne (i64.load (local.get $at)) (i64.const 0)) (then unreachable))
                (local.set $at (i32.add (local.get $at) (i32.const 8)))
                (br_if $more (i32.lt_u (local.get $at) (i32.mul (memory.size) (i32.const 65536))))))
        (func $spoil
            (memory.fill (i32.const 0) (i32.const 0xa5) (i32.mul (memory.size) (i32.const 65536)))
            (global.set $global (i64.const -1))
            (drop (table.grow $table (ref.func $deep) (i32.const 90)))
            (table.set $table (i32.const 0) (ref.func $deep))
            (table.set $table (i32.const 1) (ref.null func))
            (drop (call $deep (i32.const 500) (i64.const -1) (i64.const -1) (i64.const -1) (i64.const -1))))
        (func (export "process") (call $check) (call $spoil) (drop (call $yield_now)))
        (func (export "handler") (param i32) (result i32) (call $check) (call $spoil) (i32.const 1))"#
    ))
}

#[test]
fn no_byte_of_an_actor_is_seen_by_the_next() {
    wat::run(async {
        for builder in [threads as fn() -> HostBuilder, || deterministic(1)] {
            for engine in ENGINES {
                let host = builder().build().expect("a host");
                // Sizes that are cleaned in place, given back, and moved to another slot.
                for pages in [0, 3, 40] {
                    let spoiler = load(&host, "spoiler", &spoiler(pages), on(engine));
                    for _ in 0..6 {
                        let actors: Vec<Actor> = ["process", "handler", "process"]
                            .map(|entry| spawn(&host, &spoiler, entry))
                            .into();
                        for actor in actors {
                            assert_eq!(*actor.join().await, ExitReason::NORMAL, "{engine:?}, {pages} pages");
                        }
                    }
                }
            }
        }
    });
}

#[test]
fn slots_that_nobody_uses_are_given_back() {
    wat::run(async {
        let host = threads().build().expect("a host");
        let spoiler = load(&host, "spoiler", &spoiler(0), on(MemoryEngine::Slab));
        let actors: Vec<Actor> = (0..20).map(|_| spawn(&host, &spoiler, "process")).collect();
        for actor in actors {
            actor.join().await;
        }
        // The watchdog knows how long that may take; the host is idle all the while.
        let are_cold = |stacks: bool| {
            let mut slots = host.slots().into_iter().filter(|slots| slots.stacks == stacks);
            slots.clone().all(|slots| slots.warm == 0) && slots.any(|slots| slots.cold > 0)
        };
        while !are_cold(true) || !are_cold(false) {
            tokio::task::yield_now().await;
        }
    });
}

/// Sends itself through both engines: a module on one spawns an entry of a module on the other.
#[test]
fn modules_on_both_engines_live_in_one_host() {
    wat::run(async {
        for builder in [threads(), deterministic(1)] {
            let host = builder.build().expect("a host");
            let echo = module(wat::ECHO);
            let modules = ENGINES.map(|engine| load(&host, &format!("{engine:?}"), &echo, on(engine)));
            let actors = modules.each_ref().map(|module| spawn(&host, module, "run"));
            let mut mailbox = host.mailbox().expect("a mailbox");
            for actor in &actors {
                mailbox.send(actor.pid(), flower_host::Codec::RAW, b"hello").expect("it lives");
                assert_eq!(mailbox.receive().await.body, b"hello");
            }
            let in_slots =
                || host.slots().iter().filter(|slots| !slots.stacks).map(|slots| slots.live).sum::<usize>();
            assert_eq!(in_slots(), 1, "the guarded memory is in no slot");
            for actor in actors {
                host.kill(actor.pid()).expect("the pid has all rights");
                assert_eq!(*actor.join().await, ExitReason::Killed);
            }
            assert_eq!((in_slots(), host.memory_used()), (0, 0));
        }
    });
}

#[test]
fn an_access_behind_the_memory_is_the_same_trap_on_both_engines() {
    wat::run(async {
        let wild = module(
            r#"(func (export "process") (drop (i32.load offset=8 (i32.const 65536))))
            (func (export "handler") (param i32) (result i32) (i32.load (i32.const -4)))"#,
        );
        for builder in [threads as fn() -> HostBuilder, || deterministic(1)] {
            let host = builder().build().expect("a host");
            for engine in ENGINES {
                let wild = load(&host, "wild", &wild, on(engine));
                for entry in ["process", "handler"] {
                    let reason = spawn(&host, &wild, entry).join().await;
                    let ExitReason::Trap { code, message } = &*reason else { panic!("{reason:?}") };
                    assert_eq!(
                        (*code, &message[..]),
                        (TrapCode::MEMORY_OUT_OF_BOUNDS, "out of bounds memory access")
                    );
                }
            }
            assert_alive(&host).await;
        }
    });
}

#[test]
fn the_same_bytes_are_compiled_for_each_kind_of_run() {
    wat::run(async {
        let folder = tempfile::tempdir().expect("a folder");
        let wat = module(r#"(data (i32.const 8) "data") (func (export "run"))"#);
        let kinds = [
            on(MemoryEngine::Slab),
            on(MemoryEngine::Guarded),
            on(MemoryEngine::Slab).epoch_interruption(false),
            on(MemoryEngine::Guarded).epoch_interruption(false),
        ];
        // The second host finds all of them in the cache, each under its own key.
        for _ in 0..2 {
            let host = threads().cache(folder.path(), Cache::BYTES_MAX).build().expect("a host");
            for (number, kind) in kinds.into_iter().enumerate() {
                let loaded = load(&host, &format!("module-{number}"), &wat, kind);
                assert_eq!(*spawn(&host, &loaded, "run").join().await, ExitReason::NORMAL);
            }
            let kept = std::fs::read_dir(folder.path()).expect("the folder is there").count();
            assert_eq!(kept, kinds.len());
        }
    });
}

#[test]
fn an_artifact_is_refused_by_every_other_kind_of_run() {
    wat::run(async {
        let folder = tempfile::tempdir().expect("a folder");
        let host = threads().build().expect("a host");
        let kinds = [
            on(MemoryEngine::Slab),
            on(MemoryEngine::Guarded),
            on(MemoryEngine::Guarded).epoch_interruption(false),
        ];
        for (number, made_for) in kinds.into_iter().enumerate() {
            let file = folder.path().join(format!("{number}.cwasm"));
            let wat = module(r#"(data (i32.const 8) "data") (func (export "run"))"#);
            load(&host, "made", &wat, made_for).compile_to_file(&file).expect("it can be written");
            // SAFETY: the test wrote the file itself.
            let artifact = unsafe { TrustedArtifact::open(&file) }.expect("it is an artifact");
            for kind in kinds {
                let loaded = host.load_artifact_with("loaded", &artifact, kind);
                assert_eq!(loaded.is_ok(), kind == made_for, "{made_for:?} for {kind:?}");
            }
            let loaded = host.load_artifact_with("loaded", &artifact, made_for).expect("as above");
            assert_eq!(*spawn(&host, &loaded, "run").join().await, ExitReason::NORMAL);
        }
    });
}

#[test]
fn spawning_is_refused_before_the_kernel_has_no_more_mappings() {
    // In a process of its own: the account is the process's, and other tests take from it.
    if std::env::var_os("FLOWER_TEST_ALONE").is_none() {
        let own = std::env::current_exe().expect("a process knows its program");
        let name = "engine::spawning_is_refused_before_the_kernel_has_no_more_mappings";
        let ran =
            std::process::Command::new(own).args([name, "--exact"]).env("FLOWER_TEST_ALONE", "1").output();
        let ran = ran.expect("the test starts again");
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stdout));
        return;
    }
    wat::run(async {
        let host = threads().build().expect("a host");
        let waiter = module(r#"(func (export "run") (drop (call $sleep (i64.const -1))))"#);
        let waiter = load(&host, "waiter", &waiter, on(MemoryEngine::Guarded));
        let mut actors = Vec::new();
        let refused = loop {
            match host.spawn(Spawn::entry(&waiter, "run")) {
                Ok(actor) => actors.push(actor),
                Err(refused) => break refused,
            }
        };
        assert!(matches!(refused, SpawnError::Refused { status: Status::LIMIT }), "{refused}");
        host.quiescent().await;
        // None of those that were admitted has met a refusal of the kernel, and others can still start.
        assert_eq!((host.actor_count(), host.accounts().crashed), (actors.len(), 0));
        assert!(actors.len() > 100, "{} actors", actors.len());
        let other = module(r#"(func (export "run"))"#);
        let other = load(&host, "other", &other, on(MemoryEngine::Slab));
        assert_eq!(*spawn(&host, &other, "run").join().await, ExitReason::NORMAL);
        // Who ends makes room.
        for last in actors.drain(..10) {
            host.kill(last.pid()).expect("the pid has all rights");
            last.join().await;
        }
        spawn(&host, &waiter, "run");
    });
}

/// Turns a loop so often; then ends, or waits for ever.
const TURNS: &str = r#"
    (func $turn (local $left i32)
        (local.set $left (i32.const 1000000))
        (loop $more (br_if $more (local.tee $left (i32.sub (local.get $left) (i32.const 1))))))
    (func (export "process") (call $turn))
    (func (export "waits") (call $turn)
        (drop (call $receive (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 512) (i64.const -1))))
    (func (export "handler") (param i32) (result i32) (call $turn) i32.const 1)
    (func (export "busy") (loop $for_ever (br $for_ever)))"#;

#[test]
fn actors_without_interruption_run_wait_end_and_are_killed_when_they_wait() {
    wat::run(async {
        for builder in [threads(), deterministic(1)] {
            let host = builder.build().expect("a host");
            let turns = load(&host, "turns", &module(TURNS), on(memory_engine()).epoch_interruption(false));
            for entry in ["process", "handler"] {
                assert_eq!(*spawn(&host, &turns, entry).join().await, ExitReason::NORMAL);
            }
            let waits = spawn(&host, &turns, "waits");
            host.quiescent().await;
            host.kill(waits.pid()).expect("the pid has all rights");
            assert_eq!(*waits.join().await, ExitReason::Killed);
            assert_alive(&host).await;
        }
    });
}

#[test]
fn a_loop_without_interruption_holds_its_worker_and_not_the_shutdown() {
    wat::run(async {
        let host = threads().build().expect("a host");
        let turns = load(&host, "turns", &module(TURNS), on(memory_engine()).epoch_interruption(false));
        let waits = spawn(&host, &turns, "waits");
        host.quiescent().await;
        let busy = spawn(&host, &turns, "busy");
        let runs = |actor: &ActorStatus| actor.pid == busy.pid() && actor.state == ActorState::Running;
        while !host.actors().iter().any(runs) {
            tokio::task::yield_now().await;
        }
        // The other worker goes on.
        assert_alive(&host).await;
        // That it comes back at all is what the watchdog sees to.
        assert_eq!(host.shutdown(Duration::from_secs(1)).await, 1);
        assert_eq!(waits.join().await.to_string(), "shutdown");
    });
}

#[test]
fn in_deterministic_mode_fuel_interrupts_whatever_the_options_say() {
    wat::run(async {
        let host = deterministic(1).build().expect("a host");
        let turns = load(&host, "turns", &module(TURNS), on(memory_engine()).epoch_interruption(false));
        let busy = spawn(&host, &turns, "busy");
        assert_alive(&host).await;
        host.kill(busy.pid()).expect("the pid has all rights");
        assert_eq!(*busy.join().await, ExitReason::Killed);
    });
}

#[test]
fn one_bulk_operation_is_bounded_by_the_memory_and_a_loop_of_them_is_interrupted() {
    wat::run(async {
        let fills = module(
            r#"(func $fill (param $more i32)
                (memory.fill (i32.const 0) (i32.const 1)
                    (i32.add (local.get $more) (i32.mul (memory.size) (i32.const 65536)))))
            (func (export "grown")
                (if (i32.eq (memory.grow (i32.const 1023)) (i32.const -1)) (then unreachable))
                (if (i32.ne (memory.grow (i32.const 1)) (i32.const -1)) (then unreachable)))
            (func (export "over") (call $fill (i32.const 1)))
            (func (export "loop") (loop $more (call $fill (i32.const 0)) (br $more)))"#,
        );
        for engine in ENGINES {
            let host = threads().build().expect("a host");
            let fills = load(&host, "fills", &fills, on(engine));
            // By default a memory, and with it one step, ends at 64 MiB.
            assert_eq!(*spawn(&host, &fills, "grown").join().await, ExitReason::NORMAL);
            let over = spawn(&host, &fills, "over").join().await;
            assert!(
                matches!(&*over, ExitReason::Trap { code: TrapCode::MEMORY_OUT_OF_BOUNDS, .. }),
                "{over:?}"
            );
            let actors = [(); 3].map(|()| spawn(&host, &fills, "loop"));
            assert_alive(&host).await;
            for actor in actors {
                host.kill(actor.pid()).expect("the pid has all rights");
                assert_eq!(*actor.join().await, ExitReason::Killed);
            }
        }
    });
}

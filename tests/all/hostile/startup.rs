//! What happens before an entry is called: start functions, constructors, segments, and entries
//! that are none.

use flower_abi::exit::{LimitCode, TrapCode};
use flower_host::{EntrySignature, ExitReason, Limits, LoadError, Source, Spawn, SpawnError, Style};

use crate::wat::{self, assert_alive, deterministic, load, module, threads, with_imports};

/// Runs the process `run` and the handler `handle` of a module, on threads and in deterministic mode.
async fn both_end_with(wat: &str, expected: impl Fn(&ExitReason) -> bool) {
    for host in [threads(), deterministic(1)] {
        let host = host.build().expect("a host");
        let module = load(&host, wat);
        for entry in ["run", "handle"] {
            let reason = wat::spawn(&host, &module, entry).join().await;
            assert!(expected(&reason), "{entry}: {reason:?}");
        }
        assert_alive(&host).await;
        host.quiescent().await;
        assert_eq!(host.memory_used(), 0);
    }
}

/// Entries that do nothing.
const ENTRIES: &str = r#"
    (func (export "run"))
    (func (export "handle") (param i32) (result i32) i32.const 1)"#;

fn is_trap(reason: &ExitReason, wanted: TrapCode) -> bool {
    matches!(reason, ExitReason::Trap { code, .. } if *code == wanted)
}

#[test]
fn a_trap_in_a_constructor_ends_the_guest() {
    wat::run(async {
        for constructor in ["_initialize", "flower_initialize"] {
            let wat = module(&format!("{ENTRIES} (func (export \"{constructor}\") unreachable)"));
            both_end_with(&wat, |reason| is_trap(reason, TrapCode::UNREACHABLE)).await;
        }
    });
}

#[test]
fn a_trap_in_a_start_function_ends_the_guest() {
    wat::run(async {
        let wat = module(&format!("{ENTRIES} (func $start unreachable) (start $start)"));
        both_end_with(&wat, |reason| is_trap(reason, TrapCode::UNREACHABLE)).await;
    });
}

#[test]
fn a_start_function_may_make_host_calls() {
    wat::run(async {
        let start = "(func $start
                (drop (call $self_pid (i32.const 0)))
                (drop (call $send (i32.const 0) (i32.const 64) (i32.const 4) (i32.const 0)))
                (if (i64.ne (call $mailbox_len) (i64.const 1)) (then unreachable))
                (if (i32.ne (call $scan_end (i32.const 0)) (i32.const 0)) (then (drop (call $now)))))
            (start $start)";
        let process = module(&format!("(func (export \"run\")) {start}"));
        for host in [threads(), deterministic(1)] {
            let host = host.build().expect("a host");
            let reason = wat::end_of(&host, &process).await;
            assert_eq!(*reason, ExitReason::NORMAL);
            host.quiescent().await;
            assert!(host.accounts().balance(), "{:?}", host.accounts());
        }
    });
}

#[test]
fn a_start_function_of_a_handler_may_not_wait_either() {
    wat::run(async {
        let wat = module(
            r#"(func (export "run") (param i32) (result i32) i32.const 1)
               (func $start (drop (call $sleep (i64.const 0)))) (start $start)"#,
        );
        for host in [threads(), deterministic(1)] {
            let host = host.build().expect("a host");
            let reason = wat::end_of(&host, &wat).await;
            assert!(is_trap(&reason, TrapCode::PARKED_IN_HANDLER) && reason.to_string().contains("`sleep`"));
        }
    });
}

#[test]
fn bad_pointers_in_a_start_function_are_named() {
    wat::run(async {
        let wat =
            module(&format!("{ENTRIES} (func $start (drop (call $self_pid (i32.const -1)))) (start $start)"));
        both_end_with(&wat, |reason| {
            is_trap(reason, TrapCode::BAD_POINTER) && reason.to_string().contains("`self_pid`")
        })
        .await;
    });
}

#[test]
fn a_start_function_may_wait_for_ever_and_is_killed_like_any_other() {
    wat::run(async {
        let host = threads().build().expect("a host");
        let wat = module(
            r#"(func (export "run")) (func $start (drop (call $sleep (i64.const -1)))) (start $start)"#,
        );
        let actor = wat::spawn(&host, &load(&host, &wat), "run");
        host.quiescent().await;
        host.kill(actor.pid()).expect("the pid has all rights");
        assert_eq!(*actor.join().await, ExitReason::Killed);
    });
}

#[test]
fn segments_outside_the_memory_end_the_guest() {
    wat::run(async {
        let data = module(&format!("{ENTRIES} (data (i32.const 65535) \"xx\")"));
        both_end_with(&data, |reason| is_trap(reason, TrapCode::MEMORY_OUT_OF_BOUNDS)).await;
        let elements = module(&format!("{ENTRIES} (table 1 funcref) (func $f) (elem (i32.const 1) $f)"));
        both_end_with(&elements, |reason| is_trap(reason, TrapCode::TABLE_OUT_OF_BOUNDS)).await;
    });
}

#[test]
fn a_memory_above_the_limit_is_refused_at_the_start() {
    wat::run(async {
        let wat = with_imports(&format!("(memory (export \"memory\") 65536) {ENTRIES}"));
        both_end_with(&wat, |reason| matches!(reason, ExitReason::Limit { code: LimitCode::MEMORY, .. }))
            .await;
    });
}

#[test]
fn a_table_above_the_limit_is_refused_at_the_start() {
    wat::run(async {
        let mut limits = Limits::default();
        limits.table_elements_max = 1000;
        let host = threads().limits(limits).build().expect("a host");
        let reason = wat::end_of(&host, &module(&format!("{ENTRIES} (table 1001 funcref)"))).await;
        assert!(matches!(&*reason, ExitReason::Limit { code: LimitCode::TABLE, .. }), "{reason:?}");
        let reason = wat::end_of(&host, &module(&format!("{ENTRIES} (table 1000 funcref)"))).await;
        assert_eq!(*reason, ExitReason::NORMAL);
    });
}

#[test]
fn the_signature_of_an_entry_says_its_style() {
    let host = threads().build().expect("a host");
    let module = load(
        &host,
        &module(
            r#"(func (export "plain")) (func (export "indexed") (param i32))
               (func (export "handler") (param i32) (result i32) i32.const 1)
               (func (export "none") (param i64)) (func (export "many") (param i32 i32))"#,
        ),
    );
    let signature = |name: &str| module.entry(name).map(|entry| (entry.signature(), entry.style()));
    assert_eq!(signature("plain"), Some((EntrySignature::Plain, Style::Process)));
    assert_eq!(signature("indexed"), Some((EntrySignature::Indexed, Style::Process)));
    assert_eq!(signature("handler"), Some((EntrySignature::Handler, Style::Handler)));
    for name in ["none", "many", "absent", "memory"] {
        assert_eq!(signature(name), None, "{name}");
        let refused = host.spawn(Spawn::entry(&module, name)).expect_err("it is no entry");
        assert!(matches!(refused, SpawnError::Entry(_)) && refused.to_string().contains(name), "{refused}");
    }
}

#[test]
fn an_entry_of_the_hosts_own_names_must_have_its_signature() {
    let host = threads().build().expect("a host");
    for name in ["_start", "_initialize", "flower_initialize", "flower_entry"] {
        let wat = module(&format!("{ENTRIES} (func (export \"{name}\") (param i64))"));
        let refused = host.load("odd", &Source::from_wat(&wat).expect("it is text")).expect_err("it is odd");
        assert!(matches!(refused, LoadError::ExportSignature { .. }), "{refused}");
    }
}

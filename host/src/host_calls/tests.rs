//! A bug in every host call: it ends the actor that met it and nobody else, and links and monitors hear of it.

use std::sync::Arc;

use flower_abi::{ExitTag, SIGNATURES, Signature};

use crate::{Actor, Codec, ExitReason, Host, Mailbox, Module, Null, Source, Spawn};

/// What the label of an actor is in which a host call panics.
const LABEL: &str = "panics in ";

/// Panics if the caller is labelled so, and has been sent a message.
pub(super) fn strike(state: &crate::instance::ActorState, call: &str) {
    let label = state.cell().owned().meta.label.clone();
    let struck = label.strip_prefix(LABEL).is_some_and(|named| named == call);
    assert!(!struck || state.current.is_none(), "a bug in `{call}`");
}

/// For each call a process and a handler that make it when they have been sent something, with nothing but zeros.
///
/// `watches` links with whom its arguments name, monitors it, reports to whom they name behind that, and returns the tags of what
/// it then hears, two bytes for each.
fn text() -> String {
    let import = |row: &Signature| {
        let (name, params, result) = (row.name, row.params.join(" "), row.result);
        format!(r#"(import "flower" "{name}" (func ${name} (param {params}) (result {result})))"#)
    };
    let entries = |row: &Signature| {
        let name = row.name;
        let zeros: String = row.params.iter().map(|ty| format!("({ty}.const 0)")).collect();
        format!(
            r#"(func (export "process_{name}") (call $pause) (drop (call ${name} {zeros})))
            (func (export "handler_{name}") (param i32) (result i32)
                (if (local.get 0) (then (drop (call ${name} {zeros})))) i32.const 0)"#
        )
    };
    let (imports, entries): (String, String) =
        (SIGNATURES.iter().map(import).collect(), SIGNATURES.iter().map(entries).collect());
    format!(
        r#"(module {imports} (memory (export "memory") 1)
        (func $pause (drop (call $receive (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 256) (i64.const -1))))
        (func (export "watches")
            (drop (call $start_args (i32.const 0) (i32.const 64) (i32.const 256)))
            (drop (call $trap_exit (i32.const 1)))
            (if (call $link (i32.const 0)) (then unreachable))
            (if (i64.le_s (call $monitor (i32.const 0) (i32.const 0)) (i64.const 0)) (then unreachable))
            (drop (call $send (i32.const 32) (i32.const 0) (i32.const 0) (i32.const 0)))
            (call $pause)
            (i32.store8 (i32.const 512) (i32.load (i32.const 256))) (i32.store8 (i32.const 513) (i32.load (i32.const 368)))
            (call $pause)
            (i32.store8 (i32.const 514) (i32.load (i32.const 256))) (i32.store8 (i32.const 515) (i32.load (i32.const 368)))
            (drop (call $exit (i32.const 0) (i32.const 0) (i32.const 512) (i32.const 4))))
        {entries})"#
    )
}

/// Spawns an actor that will panic in a call, lets it be watched, and sends it what sets it off.
async fn set_off(host: &Host, module: &Module, entry: &str, call: &str, home: &mut Mailbox) -> [Actor; 2] {
    let struck =
        host.spawn(Spawn::entry(module, entry).label(&format!("{LABEL}{call}"))).expect("it is there");
    let args = [struck.pid().to_bytes(), home.pid().to_bytes()].concat();
    let watcher = host.spawn(Spawn::entry(module, "watches").args(Codec::RAW, args)).expect("it is there");
    home.receive().await;
    home.send(struck.pid(), Codec::RAW, b"go").expect("it lives");
    [struck, watcher]
}

async fn strike_all(host: Host) {
    let source = Source::from_wat(&text()).expect("it is text");
    let module = host.load("struck", &source).expect("it is valid");
    let mut home = host.mailbox().expect("there is room");
    for row in SIGNATURES {
        for style in ["process", "handler"] {
            if style == "handler" && !row.in_handler {
                continue;
            }
            let entry = format!("{style}_{}", row.name);
            let [struck, watcher] = set_off(&host, &module, &entry, row.name, &mut home).await;
            let reason = struck.join().await;
            assert!(matches!(&*reason, ExitReason::HostError { .. }), "{entry}: {reason:?}");
            let told = watcher.join().await;
            let ExitReason::Normal(value) = &*told else { panic!("{entry}: the watcher ended: {told:?}") };
            let heard = [[2, ExitTag::HostError as u8], [3, ExitTag::HostError as u8]];
            let mut told: Vec<[u8; 2]> = value.bytes.chunks(2).map(|pair| [pair[0], pair[1]]).collect();
            told.sort_unstable();
            assert_eq!(told, heard, "{entry}: a Down and an Exit, with that reason");
        }
    }
    drop(home);
    host.quiescent().await;
    assert_eq!((host.actor_count(), host.memory_used()), (0, 0));
    let accounts = host.accounts();
    assert!(accounts.balance() && accounts.spawned == accounts.ended, "{accounts:?}");
}

fn run(builder: crate::HostBuilder) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(strike_all(builder.output(Arc::new(Null)).build().expect("a host")));
}

#[test]
fn a_bug_in_any_host_call_ends_its_caller_on_threads() {
    run(Host::builder().workers(2));
}

#[test]
fn a_bug_in_any_host_call_ends_its_caller_in_deterministic_mode() {
    run(Host::builder().deterministic(true));
}

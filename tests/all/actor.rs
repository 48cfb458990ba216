//! Typed actors: P3, P5 to P12, P15, P16, A8, A9, A15; both styles, other versions, other languages.

use flower_abi::{CALL, FAILURE};
use flower_host::{CallError, Codec, Source, Spawn};

use crate::support::{Watchdog, guest_file, guest_tests, host_builder};
use crate::wat;

guest_tests! {
    actor_calls,
    actor_hooks,
    actor_pending,
    actor_version => |guest| guest.module("other", "actor_version_other");
    used: actor_version_other
}

/// Calls the actor named `counter` by hand, and traps unless it gets what `docs/typed-actors.md` says.
///
/// Memory: the name at 0, options of a send at 64, calls at 128 and 256, the actor's pid at 512, what comes at 1024 with
/// its header at 2048.
fn caller() -> String {
    let (add, unknown) = (r#"{"method":"add","args":[2]}"#, r#"{"method":"mul","args":[2]}"#);
    let failure = r#"{"NoSuchMethod":{"actor":"Counter","method":"mul","methods":["add","reset"]}}"#;
    let data = |text: &str| text.replace('"', "\\\"");
    let fingerprint: String = CALL.to_le_bytes().iter().map(|byte| format!("\\{byte:02x}")).collect();
    wat::module(&format!(
        r#"(data (i32.const 0) "counter")
        (data (i32.const 64) "\01\00\00\00\01\00\00\00{fingerprint}")
        (data (i32.const 128) "{}") (data (i32.const 256) "{}") (data (i32.const 768) "{}")
        (func $ask (param $body i32) (param $len i32)
            (if (call $call (i32.const 512) (local.get $body) (local.get $len) (i32.const 64)
                (i32.const 1024) (i32.const 1024) (i32.const 2048) (i64.const -1)) (then unreachable))
            ;; In the codec of the call.
            (if (i32.ne (i32.load (i32.const 2060)) (i32.const 1)) (then unreachable)))
        (func (export "_start") (local $at i32)
            (if (call $whereis (i32.const 0) (i32.const 7) (i32.const 512)) (then unreachable))
            (call $ask (i32.const 128) (i32.const {}))
            (if (i32.ne (i32.load (i32.const 2056)) (i32.const 1)) (then unreachable))
            (if (i32.ne (i32.load8_u (i32.const 1024)) (i32.const 0x37)) (then unreachable))
            (if (i64.ne (i64.load (i32.const 2064)) (i64.const 0)) (then unreachable))
            (call $ask (i32.const 256) (i32.const {}))
            (if (i64.ne (i64.load (i32.const 2064)) (i64.const {FAILURE})) (then unreachable))
            (if (i32.ne (i32.load (i32.const 2056)) (i32.const {})) (then unreachable))
            (loop $next
                (if (i32.ne (i32.load8_u offset=1024 (local.get $at)) (i32.load8_u offset=768 (local.get $at)))
                    (then unreachable))
                (local.set $at (i32.add (local.get $at) (i32.const 1)))
                (br_if $next (i32.lt_u (local.get $at) (i32.load (i32.const 2056))))))"#,
        data(add),
        data(unknown),
        data(failure),
        add.len(),
        unknown.len(),
        failure.len(),
    ))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_in_another_language_calls_a_typed_actor() {
    let _watchdog = Watchdog::start();
    let host = host_builder().build().expect("a host");
    let file = guest_file("actor_version_other");
    let counters = host.load("counters", &Source::from_file(&file).expect("the guest")).expect("a module");
    let counter = Spawn::entry(&counters, "Counter").args(Codec::JSON, b"[5]").name("counter");
    host.spawn(counter).expect("the name is free");
    let caller = host.load("caller", &Source::from_wat(&caller()).expect("text")).expect("a module");
    let caller = host.spawn(Spawn::program(&caller)).expect("there is room");
    assert_eq!(caller.join().await.to_string(), "normal");
}

#[tokio::test(flavor = "multi_thread")]
async fn native_code_calls_a_typed_actor() {
    let _watchdog = Watchdog::start();
    let host = host_builder().build().expect("a host");
    let file = guest_file("actor_version_other");
    let module = host.load("counters", &Source::from_file(&file).expect("the guest")).expect("a module");
    let counter =
        host.spawn(Spawn::entry(&module, "Counter").args(Codec::JSON, b"[5]")).expect("there is room");
    let mut mailbox = host.mailbox().expect("a mailbox");
    for sum in ["7", "9"] {
        let answer = mailbox.call_method(counter.pid(), "add", "[2]").await.expect("it lives");
        assert_eq!((answer.codec, &*answer.body), (Codec::JSON, sum.as_bytes()));
    }
    let unknown =
        mailbox.call_method(counter.pid(), "mul", "[2]").await.expect_err("there is no such method");
    let CallError::NotServed { failure } = &unknown else { panic!("{unknown}") };
    let expected = r#"{"NoSuchMethod":{"actor":"Counter","method":"mul","methods":["add","reset"]}}"#;
    assert_eq!(failure, expected);
    let not_json = mailbox.call_method(counter.pid(), "add", "[2").await.expect_err("it cannot be read");
    assert!(matches!(not_json, CallError::NotServed { .. }), "{not_json}");
    assert_eq!(mailbox.call_method(counter.pid(), "reset", "").await.expect("it lives").body, b"null");
}

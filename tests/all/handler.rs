//! The handler style: an actor like any other to its peers, called once for each message.

use flower_host::{Codec, Source, Spawn};

use crate::support::{Watchdog, guest_tests, host_builder};

guest_tests! {
    handler_basic,
    handler_busy,
    handler_events,
    handler_hold_effects,
    handler_large,
    handler_parks,
    handler_room,
    handler_stop,
}

/// A handler that exports no inbox, asks for its messages, and sends them back.
pub(crate) const WITHOUT_INBOX: &str = r#"(module
    (import "flower" "message_info" (func $message_info (param i32) (result i32)))
    (import "flower" "message_read" (func $message_read (param i32 i32 i32) (result i32)))
    (import "flower" "send" (func $send (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 2)
    (func (export "echo") (param $len i32) (result i32)
        (if (call $message_info (i32.const 0)) (then unreachable))
        ;; The kind stands at 0 of the header: 0 is a message.
        (if (i32.load (i32.const 0)) (then (return (i32.const 0))))
        (if (i32.ne (i32.load (i32.const 8)) (local.get $len)) (then unreachable))
        ;; Reads it in two pieces; what is asked for beyond the end is not there.
        (if (i32.ne (call $message_read (i32.const 0) (i32.const 256) (i32.const 2)) (i32.const 2)) (then unreachable))
        (if (i32.ne (call $message_read (i32.const 2) (i32.const 258) (i32.const 0x10000))
            (i32.sub (local.get $len) (i32.const 2))) (then unreachable))
        (if (call $send (i32.const 32) (i32.const 256) (local.get $len) (i32.const 0)) (then unreachable))
        (i32.const 0)))"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_without_an_inbox_asks_for_its_messages() {
    let _watchdog = Watchdog::start();
    let host = host_builder().workers(1).build().expect("a host");
    let module = host.load("echo", &Source::from_wat(WITHOUT_INBOX).expect("text")).expect("a module");
    let echo = host.spawn(Spawn::entry(&module, "echo").args(Codec::RAW, b"arguments")).expect("an actor");
    let mut mailbox = host.mailbox().expect("a mailbox");
    for body in [&b"hello"[..], &[7; 50_000], b"ab"] {
        mailbox.send(echo.pid(), Codec::RAW, body).expect("it waits");
        assert_eq!(mailbox.receive().await.body, body);
    }
    host.stop(echo.pid()).expect("it waits");
    assert_eq!(echo.join().await.to_string(), "shutdown");
}

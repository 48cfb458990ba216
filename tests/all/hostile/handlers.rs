//! Handlers that break the rules of their style.

use flower_abi::exit::{LimitCode, TrapCode};
use flower_host::{Codec, ExitReason, Host, Spawn};

use crate::wat::{self, assert_alive, deterministic, load, module, spawn, threads, with_imports};

/// Runs a handler on threads and in deterministic mode, and returns how its start ended it.
async fn ends_with(wat: &str, expected: impl Fn(&ExitReason) -> bool) {
    for host in [threads(), deterministic(1)] {
        let host = host.build().expect("a host");
        let reason = wat::end_of(&host, wat).await;
        assert!(expected(&reason), "{reason:?}");
        assert_alive(&host).await;
    }
}

fn is_trap(reason: &ExitReason, wanted: TrapCode) -> bool {
    matches!(reason, ExitReason::Trap { code, .. } if *code == wanted)
}

/// A handler with the inbox at this address; pointer and capacity stand at 16.
fn with_inbox(address: u32, pointer: u32, capacity: u32, handler: &str) -> String {
    let hex = |number: u32| number.to_le_bytes().map(|byte| format!("\\{byte:02x}")).concat();
    module(&format!(
        "(global (export \"flower_inbox\") i32 (i32.const {address}))
         (data (i32.const 16) \"{}{}\")
         (func (export \"run\") (param i32) (result i32) {handler})",
        hex(pointer),
        hex(capacity)
    ))
}

#[test]
fn an_inbox_outside_the_memory_ends_the_guest() {
    wat::run(async {
        let inboxes = [
            (16, 65_536, 128),
            (16, 65_409, 128),
            (16, u32::MAX, 1),
            (16, 1, u32::MAX),
            (16, u32::MAX, u32::MAX),
            (u32::MAX, 0, 0),
            (u32::MAX - 3, 0, 0),
            (65_532, 0, 0),
            (65_536, 0, 0),
        ];
        for (address, pointer, capacity) in inboxes {
            let wat = with_inbox(address, pointer, capacity, "i32.const 1");
            ends_with(&wat, |reason| is_trap(reason, TrapCode::BAD_POINTER)).await;
        }
    });
}

#[test]
fn an_inbox_at_the_very_end_of_the_memory_is_good() {
    wat::run(async {
        let wat = with_inbox(16, 65_536 - 128, 128, "(i32.eq (i32.load (i32.const 65408)) (i32.const 6))");
        ends_with(&wat, |reason| *reason == ExitReason::NORMAL).await;
    });
}

#[test]
fn an_inbox_may_move_between_two_calls() {
    wat::run(async {
        // The start comes at 1024, and moves the inbox to 2048, where the message ends it.
        let handler = "
            (if (i32.eq (i32.load (i32.const 1024)) (i32.const 6)) (then
                (i32.store (i32.const 1024) (i32.const 0))
                (i32.store (i32.const 16) (i32.const 2048))
                (return (i32.const 0))))
            (if (i32.ne (i32.load (i32.const 2056)) (i32.const 5)) (then unreachable))
            (i32.eq (i32.load8_u (i32.const 2176)) (i32.const 104))";
        let host = threads().build().expect("a host");
        let actor = spawn(&host, &load(&host, &with_inbox(16, 1024, 256, handler)), "run");
        let mailbox = host.mailbox().expect("a mailbox");
        mailbox.send(actor.pid(), Codec::RAW, b"hello").expect("it waits");
        assert_eq!(*actor.join().await, ExitReason::NORMAL);
    });
}

#[test]
fn an_inbox_smaller_than_a_header_is_no_inbox() {
    wat::run(async {
        // The guest finds nothing there, and pulls header and body.
        let handler = "(if (i32.load (i32.const 1024)) (then unreachable))
            (if (call $message_info (i32.const 2048)) (then unreachable))
            (i32.eq (i32.load (i32.const 2048)) (i32.const 6))";
        let wat = with_inbox(16, 1024, 127, handler);
        ends_with(&wat, |reason| *reason == ExitReason::NORMAL).await;
    });
}

#[test]
fn a_handler_without_an_inbox_pulls_its_messages() {
    wat::run(async {
        let wat = module(
            r#"(func (export "run") (param $len i32) (result i32)
                (if (call $message_info (i32.const 0)) (then unreachable))
                (if (i32.ne (i32.load (i32.const 8)) (local.get $len)) (then unreachable))
                (if (i32.ne (call $message_read (i32.const 0) (i32.const 256) (i32.const 1024)) (local.get $len))
                    (then unreachable))
                (call $exit (i32.const 0) (i32.const 0) (i32.const 256) (local.get $len)))"#,
        );
        for host in [threads(), deterministic(1)] {
            let host = host.build().expect("a host");
            let spawned = Spawn::entry(&load(&host, &wat), "run").args(Codec::RAW, *b"arguments");
            let reason = host.spawn(spawned).expect("it is there").join().await;
            assert_eq!(reason.to_string(), "normal: arguments");
        }
    });
}

#[test]
fn a_body_too_long_for_the_inbox_is_left_out_and_pulled() {
    wat::run(async {
        // Room for four bytes behind the header, and five come.
        let handler = "(if (i32.load (i32.const 1152)) (then unreachable))
            (if (i32.ne (call $message_read (i32.const 1) (i32.const 256) (i32.const 9)) (i32.const 4)) (then unreachable))
            (call $exit (i32.const 0) (i32.const 0) (i32.const 256) (i32.const 4))";
        let wat = with_inbox(16, 1024, 132, handler);
        let host = threads().build().expect("a host");
        let spawned = Spawn::entry(&load(&host, &wat), "run").args(Codec::RAW, *b"hello");
        let reason = host.spawn(spawned).expect("it is there").join().await;
        assert_eq!(reason.to_string(), "normal: ello");
    });
}

#[test]
fn a_handler_that_returns_another_number_ends_with_a_reason_that_says_it() {
    wat::run(async {
        for number in [7, -1, 2, i32::MIN] {
            let wat = module(&format!("(func (export \"run\") (param i32) (result i32) i32.const {number})"));
            let says = |reason: &ExitReason| {
                is_trap(reason, TrapCode::PROTOCOL) && reason.to_string().contains(&number.to_string())
            };
            ends_with(&wat, says).await;
        }
    });
}

#[test]
fn a_handler_that_traps_ends_with_that_trap() {
    wat::run(async {
        let cases = [
            ("unreachable", TrapCode::UNREACHABLE),
            ("(i32.load (i32.const -1))", TrapCode::MEMORY_OUT_OF_BOUNDS),
            ("(i32.div_u (i32.const 1) (i32.const 0))", TrapCode::DIVISION_BY_ZERO),
            ("(i32.div_s (i32.const 0x80000000) (i32.const -1))", TrapCode::INTEGER_OVERFLOW),
            ("(i32.trunc_f32_s (f32.const nan))", TrapCode::BAD_CONVERSION),
        ];
        for (code, trap) in cases {
            let wat = module(&format!("(func (export \"run\") (param i32) (result i32) {code})"));
            ends_with(&wat, |reason| is_trap(reason, trap)).await;
        }
    });
}

#[test]
fn a_handler_that_recurses_without_end_meets_its_stack_limit() {
    wat::run(async {
        let wat = module(
            r#"(func $down (param i32) (result i32) (i32.add (i32.const 1) (call $down (local.get 0))))
               (func (export "run") (param i32) (result i32) (call $down (i32.const 0)))"#,
        );
        let limit = |reason: &ExitReason| matches!(reason, ExitReason::Limit { code: LimitCode::STACK, .. });
        ends_with(&wat, limit).await;
    });
}

#[test]
fn a_handler_that_is_spawned_with_too_much_memory_is_refused_by_name() {
    wat::run(async {
        let wat = with_imports(
            r#"(memory (export "memory") 2000) (func (export "run") (param i32) (result i32) i32.const 1)"#,
        );
        let limit = |reason: &ExitReason| matches!(reason, ExitReason::Limit { code: LimitCode::MEMORY, .. });
        ends_with(&wat, limit).await;
    });
}

#[test]
fn a_host_call_after_the_current_message_was_taken_by_nobody_answers_none() {
    wat::run(async {
        // A process without a message has none to look at.
        let wat = module(
            r#"(func (export "run")
                (if (i32.ne (call $message_info (i32.const 0)) (i32.const -18)) (then unreachable))
                (if (i32.ne (call $message_read (i32.const 0) (i32.const 0) (i32.const 8)) (i32.const -18)) (then unreachable))
                (if (i32.ne (call $scan_end (i32.const 1)) (i32.const -18)) (then unreachable))
                (if (i32.ne (call $parent (i32.const 0)) (i32.const -18)) (then unreachable)))"#,
        );
        ends_with(&wat, |reason| *reason == ExitReason::NORMAL).await;
    });
}

#[test]
fn an_actor_that_is_killed_between_two_messages_is_gone() {
    wat::run(async {
        let host: Host = threads().build().expect("a host");
        let wat = module(r#"(func (export "run") (param i32) (result i32) i32.const 0)"#);
        let actor = spawn(&host, &load(&host, &wat), "run");
        host.quiescent().await;
        host.kill(actor.pid()).expect("the pid has all rights");
        assert_eq!(*actor.join().await, ExitReason::Killed);
    });
}

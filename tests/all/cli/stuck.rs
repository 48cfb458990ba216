//! When every actor waits and nothing can wake one, the program says who waits for what, and ends.

use super::wat::{Folder, WAITS, WRITE, print, spawns};
use crate::support::{Program, Ran};

/// What the program exits with.
const STUCK: i32 = 3;

fn run(flags: &[&str], text: &str) -> Ran {
    let folder = Folder::new();
    Program::run(flags, &folder.file("philosopher.wat", text), &[])
}

#[test]
fn one_actor() {
    for flags in [&[][..], &["--deterministic"], &["--workers", "1"], &["--wait"]] {
        let ran = run(flags, WAITS).expect_code(STUCK);
        ran.expect_in_stderr(&[
            "deadlock: 1 actor waits",
            "<0.1> philosopher: waiting for a message, 0 queued",
        ]);
    }
}

/// C2: what was printed before is there, and nothing else.
#[test]
fn what_was_printed_before_is_kept() {
    let receive =
        r#"(import "flower" "receive" (func $receive (param i32 i32 i32 i32 i32 i64) (result i32)))"#;
    let main = format!(
        r#"(module {receive} {WRITE} (memory (export "memory") 1) (data (i32.const 0x2000) "will block\n")
            (func (export "_start") {}
                (drop (call $receive (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
                    (i64.const -1)))))"#,
        print("(i32.const 0x2000)", "(i32.const 11)")
    );
    assert_eq!(run(&[], &main).expect_code(STUCK).stdout, "will block\n");
}

/// Main has ended, and with `--wait` its child is left, which waits for ever.
#[test]
fn those_that_main_left_behind() {
    let receive =
        r#"(import "flower" "receive" (func $receive (param i32 i32 i32 i32 i32 i64) (result i32)))"#;
    let child = "(drop (call $receive (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
        (i64.const -1)))";
    for flags in [&["--wait"][..], &["--wait", "--deterministic"]] {
        let ran = run(flags, &spawns(receive, "", child)).expect_code(STUCK);
        ran.expect_in_stderr(&["<0.2> ", "waiting for a message"]);
    }
}

#[test]
fn names_are_told_and_kinds_of_waiting() {
    let ran = run(&["--deterministic"], TWO_WHO_WAIT).expect_code(STUCK);
    ran.expect_in_stderr(&[
        "deadlock: 2 actors wait",
        "<0.1> philosopher (plato): waiting for a reply or for an actor's end, 0 queued",
        "<0.2> ",
        ": waiting for a message, 1 queued",
    ]);
}

/// The first registers a name and calls the second, which only wants replies to nothing.
const TWO_WHO_WAIT: &str = r#"(module
    (import "flower" "receive" (func $receive (param i32 i32 i32 i32 i32 i64) (result i32)))
    (import "flower" "call" (func $call (param i32 i32 i32 i32 i32 i32 i32 i64) (result i32)))
    (import "flower" "register" (func $register (param i32 i32 i32) (result i32)))
    (import "flower" "self_pid" (func $self_pid (param i32) (result i32)))
    (import "flower" "spawn" (func $spawn (param i32 i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "\01") (data (i32.const 16) "\00\10\00\00\05") (data (i32.const 0x1000) "child")
    (data (i32.const 0x1100) "plato")
    ;; A filter: only messages that complete the reference 77.
    (data (i32.const 0x1200) "\04") (data (i32.const 0x1210) "\4d")
    (func (export "child")
        (drop (call $receive (i32.const 0x1200) (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 0)
            (i64.const -1))))
    (func (export "_start")
        (drop (call $self_pid (i32.const 768)))
        (if (call $register (i32.const 0x1100) (i32.const 5) (i32.const 768)) (then unreachable))
        (if (call $spawn (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 512) (i32.const 0))
            (then unreachable))
        (drop (call $call (i32.const 512) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
            (i32.const 0) (i64.const -1)))))"#;

/// Who sends to a channel that only itself receives from waits for itself.
#[test]
fn channels_are_named_and_the_cycle_is_told() {
    for flags in [&[][..], &["--deterministic"]] {
        let ran = run(flags, SENDS_TO_ITSELF).expect_code(STUCK);
        ran.expect_in_stderr(&[
            "deadlock: 1 actor waits",
            "<0.1> philosopher: waiting at a channel (to send to channel 1), 0 queued",
            "in a cycle, each for the next and the last for the first:",
            "<0.1> philosopher waits to send to channel 1",
        ]);
    }
}

/// Makes a channel without a buffer, and sends to it.
const SENDS_TO_ITSELF: &str = r#"(module
    (import "flower" "channel_new" (func $channel_new (param i32 i32 i32) (result i32)))
    (import "flower" "channel_send" (func $channel_send (param i64 i32 i32 i32 i64) (result i32)))
    (memory (export "memory") 1)
    (func (export "_start")
        (drop (call $channel_new (i32.const 0) (i32.const 0) (i32.const 1024)))
        (drop (call $channel_send (i64.load (i32.const 1024)) (i32.const 0) (i32.const 4) (i32.const 0)
            (i64.const -1)))))"#;

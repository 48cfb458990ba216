//! Ctrl-C stops gracefully; a second one ends the program at once.

use super::wat::{Folder, WRITE, print};
use crate::support::{Program, Running};

/// What a shell shows for a program that was interrupted.
const INTERRUPTED: i32 = 130;

/// Longer than the watchdog's patience, so that nothing here ends by this deadline.
const NO_DEADLINE: &[&str] = &["--stop-deadline-ms", "3600000"];

/// Prints `ready`, waits for a stop, prints `stopping`, and goes on with `then`.
fn stoppable(then: &str) -> String {
    format!(
        r#"(module
            (import "flower" "receive" (func $receive (param i32 i32 i32 i32 i32 i64) (result i32)))
            (import "flower" "trap_stop" (func $trap_stop (param i32) (result i32)))
            (import "flower" "now" (func $now (result i64)))
            {WRITE}
            (memory (export "memory") 1)
            (data (i32.const 0x2000) "ready\n") (data (i32.const 0x2010) "stopping\n")
            ;; For an hour, since a wait for ever would be called a deadlock.
            (func $wait
                (drop (call $receive (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
                    (i64.add (call $now) (i64.const 3600000000000)))))
            (func (export "_start")
                (drop (call $trap_stop (i32.const 1)))
                {ready}
                (call $wait)
                {stopping}
                {then}))"#,
        ready = print("(i32.const 0x2000)", "(i32.const 6)"),
        stopping = print("(i32.const 0x2010)", "(i32.const 9)"),
    )
}

/// Starts it and lets it come as far as `ready`.
fn start(folder: &Folder, then: &str) -> Running {
    let file = folder.file("stoppable.wat", stoppable(then));
    let mut running = Program::of_run(NO_DEADLINE, &file, &[]).start();
    assert_eq!(running.line(), "ready");
    running
}

#[test]
fn once_is_graceful() {
    for signal in ["INT", "TERM"] {
        let folder = Folder::new();
        let running = start(&folder, "");
        running.signal(signal);
        let ran = running.ended().expect_code(INTERRUPTED);
        assert_eq!(ran.stdout, "stopping\n");
    }
}

#[test]
fn twice_is_at_once() {
    let folder = Folder::new();
    let mut running = start(&folder, "(loop (br 0))");
    running.signal("INT");
    assert_eq!(running.line(), "stopping");
    running.signal("INT");
    assert_eq!(running.ended().expect_code(INTERRUPTED).stdout, "");
}

#[test]
fn who_traps_no_stops_just_ends() {
    let folder = Folder::new();
    let endless = format!(
        r#"(module {WRITE} (memory (export "memory") 1) (data (i32.const 0x2000) "ready\n")
            (func (export "_start") {} (loop (br 0))))"#,
        print("(i32.const 0x2000)", "(i32.const 6)")
    );
    let mut running =
        Program::of_run(&["--stop-deadline-ms", "10"], &folder.file("endless.wat", endless), &[]).start();
    assert_eq!(running.line(), "ready");
    running.signal("INT");
    running.ended().expect_code(INTERRUPTED);
}

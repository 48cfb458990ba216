//! Exit codes: 0, what the program says, 1 for an error, 134 for a crash, and what `--wait` waits for.

use super::wat::{Folder, RETURNS, TRAPS, WRITE, exits_with, print, spawns};
use crate::support::{Program, Ran};

fn run(flags: &[&str], text: impl AsRef<[u8]>) -> Ran {
    let folder = Folder::new();
    Program::run(flags, &folder.file("program.wat", text), &[])
}

/// Runs it on threads and in deterministic mode, and expects the same code of both.
#[track_caller]
fn expect_code(text: &str, code: i32) {
    run(&[], text).expect_code(code);
    run(&["--deterministic"], text).expect_code(code);
}

#[test]
fn main_returns() {
    expect_code(RETURNS, 0);
}

#[test]
fn exit_with_a_code() {
    for code in [0, 1, 7, 255] {
        expect_code(&exits_with("", &format!("(i32.const {code})")), code);
    }
}

#[test]
fn a_code_is_cut_to_8_bits_as_everywhere() {
    expect_code(&exits_with("", "(i32.const 258)"), 2);
}

#[test]
fn a_trap_is_134() {
    expect_code(TRAPS, 134);
}

#[test]
fn a_limit_is_134() {
    run(&["--memory-max", "1K"], RETURNS).expect_code(134).expect_in_stderr(&["limit: memory"]);
    let recursion =
        r#"(module (memory (export "memory") 1) (func $f (export "_start") (call $f) (call $f)))"#;
    expect_code(recursion, 134);
}

#[test]
fn an_endless_main_ends_at_its_time_limit() {
    let endless = r#"(module (memory (export "memory") 1) (func (export "_start") (loop (br 0))))"#;
    run(&["--run-time-max-ms", "20"], endless).expect_code(134).expect_in_stderr(&["out of time"]);
}

#[test]
fn an_actor_that_traps_changes_no_code() {
    let ran = run(&["--wait"], spawns("", "", "unreachable")).expect_code(0);
    ran.expect_in_stderr(&["unreachable"]);
}

/// A child that sleeps for some milliseconds and prints a line.
fn sleeper(milliseconds: u64) -> String {
    let imports = format!(
        r#"{WRITE} (import "flower" "sleep" (func $sleep (param i64) (result i32)))
           (import "flower" "now" (func $now (result i64)))"#
    );
    let deadline = format!("(i64.add (call $now) (i64.const {}))", milliseconds * 1_000_000);
    let child = format!("(drop (call $sleep {deadline})) {}", print("(i32.const 0x2000)", "(i32.const 6)"));
    spawns(&imports, r#"(data (i32.const 0x2000) "awake\n")"#, &child)
}

#[test]
fn the_others_are_stopped_when_main_has_ended() {
    let an_hour = 3_600_000;
    assert_eq!(run(&[], sleeper(an_hour)).expect_code(0).stdout, "");
}

#[test]
fn with_wait_the_others_may_end() {
    assert_eq!(run(&["--wait"], sleeper(50)).expect_code(0).stdout, "awake\n");
    let an_hour = 3_600_000;
    assert_eq!(run(&["--wait", "--deterministic"], sleeper(an_hour)).expect_code(0).stdout, "awake\n");
}

#[test]
fn an_endless_loop_is_killed_at_the_stop_deadline() {
    let ran = run(&["--stop-deadline-ms", "20"], spawns("", "", "(loop (br 0))")).expect_code(0);
    assert_eq!(ran.stdout, "");
}

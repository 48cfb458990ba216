//! What guests can do to the log: flood it, and put into it what a terminal would obey or what looks like another's line.

use std::path::PathBuf;

use tempfile::TempDir;

use crate::support::{Program, Ran};
use crate::wat::module;

/// Runs a module as a program.
fn run(flags: &[&str], text: &str) -> Ran {
    let folder: TempDir = tempfile::tempdir().expect("a folder for a test");
    let file: PathBuf = folder.path().join("attack.wat");
    std::fs::write(&file, text).expect("a file for a test");
    Program::run(flags, &file, &[])
}

/// An escape sequence that clears the screen, one in the single-byte form, and a line that looks like the host's own.
const EVIL: &str = r"\1b[2J\c2\9b31m\nERROR actor main <0.1> ended: all is lost\r\08\7f";

/// Bytes of it.
const EVIL_LEN: usize = 54;

/// Fails if the log holds a control character, or a line that the host did not begin.
#[track_caller]
fn expect_harmless(ran: &Ran, lines: usize) {
    let control = |c: &char| c.is_control() && *c != '\n';
    assert!(!ran.stderr.chars().any(|c| control(&c)), "{:?}", ran.stderr);
    assert!(!ran.stderr.lines().any(|line| line.starts_with("ERROR actor main")), "{}", ran.stderr);
    let errors = ran.stderr.lines().filter(|line| line.starts_with("ERROR")).count();
    assert_eq!(errors, lines, "{}", ran.stderr);
}

#[test]
fn escape_sequences_in_a_panic() {
    let panics = module(&format!(
        r#"(data (i32.const 0) "{EVIL}")
        (func (export "_start")
            (drop (call $panic_note (i32.const 0) (i32.const {EVIL_LEN}) (i32.const 0) (i32.const {EVIL_LEN})))
            unreachable)"#
    ));
    expect_harmless(&run(&[], &panics).expect_code(134), 1);
}

/// A module whose `_start` spawns `child` under a label and a name, waits for its end, and returns.
fn labelled(child: &str) -> String {
    module(&format!(
        r#"(data (i32.const 0) "\01\00\00\00\02\00\00\00") (data (i32.const 16) "\c8\00\00\00\05\00\00\00")
        (data (i32.const 40) "\00\02\00\00\36\00\00\00\00\02\00\00\36\00\00\00")
        (data (i32.const 200) "child") (data (i32.const 512) "{EVIL}")
        (func (export "child") {child})
        (func (export "_start")
            (if (call $spawn (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 256) (i32.const 300)) (then unreachable))
            (drop (call $receive (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 1024) (i64.const -1))))"#
    ))
}

#[test]
fn escape_sequences_in_a_label() {
    expect_harmless(&run(&[], &labelled("unreachable")).expect_code(0), 1);
}

#[test]
fn escape_sequences_in_the_report_of_a_deadlock() {
    let waits = "(drop (call $receive (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 1024) (i64.const -1)))";
    let ran = run(&["--deterministic"], &labelled(waits)).expect_code(3);
    expect_harmless(&ran, 1);
    // The report, and a line for each of the two.
    assert_eq!(ran.stderr.lines().count(), 3, "{}", ran.stderr);
}

#[test]
fn escape_sequences_in_the_names_of_functions() {
    // The name section says what a backtrace calls a function.
    let name = "evil\\1b[2J\\0aERROR actor main <0.1> ended: all is lost".to_owned();
    let traps = format!(
        r#"(module (memory (export "memory") 1) (func (export "_start") (call $f)) (func $f (@name "{name}") unreachable))"#
    );
    expect_harmless(&run(&[], &traps).expect_code(134), 1);
}

#[test]
fn escape_sequences_in_the_name_of_an_export() {
    let odd = r#"(module (memory (export "memory") 1) (func (export "_start\1b[2J\0aERROR actor main") (param i64)))"#;
    expect_harmless(&run(&[], odd).expect_code(1), 0);
    let entry =
        r#"(module (memory (export "memory") 1) (func (export "go\1b[2J\0aERROR actor main") unreachable))"#;
    let ran = run(&["--entry", "go\x1b[2J\nERROR actor main"], entry).expect_code(134);
    expect_harmless(&ran, 1);
}

#[test]
fn a_flood_of_crashes_is_shown_or_counted_to_the_unit() {
    let count = 3000;
    let flood = module(&format!(
        r#"(data (i32.const 0) "\01\00\00\00\02\00\00\00") (data (i32.const 16) "\c8\00\00\00\05\00\00\00") (data (i32.const 200) "child")
        (func (export "child")
            (drop (call $panic_note (i32.const 1024) (i32.const 4096) (i32.const 0) (i32.const 0)))
            unreachable)
        (func (export "_start") (local $left i32)
            (memory.fill (i32.const 1024) (i32.const 120) (i32.const 4096))
            (local.set $left (i32.const {count}))
            (loop $more
                (if (call $spawn (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 256) (i32.const 300)) (then unreachable))
                (drop (call $receive (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 8192) (i64.const -1)))
                (local.set $left (i32.sub (local.get $left) (i32.const 1)))
                (br_if $more (local.get $left))))"#
    ));
    let ran = run(&[], &flood).expect_code(0);
    // A storm is not shown crash by crash; those that are not are counted.
    let shown = ran.stderr.lines().filter(|line| line.starts_with("ERROR actor")).count();
    let counted = ran.stderr.lines().filter(|line| line.contains(" more crashes like this"));
    let number = |line: &str| line.split_whitespace().find_map(|word| word.parse::<usize>().ok());
    let counted: usize = counted.map(|line| number(line).expect("it says how many")).sum();
    assert_eq!(shown + counted, count, "{}", ran.stderr);
}

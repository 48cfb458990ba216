//! The log of a crash: who, why, where, and a backtrace with the names of functions.

use super::wat::{Folder, TRAPS};
use crate::support::{Program, guest_file};

#[test]
fn a_panic() {
    let ran = Program::run(&[], &guest_file("main_ends"), &["panic"]).expect_code(134);
    let place = "actor main_ends <0.1> ended: panic at guests/src/bin/main_ends.rs:";
    ran.expect_in_stderr(&[place, "the panic of main", "main_ends::main"]);
}

#[test]
fn a_trap() {
    let folder = Folder::new();
    let ran = Program::run(&[], &folder.file("trapping.wat", TRAPS), &[]).expect_code(134);
    ran.expect_in_stderr(&["actor trapping <0.1> ended: trap: ", "unreachable", "to_be_named"]);
}

#[test]
fn colours_are_for_terminals() {
    let folder = Folder::new();
    let ran = Program::run(&[], &folder.file("trapping.wat", TRAPS), &[]);
    assert!(!ran.stderr.contains('\x1b'), "{:?}", ran.stderr);
}

#[test]
fn a_normal_end_is_not_logged() {
    let ran = Program::run(&[], &guest_file("hello"), &[]).expect_code(0);
    assert_eq!(ran.stderr, "");
}

#[test]
fn the_secret_of_a_pid_is_never_shown() {
    let ran = Program::of_run(&[], &guest_file("adder_and_bookkeeper"), &[]).env("FLOWER_LOG", "trace").ran();
    let ran = ran.expect_code(0);
    assert!(!ran.stderr.contains("tag:") && !ran.stderr.contains("incarnation"), "{}", ran.stderr);
}

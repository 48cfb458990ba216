//! What a program is given: its arguments, and of the environment and the folders what a flag names.

use super::wat::{Folder, WRITE, exits_with, print};
use crate::support::{Program, Ran};

/// A WASI function of two pointers.
fn wasi(name: &str) -> String {
    format!(r#"(import "wasi_snapshot_preview1" "{name}" (func ${name} (param i32 i32) (result i32)))"#)
}

/// Exits with the first number that a function of two pointers gives.
fn exits_with_count(name: &str) -> String {
    exits_with(
        &wasi(name),
        &format!("(drop (call ${name} (i32.const 0) (i32.const 4))) (i32.load (i32.const 0))"),
    )
}

/// Prints the strings that `NAME_get` gives, each with a zero byte behind it.
fn prints(name: &str) -> String {
    let sizes = format!("{name}_sizes_get");
    let get = format!("{name}_get");
    format!(
        r#"(module {} {} {WRITE} (memory (export "memory") 1)
            (func (export "_start")
                (drop (call ${sizes} (i32.const 0) (i32.const 4)))
                (drop (call ${get} (i32.const 1024) (i32.const 4096)))
                {}))"#,
        wasi(&sizes),
        wasi(&get),
        print("(i32.const 4096)", "(i32.load (i32.const 4))")
    )
}

fn run(flags: &[&str], text: &str, args: &[&str]) -> Ran {
    let folder = Folder::new();
    let program = Program::of_run(flags, &folder.file("given.wat", text), args);
    program.env("SECRET", "do not tell").env("SHARED", "hello").ran()
}

#[test]
fn nothing_is_inherited() {
    run(&[], &exits_with_count("environ_sizes_get"), &[]).expect_code(0);
    let first_directory = "(call $fd_prestat_get (i32.const 3) (i32.const 0))";
    let bad_descriptor = 8;
    run(&[], &exits_with(&wasi("fd_prestat_get"), first_directory), &[]).expect_code(bad_descriptor);
}

#[test]
fn arguments_begin_with_the_programs_name() {
    let ran = run(&[], &prints("args"), &["one", "--two", "three words"]).expect_code(0);
    assert_eq!(ran.stdout, "given.wat\0one\0--two\0three words\0");
}

#[test]
fn variables_are_set_or_passed_on() {
    let ran = run(&["--env", "A=b=c", "--env", "SHARED", "--env", "EMPTY="], &prints("environ"), &[]);
    assert_eq!(ran.expect_code(0).stdout, "A=b=c\0SHARED=hello\0EMPTY=\0");
}

/// Prints the name of the first directory.
const DIRECTORY: &str = r#"(drop (call $fd_prestat_get (i32.const 3) (i32.const 0)))
    (drop (call $fd_prestat_dir_name (i32.const 3) (i32.const 4096) (i32.load (i32.const 4))))"#;

fn prints_directory() -> String {
    let name = r#"(import "wasi_snapshot_preview1" "fd_prestat_dir_name"
        (func $fd_prestat_dir_name (param i32 i32 i32) (result i32)))"#;
    format!(
        r#"(module {} {name} {WRITE} (memory (export "memory") 1) (func (export "_start") {DIRECTORY} {}))"#,
        wasi("fd_prestat_get"),
        print("(i32.const 4096)", "(i32.load (i32.const 4))")
    )
}

#[test]
fn directories_may_have_another_name_inside() {
    let folder = Folder::new();
    let host = folder.path("").to_str().expect("a plain path").to_owned();
    let ran = run(&["--dir", &format!("{host}::/data")], &prints_directory(), &[]).expect_code(0);
    assert_eq!(ran.stdout, "/data");
    let ran = run(&["--dir", &host], &prints_directory(), &[]).expect_code(0);
    assert_eq!(ran.stdout, host);
}

#[test]
fn another_entry_may_be_entered() {
    let two = r#"(module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (memory (export "memory") 1)
        (func (export "_start")) (func (export "other") (call $exit (i32.const 5))))"#;
    run(&[], two, &[]).expect_code(0);
    run(&["--entry", "other"], two, &[]).expect_code(5);
}

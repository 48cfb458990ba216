//! Tenants: programs beside the main one, each within a budget that stands in one line.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::support::Program;

/// Spawns linked actors that wait, prints an `x` for each until it is refused, and takes them with it.
const SPAWNS: &str = r#"(module
    (import "flower" "spawn" (func $spawn (param i32 i32 i32 i32 i32) (result i32)))
    (import "flower" "sleep" (func $sleep (param i64) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "\01\00\00\00\01") (data (i32.const 16) "\00\10\00\00\05") (data (i32.const 0x1000) "child")
    (data (i32.const 0x2000) "x") (data (i32.const 0x3000) "\00\20\00\00\01")
    (func (export "child") (drop (call $sleep (i64.const -1))))
    (func (export "_start")
        (block $refused
            (loop $more
                (br_if $refused (call $spawn (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 512) (i32.const 0)))
                (drop (call $write (i32.const 1) (i32.const 0x3000) (i32.const 1) (i32.const 0x3010)))
                (br $more)))
        unreachable))"#;

fn program(folder: &TempDir, name: &str, text: &str) -> String {
    let file = folder.path().join(name);
    fs::write(&file, text).expect("a file for a test");
    file.to_str().expect("a plain path").to_owned()
}

#[test]
fn each_has_what_its_line_says() {
    let folder = tempfile::tempdir().expect("a folder for a test");
    let main =
        program(&folder, "main.wat", r#"(module (memory (export "memory") 1) (func (export "_start")))"#);
    let spawns = program(&folder, "spawns.wat", SPAWNS);
    let (five, three) = (format!("{spawns},actors=5,memory=16M"), format!("{spawns},cpu=300,actors=3"));
    let flags = ["--no-cache", "--wait", "--tenant", &five, "--tenant", &three];
    let ran = Program::run(&flags, Path::new(&main), &[]).expect_code(0);
    // The first of each counts, too.
    assert_eq!(ran.stdout, "x".repeat(4 + 2));
}

#[test]
fn the_main_program_may_be_bounded_as_well() {
    let folder = tempfile::tempdir().expect("a folder for a test");
    let spawns = program(&folder, "spawns.wat", SPAWNS);
    let ran = Program::run(&["--no-cache", "--budget", "actors=8"], Path::new(&spawns), &[]);
    assert_eq!(ran.expect_code(134).stdout, "x".repeat(7));
}

#[test]
fn a_tenant_that_is_not_there_or_takes_the_name_of_another_is_refused() {
    let folder = tempfile::tempdir().expect("a folder for a test");
    let spawns = program(&folder, "spawns.wat", SPAWNS);
    let run = |tenant| Program::run(&["--no-cache", "--tenant", tenant], Path::new(&spawns), &[]);
    run("no-such.wat").expect_refusal(&["no-such.wat"]);
    run("elsewhere/spawns.wat,actors=1").expect_refusal(&["elsewhere/spawns.wat", "\"spawns\""]);
}

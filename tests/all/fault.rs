//! Faults of the machine: a host killed at any moment, a disk that is full, a folder that cannot be written to, a deadline that
//! actors ignore. One clear line, and no loss.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use flower_host::{CrashReport, MemoryEngine};
use tempfile::TempDir;
use wasmparser::Validator;

use crate::support::{Program, Ran, assert_same_lines, expected, guest_file, host_program, memory_engine};
use crate::wat::Random;

/// How often a host is killed.
const KILLS: u64 = 12;

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder for a test")
}

/// `hello`, with its compiled code in this cache.
fn hello(cache: &Path) -> Program {
    let cache = cache.to_str().expect("a plain path");
    Program::of_run(&["--cache", cache], &guest_file("hello"), &[])
}

#[track_caller]
fn expect_hello(ran: Ran) -> Ran {
    let ran = ran.expect_code(0);
    // Its actors print side by side.
    assert_same_lines(&ran.stdout, &expected("examples", "hello").expect("it is there"));
    ran
}

/// The names of what a cache holds, without files that nobody has finished.
fn entries(cache: &Path) -> Vec<String> {
    let files = fs::read_dir(cache).into_iter().flatten();
    let names =
        files.map(|file| file.expect("a folder can be listed").file_name().to_string_lossy().into_owned());
    names.filter(|name| !name.starts_with('.')).collect()
}

#[test]
fn a_host_that_is_killed_at_any_moment_leaves_no_broken_file() {
    let folder = folder();
    let cache = folder.path().join("cache");
    let mut random = Random(9);
    for _ in 0..KILLS {
        let running = hello(&cache).start();
        // Any moment will do, so long as they differ.
        thread::sleep(Duration::from_millis(random.next() % 400));
        running.signal("KILL");
        running.ended();
        // Whatever has a name is whole: what is used is found good, or was never written.
        let ran = expect_hello(hello(&cache).ran());
        assert_eq!(ran.stderr, "");
        // The next begins with an empty one, or with a full one.
        if random.next().is_multiple_of(2) {
            fs::remove_dir_all(&cache).expect("it is there");
        }
    }
}

/// Crashes again and again, each time in an actor with 4 MiB of memory, and ends after a second.
const CRASHES: &str = r#"(module
    (import "flower" "spawn" (func $spawn (param i32 i32 i32 i32 i32) (result i32)))
    (import "flower" "sleep" (func $sleep (param i64) (result i32)))
    (memory (export "memory") 64)
    (data (i32.const 0) "\01") (data (i32.const 16) "\00\10\00\00\05") (data (i32.const 0x1000) "child")
    (func (export "child") (memory.fill (i32.const 0) (i32.const 1) (i32.const 4194304)) unreachable)
    (func (export "_start") (local $left i32)
        (local.set $left (i32.const 100))
        (loop $more
            (drop (call $spawn (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 512) (i32.const 0)))
            (drop (call $sleep (i64.const 10000000)))
            (br_if $more (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))))"#;

/// The names in a folder of crashes, each of which stands for a whole file unless it says otherwise.
fn crash_files(crashes: &Path) -> Vec<String> {
    let files = fs::read_dir(crashes).into_iter().flatten();
    let names: Vec<String> =
        files.map(|file| file.expect("it is listed").file_name().into_string().expect("text")).collect();
    for name in &names {
        let bytes = fs::read(crashes.join(name)).expect("it was listed");
        if name.ends_with(".json") {
            let report: CrashReport = serde_json::from_slice(&bytes).expect("a report is whole");
            assert!(report.coredump.is_none_or(|dump| names.contains(&dump)), "{name} has lost its dump");
        } else if name.ends_with(".coredump") {
            Validator::new().validate_all(&bytes).expect("a dump is whole");
        }
    }
    names
}

#[test]
fn a_host_that_is_killed_while_it_writes_crash_files_leaves_none_broken() {
    let folder = folder();
    let (file, crashes) = (folder.path().join("crashes.wat"), folder.path().join("crashes"));
    fs::write(&file, CRASHES).expect("a file for a test");
    let crash_dir = crashes.to_str().expect("a plain path");
    let run = |keep: &str| {
        let flags = ["--no-cache", "--crash-dir", crash_dir, "--crash-keep", keep, "--crash-coredump"];
        Program::of_run(&flags, &file, &[])
    };
    let mut random = Random(4);
    for _ in 0..KILLS {
        let running = run("5").start();
        thread::sleep(Duration::from_millis(random.next() % 400));
        running.signal("KILL");
        running.ended();
        crash_files(&crashes);
    }
    run("3").ran().expect_code(0);
    // What the others left is older than the last three.
    let names = crash_files(&crashes);
    assert_eq!(names.iter().filter(|name| name.ends_with(".json")).count(), 3, "{names:?}");
    assert!(names.iter().all(|name| !name.ends_with(".tmp")), "{names:?}");
}

#[test]
fn a_disk_that_is_full_costs_the_cache_and_one_line() {
    if memory_engine() == MemoryEngine::Guarded {
        // A memory behind guard pages begins as a file without a name, which this limit is for as well.
        return;
    }
    let folder = folder();
    let cache = folder.path().join("cache");
    // No file may be longer than 8 KiB; compiled code is.
    let limited = "ulimit -f 8; exec \"$0\" \"$@\"";
    let (cache_flag, guest) = (cache.to_str().expect("a plain path"), guest_file("hello"));
    let args = ["-c", limited, host_program().to_str().expect("a plain path"), "run", "--cache", cache_flag];
    let ran = Program::other(Path::new("/bin/sh"), args).arg(&guest).ran();
    let ran = expect_hello(ran);
    assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
    ran.expect_in_stderr(&["WARN cannot keep compiled modules in", cache_flag]);
    assert_eq!(entries(&cache), [""; 0]);
    // With room again it is kept, and found.
    assert_eq!(expect_hello(hello(&cache).ran()).stderr, "");
    assert_eq!(entries(&cache).len(), 1);
}

#[test]
fn a_guest_that_writes_more_than_a_file_may_have_is_told_so() {
    let folder = folder();
    // `fd_write` of 64 KiB to a file of its own; ends with the error number.
    let text = r#"(module
        (import "wasi_snapshot_preview1" "path_open" (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (memory (export "memory") 2)
        (data (i32.const 0) "file")
        (func (export "_start") (local $error i32)
            (if (call $open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 4) (i32.const 1) (i64.const 64) (i64.const 64) (i32.const 0) (i32.const 16))
                (then (call $exit (i32.const 100))))
            (i32.store (i32.const 32) (i32.const 1024)) (i32.store (i32.const 36) (i32.const 65536))
            (loop $more
                (local.set $error (call $write (i32.load (i32.const 16)) (i32.const 32) (i32.const 1) (i32.const 40)))
                (br_if $more (i32.eqz (local.get $error))))
            (call $exit (local.get $error))))"#;
    let file = folder.path().join("writes.wat");
    fs::write(&file, text).expect("a file for a test");
    let limited = "ulimit -f 8; exec \"$0\" \"$@\"";
    let shared = format!("{}::/", folder.path().display());
    let args = [
        "-c",
        limited,
        host_program().to_str().expect("a plain path"),
        "run",
        "--no-cache",
        "--dir",
        &shared,
    ];
    let ran = Program::other(Path::new("/bin/sh"), args).arg(&file).ran();
    // EFBIG of WASI.
    ran.expect_code(22);
}

#[test]
fn a_cache_that_cannot_be_written_to_costs_one_line() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder();
    let cache = folder.path().join("cache");
    fs::create_dir(&cache).expect("a folder for a test");
    fs::set_permissions(&cache, fs::Permissions::from_mode(0o500)).expect("it is ours");
    // The superuser may write to it all the same.
    let refused = fs::write(cache.join("probe"), "").is_err();
    let ran = expect_hello(hello(&cache).ran());
    match refused {
        true => ran.expect_in_stderr(&["WARN cannot keep compiled modules in"]),
        false => assert_eq!(ran.stderr, ""),
    }
    assert!(ran.stderr.lines().count() <= 1, "{}", ran.stderr);
    fs::set_permissions(&cache, fs::Permissions::from_mode(0o700)).expect("it is ours");
}

/// Prints `ready` when it has spawned three who never wait, and waits for a stop.
const STUBBORN: &str = r#"(module
    (import "flower" "spawn" (func $spawn (param i32 i32 i32 i32 i32) (result i32)))
    (import "flower" "receive" (func $receive (param i32 i32 i32 i32 i32 i64) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "\01") (data (i32.const 16) "\00\10\00\00\05") (data (i32.const 0x1000) "child")
    (data (i32.const 0x2000) "ready\n") (data (i32.const 0x3000) "\00\20\00\00\06")
    (func (export "child") (loop $for_ever (br $for_ever)))
    (func $spawn_one
        (if (call $spawn (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 512) (i32.const 0)) (then unreachable)))
    (func (export "_start")
        (call $spawn_one) (call $spawn_one) (call $spawn_one)
        (drop (call $write (i32.const 1) (i32.const 0x3000) (i32.const 1) (i32.const 0x3010)))
        (drop (call $receive (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 1024) (i64.const -1)))))"#;

#[test]
fn a_host_that_is_terminated_says_whom_it_had_to_end() {
    let folder = folder();
    let file = folder.path().join("stubborn.wat");
    fs::write(&file, STUBBORN).expect("a file for a test");
    let mut running = Program::of_run(&["--stop-deadline-ms", "50"], &file, &[]).start();
    assert_eq!(running.line(), "ready");
    running.signal("TERM");
    let ran = running.ended().expect_code(130);
    // Main stops when it is asked; the others never look.
    ran.expect_in_stderr(&["3 of 4 actors did not stop within 50ms and were killed"]);
}

/// Prints a line ten times, takes no notice of errors, and returns.
const PRINTS: &str = r#"(module
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 0x2000) "line\n") (data (i32.const 0x3000) "\00\20\00\00\05")
    (func (export "_start") (local $left i32)
        (local.set $left (i32.const 10))
        (loop $more
            (drop (call $write (i32.const 1) (i32.const 0x3000) (i32.const 1) (i32.const 0x3010)))
            (local.set $left (i32.sub (local.get $left) (i32.const 1)))
            (br_if $more (local.get $left)))))"#;

/// Runs it in a shell, with the standard output as the shell's text says.
fn prints(shell: &str) -> Ran {
    let folder = folder();
    let file = folder.path().join("prints.wat");
    fs::write(&file, PRINTS).expect("a file for a test");
    let args = ["-c", shell, host_program().to_str().expect("a plain path"), "run", "--no-cache"];
    Program::other(Path::new("/bin/sh"), args).arg(&file).ran().expect_code(0)
}

#[test]
fn a_standard_output_that_is_full_is_told_once_and_what_was_lost_is_counted() {
    let ran = prints("exec \"$0\" \"$@\" > /dev/full");
    ran.expect_in_stderr(&[
        "cannot write to stdout any more",
        "No space left on device",
        "output were dropped",
    ]);
    assert_eq!(ran.stderr.matches("cannot write to stdout any more").count(), 1, "{}", ran.stderr);
}

#[test]
fn a_standard_output_that_is_closed_ends_nothing() {
    assert_eq!(prints("exec \"$0\" \"$@\" >&-").stderr, "");
    assert_eq!(prints("exec \"$0\" \"$@\"").stdout, "line\n".repeat(10));
}

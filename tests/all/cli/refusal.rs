//! What cannot be run is refused with one line: which file, what is wrong, what to do.

use std::path::Path;

use super::wat::{Folder, RETURNS, exits_with};
use crate::support::{Program, Ran, guest_file};

/// Runs a file of this content.
fn run(name: &str, content: impl AsRef<[u8]>) -> Ran {
    let folder = Folder::new();
    Program::run(&[], &folder.file(name, content), &[])
}

/// Runs a sound program with a wrong flag.
fn run_with(flags: &[&str]) -> Ran {
    let folder = Folder::new();
    Program::run(flags, &folder.file("sound.wat", RETURNS), &[])
}

/// A command line that is wrong by itself: clap's error, with the value and what to write instead.
#[track_caller]
fn expect_usage_error(flags: &[&str], parts: &[&str]) {
    let ran = run_with(flags).expect_code(2);
    assert!(ran.stderr.starts_with("error: "), "{}", ran.stderr);
    ran.expect_in_stderr(parts);
}

#[test]
fn a_file_that_is_not_there() {
    let ran = Program::run(&[], Path::new("no/such/file.wasm"), &[]);
    assert_eq!(ran.stderr.matches("no/such/file.wasm").count(), 1, "named once: {}", ran.stderr);
    ran.expect_refusal(&["cannot open no/such/file.wasm", "No such file"]);
}

#[test]
fn a_folder() {
    let folder = Folder::new();
    Program::run(&[], folder.path("").as_path(), &[]).expect_refusal(&["Is a directory"]);
}

#[test]
fn not_wasm() {
    run("notes.wasm", "just some text").expect_refusal(&["notes.wasm: not a WebAssembly module"]);
}

#[test]
fn an_empty_file() {
    run("empty.wasm", "").expect_refusal(&["empty.wasm: "]);
}

#[test]
fn text_that_is_not_valid() {
    run("wrong.wat", "(module (func").expect_refusal(&["wrong.wat: the WebAssembly text is not valid"]);
}

#[test]
fn truncated() {
    let whole = std::fs::read(guest_file("main_plain")).expect("a guest");
    let ran = run("half.wasm", &whole[..whole.len() / 2]);
    ran.expect_refusal(&["half.wasm: the module is truncated", "copy or build it again"]);
}

#[test]
fn a_component() {
    let ran = run("component.wasm", b"\0asm\x0d\0\x01\0");
    ran.expect_refusal(&["component.wasm: this is a component", "build for wasm32-wasip1"]);
}

#[test]
fn no_memory() {
    let ran = run("bare.wat", r#"(module (func (export "_start")))"#);
    ran.expect_refusal(&["bare.wat: the module has no memory", "export it as \"memory\""]);
}

#[test]
fn a_memory_that_is_not_exported() {
    let ran = run("hidden.wat", r#"(module (memory 1) (func (export "_start")))"#);
    ran.expect_refusal(&["hidden.wat: the module does not export its memory"]);
}

#[test]
fn an_imported_memory() {
    let ran = run("guest.wat", r#"(module (import "env" "memory" (memory 1)) (func (export "_start")))"#);
    ran.expect_refusal(&["guest.wat: ", "memory"]);
}

#[test]
fn unknown_imports() {
    let importing = |module: &str, name: &str| {
        let import = format!(r#"(import "{module}" "{name}" (func))"#);
        run("guest.wat", exits_with(&import, "(i32.const 0)"))
    };
    importing("flower", "fly").expect_refusal(&["guest.wat: ", "unknown host call \"fly\"", "ABI version"]);
    importing("wasi_snapshot_preview1", "fd_fly").expect_refusal(&["unknown WASI function \"fd_fly\""]);
    importing("env", "fly").expect_refusal(&["\"fly\" of the unknown module \"env\""]);
}

#[test]
fn an_import_of_another_signature() {
    let import = r#"(import "flower" "yield_now" (func (param i64)))"#;
    let ran = run("guest.wat", exits_with(import, "(i32.const 0)"));
    ran.expect_refusal(&["\"yield_now\"", "but it is", "correct its declaration"]);
}

#[test]
fn nothing_to_run() {
    let ran = run("library.wat", r#"(module (memory (export "memory") 1))"#);
    ran.expect_refusal(&["library.wat: the module exports nothing to run", "export _start"]);
}

#[test]
fn a_feature_that_is_not_accepted() {
    let ran = run("shared.wat", r#"(module (memory (export "memory") 1 1 shared) (func (export "_start")))"#);
    ran.expect_refusal(&["shared.wat: ", "shared", "build it without"]);
}

#[test]
fn an_unknown_entry() {
    let ran = run_with(&["--entry", "begin"]);
    ran.expect_refusal(&["sound.wat: the module has no entry \"begin\"", "\"_start\""]);
}

#[test]
fn an_export_that_is_no_entry() {
    run_with(&["--entry", "memory"]).expect_refusal(&["sound.wat: \"memory\" cannot be an entry"]);
}

#[test]
fn sizes_that_are_none() {
    let parts = ["is not a size", "K, M or G"];
    expect_usage_error(&["--memory-max", "lots"], &parts);
    expect_usage_error(&["--message-max", "1.5M"], &parts);
    expect_usage_error(&["--mailbox-bytes-max", "99999999999G"], &parts);
    expect_usage_error(&["--mailbox-len-max", "many"], &["--mailbox-len-max"]);
}

#[test]
fn an_unknown_flag() {
    expect_usage_error(&["--memory-maximum=1M"], &["--memory-maximum"]);
}

#[test]
fn no_workers() {
    run_with(&["--workers", "0"]).expect_refusal(&["at least one worker"]);
}

#[test]
fn directories() {
    expect_usage_error(&["--dir", "::/data"], &["is not HOST or HOST::GUEST"]);
    let ran = run_with(&["--dir", "no/such/folder::/data"]);
    ran.expect_refusal(&["cannot grant the directory no/such/folder", "No such file"]);
}

#[test]
fn variables() {
    expect_usage_error(&["--env", "NOT_SET_AT_ALL"], &["is not set here", "NOT_SET_AT_ALL=VALUE"]);
    run_with(&["--env", "=value"]).expect_refusal(&["cannot be the name of an environment variable"]);
}

#[test]
fn modules() {
    expect_usage_error(&["--module", "other"], &["is not NAME=PATH"]);
    expect_usage_error(&["--module", "=other.wasm"], &["is not NAME=PATH"]);
    run_with(&["--module", "other=no/other.wasm"]).expect_refusal(&["cannot open no/other.wasm"]);
}

#[test]
fn a_cache_that_others_may_write_to() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    let cache = folder.path("cache");
    std::fs::create_dir(&cache).expect("a folder");
    std::fs::set_permissions(&cache, std::fs::Permissions::from_mode(0o777)).expect("it is ours");
    let ran = run_with(&["--cache", cache.to_str().expect("a plain path")]);
    ran.expect_refusal(&["cannot keep compiled modules in", "cache"]);
}

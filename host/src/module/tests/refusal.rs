//! One test for each reason to refuse a module.

use std::fs::{self, File};

use super::*;

/// What every module below has, so that it is refused for one reason only.
const MEMORY: &str = r#"(memory (export "memory") 1)"#;
const RUN: &str = r#"(func (export "_start"))"#;

#[track_caller]
fn assert_refused(text: &str, message: &str) {
    let refusal = refusal(text);
    assert!(refusal.contains(message), "expected {message:?} in: {refusal}");
    assert!(!refusal.contains('\n'), "more than one line: {refusal}");
}

#[track_caller]
fn assert_bytes_refused(bytes: &[u8], message: &str) {
    let refusal = validate::inspect(bytes).expect_err("the module has to be refused").to_string();
    assert!(refusal.contains(message), "expected {message:?} in: {refusal}");
}

#[test]
fn a_good_module_is_accepted() {
    inspect(GOOD).expect("nothing is wrong with it");
}

#[test]
fn truncated_in_the_header() {
    assert_bytes_refused(b"\0asm\x01", "truncated: it ends after 5 bytes");
}

#[test]
fn truncated_in_a_section() {
    let module = binary(GOOD);
    assert_bytes_refused(&module[..module.len() - 3], "the module is truncated");
}

#[test]
fn truncated_before_its_code() {
    let module = binary(&format!("(module {MEMORY} {RUN})"));
    let code = module.windows(4).position(|bytes| bytes == [10, 4, 1, 2]).expect("it has code");
    assert_bytes_refused(&module[..code], "the module is truncated");
}

#[test]
fn empty_file() {
    assert_bytes_refused(b"", "the file is empty");
}

#[test]
fn not_wasm_but_elf() {
    assert_bytes_refused(b"\x7fELF\x02\x01\x01", "load it as an artifact");
}

#[test]
fn not_wasm_but_text() {
    assert_bytes_refused(b"(module)", "name the file .wat");
}

#[test]
fn not_wasm_at_all() {
    assert_bytes_refused(b"#!/bin/sh\n", "build a program for wasm32-wasip1");
}

#[test]
fn unknown_version_of_wasm() {
    assert_bytes_refused(b"\0asm\x02\0\0\0", "not valid WebAssembly: unknown binary version");
}

#[test]
fn component() {
    assert_refused("(component)", "this is a component");
}

#[test]
fn invalid_code() {
    let text = format!(r#"(module {MEMORY} (func (export "_start") (drop (i32.add (i64.const 1)))))"#);
    assert_refused(&text, "not valid WebAssembly: type mismatch");
}

#[test]
fn no_memory() {
    assert_refused(&format!("(module {RUN})"), "has no memory");
}

#[test]
fn memory_that_is_not_exported() {
    assert_refused(&format!("(module (memory 1) {RUN})"), "does not export its memory");
}

#[test]
fn memory_exported_under_another_name() {
    let text = format!(r#"(module (memory (export "mem") 1) {RUN})"#);
    assert_refused(&text, "does not export its memory");
}

#[test]
fn something_else_called_memory() {
    let text = r#"(module (memory 1) (func (export "memory")))"#;
    assert_refused(text, r#"exports "memory" as () -> (), but it has to be a memory"#);
}

#[test]
fn imported_memory() {
    let text = format!(r#"(module (import "env" "memory" (memory 1)) {RUN})"#);
    assert_refused(&text, r#"imports the memory "memory" of "env""#);
}

#[test]
fn imported_table() {
    let text = format!(r#"(module (import "env" "t" (table 1 funcref)) {MEMORY} {RUN})"#);
    assert_refused(&text, r#"imports the table "t" of "env""#);
}

#[test]
fn imported_global() {
    let text = format!(r#"(module (import "flower" "g" (global i32)) {MEMORY} {RUN})"#);
    assert_refused(&text, r#"imports the global "g" of "flower""#);
}

#[test]
fn imported_tag() {
    let text = format!(r#"(module (import "env" "e" (tag)) {MEMORY} {RUN})"#);
    assert_refused(&text, r#"imports the tag "e" of "env""#);
}

#[test]
fn unknown_host_call() {
    let text = format!(r#"(module (import "flower" "teleport" (func)) {MEMORY} {RUN})"#);
    assert_refused(&text, r#"unknown host call "teleport" of "flower": this host speaks ABI version 1"#);
}

#[test]
fn unknown_wasi_function() {
    let text = format!(r#"(module (import "wasi_snapshot_preview1" "fork" (func)) {MEMORY} {RUN})"#);
    assert_refused(&text, r#"unknown WASI function "fork""#);
}

#[test]
fn unknown_import_module() {
    let text = format!(r#"(module (import "env" "puts" (func)) {MEMORY} {RUN})"#);
    assert_refused(&text, r#"imports "puts" of the unknown module "env""#);
}

#[test]
fn names_in_messages_are_escaped() {
    let text = format!(r#"(module (import "env" "a\nb" (func)) {MEMORY} {RUN})"#);
    assert_refused(&text, r#""a\nb""#);
}

#[test]
fn wrong_signature_of_a_host_call() {
    let text =
        format!(r#"(module (import "flower" "sleep" (func (param i32) (result i32))) {MEMORY} {RUN})"#);
    assert_refused(&text, r#"host call "sleep" as (i32) -> i32, but it is (i64) -> i32"#);
}

#[test]
fn every_host_call_is_accepted_with_its_signature() {
    for name in flower_abi::HOST_CALLS {
        let text = format!(r#"(module (import "flower" "{name}" (func (param f32))) {MEMORY} {RUN})"#);
        let Err(LoadError::ImportSignature { expected, .. }) = inspect(&text) else {
            panic!("{name} is unknown, or takes a float");
        };
        let (params, result) = expected.split_once(") -> ").expect("a signature has an arrow");
        let params = params[1..].replace(',', " ");
        let import = format!(r#"(import "flower" "{name}" (func (param {params}) (result {result})))"#);
        inspect(&format!("(module {import} {MEMORY} {RUN})")).expect("that is its signature");
    }
}

#[test]
fn nothing_to_run() {
    let text = format!(r#"(module {MEMORY} (func (export "f") (param i64)) (func (export "_initialize")))"#);
    assert_refused(&text, "exports nothing to run");
}

#[test]
fn wrong_signature_of_start() {
    let text = format!(r#"(module {MEMORY} (func (export "_start") (result i32) (i32.const 0)))"#);
    assert_refused(&text, r#"exports "_start" as () -> i32, but it has to be () -> ()"#);
}

#[test]
fn wrong_signature_of_the_sdk_entry() {
    let text = format!(r#"(module {MEMORY} (func (export "flower_entry")))"#);
    assert_refused(&text, r#"exports "flower_entry" as () -> (), but it has to be (i32) -> ()"#);
}

#[test]
fn wrong_signature_of_initialize() {
    let text = format!(r#"(module {MEMORY} {RUN} (func (export "_initialize") (param i32)))"#);
    assert_refused(&text, r#"exports "_initialize" as (i32) -> (), but it has to be () -> ()"#);
}

#[test]
fn wrong_signature_of_flower_initialize() {
    let text = format!(r#"(module {MEMORY} {RUN} (func (export "flower_initialize") (param i32 f64)))"#);
    assert_refused(&text, r#"exports "flower_initialize" as (i32, f64) -> (), but it has to be () -> ()"#);
}

#[test]
fn wrong_type_of_the_inbox() {
    let text = format!(r#"(module {MEMORY} {RUN} (global (export "flower_inbox") i64 (i64.const 0)))"#);
    assert_refused(&text, r#"exports "flower_inbox" as an i64 global, but it has to be an i32 global"#);
}

#[test]
fn newer_abi_version() {
    let text = format!(r#"(module (@custom "flower.abi" "\02\00\00\00") {MEMORY} {RUN})"#);
    assert_refused(&text, "needs ABI version 2, and this host speaks version 1");
}

#[test]
fn newer_abi_version_is_named_before_its_unknown_calls() {
    let import = r#"(import "flower" "teleport" (func))"#;
    let text = format!(r#"(module {import} {MEMORY} {RUN} (@custom "flower.abi" "\07\00\00\00"))"#);
    assert_refused(&text, "needs ABI version 7");
}

#[test]
fn greatest_of_several_abi_versions_counts() {
    let numbers = r"\01\00\00\00\09\00\00\00\01\00\00\00";
    let text = format!(r#"(module (@custom "flower.abi" "{numbers}") {MEMORY} {RUN})"#);
    assert_refused(&text, "needs ABI version 9");
}

#[test]
fn this_abi_version_is_accepted() {
    let text = format!(r#"(module (@custom "flower.abi" "\01\00\00\00") {MEMORY} {RUN})"#);
    inspect(&text).expect("the host speaks version 1");
}

#[test]
fn unreadable_abi_version() {
    let text = format!(r#"(module (@custom "flower.abi" "\01\00") {MEMORY} {RUN})"#);
    assert_refused(&text, "has 2 bytes, but it has to hold numbers of 4 bytes each");
}

#[test]
fn invalid_text() {
    assert_refused("(module\n  (func (i32.cons 1)))", "the WebAssembly text is not valid: ");
}

#[test]
fn text_that_is_not_utf8() {
    let folder = TestFolder::new();
    fs::write(folder.join("m.wat"), b"(module \xff)").expect("the folder can be written to");
    let error = Source::from_file(&folder.join("m.wat")).expect_err("it is not UTF-8");
    assert!(error.to_string().contains("the WebAssembly text is not valid: invalid utf-8"), "{error}");
}

#[test]
fn file_that_is_not_there() {
    let folder = TestFolder::new();
    let error = Source::from_file(&folder.join("none.wasm")).expect_err("there is no such file");
    assert!(error.to_string().contains("none.wasm: No such file"), "{error}");
}

#[test]
fn folder_instead_of_a_file() {
    let folder = TestFolder::new();
    let error = Source::from_file(folder.path()).expect_err("it is a folder");
    assert!(matches!(error, LoadError::Io { .. }), "{error}");
}

#[test]
fn file_that_is_too_large() {
    let folder = TestFolder::new();
    let path = folder.join("large.wasm");
    let file = File::create(&path).expect("the folder can be written to");
    file.set_len(validate::MODULE_BYTES_MAX + 5).expect("a file with a hole takes no room");
    let error = Source::from_file(&path).expect_err("it is too large").to_string();
    assert!(error.contains("bytes is 67108865, over the limit of 67108864"), "{error}");
}

#[test]
fn endless_file() {
    let error = Source::from_file(Path::new("/dev/zero")).expect_err("it has no end").to_string();
    assert!(error.contains("over the limit of 67108864"), "{error}");
}

#[test]
fn module_that_the_engine_cannot_compile() {
    let without_simd = engine_with(|config| {
        config.wasm_simd(false);
    });
    let text = format!(r#"(module {MEMORY} (func (export "_start") (drop (v128.const i64x2 0 0))))"#);
    let error = Module::from_wat(&without_simd, "m", &text, None).expect_err("it has no SIMD").to_string();
    assert!(error.contains("the engine cannot compile the module"), "{error}");
    assert!(!error.contains('\n'), "more than one line: {error}");
}

#[test]
fn compiler_that_panics_ends_the_load_only() {
    let panicking = || -> wasmtime::Result<()> { panic!("a bug, for a test") };
    let error = super::super::contain(panicking).expect_err("it panicked").to_string();
    assert_eq!(error, "the engine cannot compile the module: it panicked: a bug, for a test");
}

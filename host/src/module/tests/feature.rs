//! Accepted features compile, refused ones are named; and the engine agrees with the validator.

use super::*;

/// Wraps fields into a module that is fine but for them.
fn with(fields: &str) -> String {
    format!(r#"(module {fields} (memory (export "memory") 1) (func (export "_start")))"#)
}

#[track_caller]
fn assert_accepted(fields: &str) {
    Module::from_wat(&engine(), "m", &with(fields), None).expect("the feature is accepted");
}

#[track_caller]
fn assert_refused(text: &str, feature: &str) {
    let refusal = refusal(text);
    let message = format!("the module uses {feature}, which the host does not accept");
    assert!(refusal.contains(&message), "expected {message:?} in: {refusal}");
    wasmtime::Module::from_binary(&engine(), &binary(text)).expect_err("the engine refuses it too");
}

#[test]
fn simd_is_accepted() {
    assert_accepted("(func (drop (i8x16.add (v128.const i64x2 0 0) (v128.const i64x2 0 0))))");
}

#[test]
fn bulk_memory_is_accepted() {
    assert_accepted("(func (memory.fill (i32.const 0) (i32.const 0) (i32.const 0)))");
}

#[test]
fn reference_types_are_accepted() {
    assert_accepted("(table 1 externref) (func (table.set (i32.const 0) (ref.null extern)))");
}

#[test]
fn multi_value_is_accepted() {
    assert_accepted("(func (result i32 i32) (i32.const 1) (i32.const 2))");
}

#[test]
fn tail_calls_are_accepted() {
    assert_accepted("(func $loop (return_call $loop))");
}

#[test]
fn exceptions_are_accepted() {
    assert_accepted("(tag $t) (func (block $out (try_table (catch $t $out) (throw $t))))");
}

#[test]
fn exception_references_are_accepted() {
    assert_accepted(
        "(func (drop (block $out (result exnref) (try_table (catch_all_ref $out)) (ref.null exn))))",
    );
}

#[test]
fn sign_extension_is_accepted() {
    assert_accepted("(func (drop (i32.extend8_s (i32.const 0))))");
}

#[test]
fn saturating_conversions_are_accepted() {
    assert_accepted("(func (drop (i32.trunc_sat_f32_s (f32.const 0))))");
}

#[test]
fn extended_constants_are_accepted() {
    assert_accepted("(global i32 (i32.add (i32.const 1) (i32.const 2)))");
}

#[test]
fn mutable_exported_globals_are_accepted() {
    assert_accepted(r#"(global (export "g") (mut i32) (i32.const 0))"#);
}

#[test]
fn shared_memory_is_refused() {
    let text = r#"(module (memory (export "memory") 1 1 shared) (func (export "_start")))"#;
    assert_refused(text, "threads or shared memory");
}

#[test]
fn imported_shared_memory_is_refused() {
    assert_refused(r#"(module (import "env" "memory" (memory 1 1 shared)))"#, "threads or shared memory");
}

#[test]
fn atomics_are_refused() {
    assert_refused(&with("(func (drop (i32.atomic.load (i32.const 0))))"), "threads or shared memory");
}

#[test]
fn memory64_is_refused() {
    let text = r#"(module (memory (export "memory") i64 1) (func (export "_start")))"#;
    assert_refused(text, "64-bit memory or tables (memory64)");
}

#[test]
fn table64_is_refused() {
    assert_refused(&with("(table i64 1 funcref)"), "64-bit memory or tables (memory64)");
}

#[test]
fn second_memory_is_refused() {
    assert_refused(&with("(memory 1)"), "more than one memory");
}

#[test]
fn custom_page_size_is_refused() {
    let text = r#"(module (memory (export "memory") 1 (pagesize 1)) (func (export "_start")))"#;
    assert_refused(text, "custom page sizes");
}

#[test]
fn typed_function_references_are_refused() {
    assert_refused(&with("(type $t (func)) (func (param (ref $t)))"), "typed function references");
}

#[test]
fn gc_types_are_refused() {
    assert_refused(&with("(type (struct))"), "garbage-collected types (GC)");
}

#[test]
fn gc_instructions_are_refused() {
    assert_refused(&with("(func (drop (ref.i31 (i32.const 0))))"), "garbage-collected types (GC)");
}

#[test]
fn legacy_exceptions_are_refused() {
    assert_refused(
        &with("(func try nop catch_all nop end)"),
        "legacy exceptions (the standard ones, with try_table, are accepted)",
    );
}

#[test]
fn stack_switching_is_refused() {
    assert_refused(&with("(type $f (func)) (type $c (cont $f))"), "stack switching");
}

#[test]
fn relaxed_simd_is_refused() {
    let swizzle = "(i8x16.relaxed_swizzle (v128.const i64x2 0 0) (v128.const i64x2 0 0))";
    assert_refused(&with(&format!("(func (drop {swizzle}))")), "relaxed SIMD");
}

#[test]
fn wide_arithmetic_is_refused() {
    let zeros = "(i64.const 0) (i64.const 0) (i64.const 0) (i64.const 0)";
    assert_refused(&with(&format!("(func (i64.add128 {zeros}) (drop) (drop))")), "wide arithmetic");
}

#[test]
fn shared_everything_threads_are_refused() {
    assert_refused(&with("(global (shared i32) (i32.const 0))"), "shared-everything threads");
}

#[test]
fn engine_accepts_just_these_features() {
    assert_eq!(engine().get_wasm_features(), super::super::features::features());
}

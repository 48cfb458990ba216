//! One test for each limit: at it a module is accepted, over it refused.

use super::super::validate::{
    BODY_BYTES_MAX, DATA_SEGMENTS_MAX, ELEMENT_SEGMENTS_MAX, ELEMENTS_MAX, EXPORTS_MAX, FUNCTIONS_MAX,
    GLOBALS_MAX, IMPORTS_MAX, LOOP_DEPTH_MAX, LOOPS_MAX, MODULE_BYTES_MAX, NAME_BYTES_MAX,
    TABLE_ELEMENTS_MAX, TABLES_MAX, TAGS_MAX, TYPES_MAX,
};
use super::*;

/// A module with `fields`, which has one memory, one function and two exports besides.
fn with(fields: &str) -> String {
    format!(r#"(module {fields} (memory (export "memory") 1) (func (export "_start")))"#)
}

/// Asserts that `at` is accepted and `over` refused.
#[track_caller]
fn assert_limit(at: &str, over: &str, what: &str, max: u64) {
    inspect(&with(at)).expect("this is just at the limit");
    let refusal = refusal(&with(over));
    let message = format!("{what} is {}, over the limit of {max}", max + 1);
    assert!(refusal.contains(&message), "expected {message:?} in: {refusal}");
}

/// Asserts a limit on how often a field may occur, `besides` of them being in the module anyway.
#[track_caller]
fn assert_count_limit(field: &str, besides: u64, what: &str, max: u64) {
    let at = field.repeat((max - besides) as usize);
    assert_limit(&at, &format!("{at} {field}"), what, max);
}

#[test]
fn functions() {
    assert_count_limit("(func)", 1, "the number of functions", FUNCTIONS_MAX);
}

#[test]
fn body_size() {
    // A body is its locals (one byte), its instructions and their end.
    let at = "nop ".repeat(BODY_BYTES_MAX as usize - 2);
    let function = |body: &str| format!("(func {body})");
    assert_limit(&function(&at), &function(&format!("{at} nop")), "the size of function 0", BODY_BYTES_MAX);
}

#[test]
fn loops() {
    let function = |count: u64| format!("(func {})", "loop end ".repeat(count as usize));
    let at = function(LOOPS_MAX);
    assert_limit(&at, &function(LOOPS_MAX + 1), "the number of loops in function 0", LOOPS_MAX);
}

#[test]
fn depth_of_loops() {
    let function = |depth: u64| {
        let (open, close) = ("loop block ".repeat(depth as usize), "end end ".repeat(depth as usize));
        // What is closed before counts no more.
        format!("(func loop loop end end {open} {close})")
    };
    let over = function(LOOP_DEPTH_MAX + 1);
    assert_limit(&function(LOOP_DEPTH_MAX), &over, "the depth of loops in function 0", LOOP_DEPTH_MAX);
}

#[test]
fn types() {
    // The function of the module adds one.
    assert_count_limit("(type (func (param i64)))", 1, "the number of types", TYPES_MAX);
}

#[test]
fn imports() {
    let import = r#"(import "flower" "now" (func (result i64)))"#;
    assert_count_limit(import, 0, "the number of imports", IMPORTS_MAX);
}

#[test]
fn exports() {
    let exports = |count: u64| -> String {
        (0..count).map(|index| format!(r#"(export "{index}" (memory 0))"#)).collect()
    };
    let at = EXPORTS_MAX - 2;
    assert_limit(&exports(at), &exports(at + 1), "the number of exports", EXPORTS_MAX);
}

#[test]
fn globals() {
    assert_count_limit("(global i32 (i32.const 0))", 0, "the number of globals", GLOBALS_MAX);
}

#[test]
fn tables() {
    assert_count_limit("(table 1 funcref)", 0, "the number of tables", TABLES_MAX);
}

#[test]
fn table_elements() {
    let tables = |rest: u64| format!("(table 10 funcref) (table {rest} funcref)");
    let at = TABLE_ELEMENTS_MAX - 10;
    assert_limit(&tables(at), &tables(at + 1), "the size of the tables", TABLE_ELEMENTS_MAX);
}

#[test]
fn element_segments() {
    assert_count_limit("(elem func)", 0, "the number of element segments", ELEMENT_SEGMENTS_MAX);
}

#[test]
fn elements() {
    let segments = |rest: u64| format!("(elem func 0 0 0) (elem func{})", " 0".repeat(rest as usize));
    let at = ELEMENTS_MAX - 3;
    assert_limit(&segments(at), &segments(at + 1), "the number of elements", ELEMENTS_MAX);
}

#[test]
fn data_segments() {
    assert_count_limit(r#"(data "x")"#, 0, "the number of data segments", DATA_SEGMENTS_MAX);
}

#[test]
fn tags() {
    assert_count_limit("(tag)", 0, "the number of tags", TAGS_MAX);
}

#[test]
fn export_names() {
    let export = |len: u64| format!(r#"(export "{}" (memory 0))"#, "n".repeat(len as usize));
    let max = NAME_BYTES_MAX;
    assert_limit(&export(max), &export(max + 1), "the name of an export", max);
}

#[test]
fn import_names() {
    let name = "n".repeat(NAME_BYTES_MAX as usize + 1);
    let refusal = refusal(&with(&format!(r#"(import "flower" "{name}" (func))"#)));
    assert!(refusal.contains("the name of an import is 1025, over the limit of 1024"), "{refusal}");
}

#[test]
fn module_bytes() {
    let error = Source::from_bytes(vec![0; MODULE_BYTES_MAX as usize + 1]).expect_err("one too many");
    assert!(error.to_string().contains("bytes is 67108865, over the limit of 67108864"), "{error}");
}

#[test]
fn count_without_items_is_refused_before_anything_is_allocated() {
    // A type section that claims 2^32 - 1 types and holds none.
    let module = b"\0asm\x01\0\0\0\x01\x05\xff\xff\xff\xff\x0f";
    let error = validate::inspect(module).expect_err("it claims too much").to_string();
    assert!(error.contains("the number of types is 4294967295"), "{error}");
}

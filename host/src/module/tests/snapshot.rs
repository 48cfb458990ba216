//! The module's half of what stands in the way of a snapshot.

use super::*;

/// The obstacle in a module that has none but for these fields.
fn obstacle(fields: &str) -> Option<String> {
    let text = format!(r#"(module {fields} (memory (export "memory") 1) (func (export "_start")))"#);
    inspect(&text).expect("the module is valid").snapshot_obstacle
}

#[test]
fn nothing_in_the_way() {
    let globals = r#"(global (export "g") (mut i64) (i64.const 0)) (global i32 (i32.const 1))"#;
    let table = "(table 1 funcref) (elem (i32.const 0) func 0)";
    assert_eq!(obstacle(&format!("{globals} {table}")), None);
}

#[test]
fn hidden_global() {
    let found = obstacle("(global i32 (i32.const 0)) (global (mut i32) (i32.const 0))");
    assert_eq!(found.as_deref(), Some("global 1 is mutable and not exported"));
}

#[test]
fn hidden_globals() {
    let found = obstacle("(global (mut i32) (i32.const 0)) (global (mut f32) (f32.const 0))");
    assert_eq!(found.as_deref(), Some("2 globals are mutable and not exported (the first is 0)"));
}

#[test]
fn reference_in_a_global() {
    let found = obstacle(r#"(global (export "g") (mut externref) (ref.null extern))"#);
    assert_eq!(found.as_deref(), Some("global 0 is mutable and a reference"));
}

#[test]
fn table_of_foreign_references() {
    let found = obstacle("(table 1 funcref) (table 1 externref)");
    assert_eq!(found.as_deref(), Some("table 1 holds externref"));
}

#[test]
fn code_that_changes_a_table() {
    let operations = [
        "(table.set $t (i32.const 0) (ref.null func))",
        "(drop (table.grow $t (ref.null func) (i32.const 1)))",
        "(table.fill $t (i32.const 0) (ref.null func) (i32.const 1))",
        "(table.copy $t $t (i32.const 0) (i32.const 0) (i32.const 1))",
        "(table.init $t $e (i32.const 0) (i32.const 0) (i32.const 1))",
    ];
    for operation in operations {
        let found = obstacle(&format!("(table $t 1 funcref) (elem $e func 0) (func {operation})"));
        assert_eq!(found.as_deref(), Some("its code changes a table"), "{operation}");
    }
}

#[test]
fn code_that_drops_segments() {
    for (segment, operation) in
        [(r#"(data $s "x")"#, "(data.drop $s)"), ("(elem $s func 0)", "(elem.drop $s)")]
    {
        let found = obstacle(&format!("{segment} (func {operation})"));
        assert_eq!(found.as_deref(), Some("its code drops data or element segments"));
    }
}

#[test]
fn start_section() {
    let found = obstacle("(func $f) (start $f)");
    assert_eq!(found.as_deref(), Some("its start section would run again"));
}

#[test]
fn everything_in_the_way_is_listed() {
    let found = obstacle("(global (mut i32) (i32.const 0)) (func $f) (start $f)");
    let expected = "global 0 is mutable and not exported; its start section would run again";
    assert_eq!(found.as_deref(), Some(expected));
}

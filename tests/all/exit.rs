//! Ends: P9, P11, A12; values, codes, panics, traps, limits, kills, stops and exit signals.

use crate::support::{Guest, Mode, guest_tests};

guest_tests! {
    exit_code,
    exit_kill,
    exit_memory,
    exit_out_of_time,
    exit_panic,
    exit_signal,
    exit_stack,
    exit_stop,
    exit_trap,
    exit_trap_stop,
    exit_values,
}

/// The reason of the main actor, in words, when its code is this.
#[track_caller]
fn expect_reason(code: &str, parts: &[&str]) {
    let text = format!(r#"(module (memory (export "memory") 1) (func $f (export "_start") {code}))"#);
    for mode in [Mode::Deterministic, Mode::Threads] {
        let reason = Guest::wat("ending", &text).run(mode).reason().to_string();
        assert!(parts.iter().all(|part| reason.contains(part)), "{parts:?} are not in {reason:?}");
    }
}

#[test]
fn every_trap_says_what_happened() {
    expect_reason("unreachable", &["trap: ", "unreachable"]);
    expect_reason("(drop (i32.load (i32.const -4)))", &["trap: ", "out of bounds memory"]);
    expect_reason("(drop (i32.div_u (i32.const 1) (i32.const 0)))", &["trap: ", "divide by zero"]);
    expect_reason("(drop (i32.div_s (i32.const 0x80000000) (i32.const -1)))", &["trap: ", "overflow"]);
    expect_reason("(drop (i32.trunc_f32_s (f32.const nan)))", &["trap: ", "integer"]);
    expect_reason("(call $f) (call $f)", &["limit: ", "stack"]);
}

#[test]
fn a_normal_end_has_no_more_to_say() {
    expect_reason("", &["normal"]);
}

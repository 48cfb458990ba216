//! Every kind of crash, in both styles, on threads and in virtual time; and the ends that are none.

use std::time::Duration;

use flower_host::{CrashReport, HostBuilder, Limits, Spawn};

use super::{Reports, crashing, everywhere, report_of, reports_of};
use crate::wat::{self, load, module, spawn, threads};

/// Expects a report of this kind and code, whose message holds this, from an actor that does `code`.
#[track_caller]
fn expect(code: &str, kind: (&str, Option<&str>), message: &str) {
    everywhere(|builder, entry| {
        let report = report_of(builder(), &crashing(code), entry);
        expect_reason(&report, kind, message);
        let style = if entry == "run" { "process" } else { "handler" };
        assert_eq!(report.style, style);
        let functions: Vec<&str> = report.backtrace.iter().map(|frame| &*frame.function).collect();
        assert_eq!(functions, ["inner", "outer", style]);
    });
}

#[track_caller]
fn expect_reason(report: &CrashReport, (kind, code): (&str, Option<&str>), message: &str) {
    let reason = &report.reason;
    assert_eq!((&*reason.kind, reason.code.as_deref()), (kind, code), "{reason}");
    assert!(reason.message.contains(message), "{message:?} is not in {reason}");
}

#[test]
fn a_trap() {
    expect("unreachable", ("trap", Some("unreachable")), "unreachable");
    let load = "(drop (i32.load (i32.const -4)))";
    expect(load, ("trap", Some("memory_out_of_bounds")), "out of bounds");
    let division = "(drop (i32.div_u (i32.const 1) (i32.const 0)))";
    expect(division, ("trap", Some("division_by_zero")), "divide by zero");
}

#[test]
fn a_bad_pointer() {
    let call = "(drop (call $self_pid (i32.const -4)))";
    expect(call, ("trap", Some("bad_pointer")), "`self_pid`");
}

#[test]
fn a_panic() {
    let panic = r#"(i64.store (i32.const 0) (i64.const 0x7a69_732e_7372_2e61))
        (drop (call $panic_note (i32.const 4) (i32.const 4) (i32.const 0) (i32.const 4))) unreachable"#;
    everywhere(|builder, entry| {
        let report = report_of(builder(), &crashing(panic), entry);
        expect_reason(&report, ("panic", None), ".siz");
        assert_eq!(report.reason.location.as_deref(), Some("a.rs"));
        assert_eq!(report.reason.to_string(), "panic at a.rs: .siz");
    });
}

#[test]
fn an_error() {
    let exit = r#"(i32.store (i32.const 0) (i32.const 0x1b_6f_6f_66))
        (drop (call $exit (i32.const 2) (i32.const 0) (i32.const 0) (i32.const 4)))"#;
    expect(exit, ("error", None), r"foo\u{1b}");
}

#[test]
fn out_of_memory() {
    let grow = "(drop (memory.grow (i32.const 60000))) unreachable";
    expect(grow, ("limit", Some("memory")), "no more memory");
}

#[test]
fn out_of_stack() {
    everywhere(|builder, entry| {
        let report = report_of(builder(), &crashing("(call $inner) (call $inner)"), entry);
        expect_reason(&report, ("limit", Some("stack")), "stack");
        assert_eq!(report.backtrace.len(), 32, "and no more");
        assert!(report.backtrace.iter().all(|frame| frame.function == "inner"));
    });
}

#[test]
fn out_of_time() {
    let limited = |builder: HostBuilder| {
        let mut limits = Limits::default();
        limits.run_time_max = Some(Duration::from_millis(20));
        limits.handler_time_max = Some(Duration::from_millis(20));
        builder.limits(limits)
    };
    everywhere(|builder, entry| {
        let report = report_of(limited(builder()), &crashing("(loop (br 0))"), entry);
        expect_reason(&report, ("out_of_time", None), "longer");
        assert!(report.lived_us >= 19_000, "{}", report.lived_us);
    });
    let report = report_of(limited(threads()), &crashing("(loop (br 0))"), "run");
    assert_eq!(report.backtrace[0].function, "inner", "it shows where it was");
}

#[test]
fn a_start_that_crashes() {
    let text = module(
        r#"(func $starts unreachable) (start $starts)
           (func (export "run")) (func (export "handle") (param i32) (result i32) (i32.const 0))"#,
    );
    everywhere(|builder, entry| {
        let report = report_of(builder(), &text, entry);
        expect_reason(&report, ("trap", Some("unreachable")), "unreachable");
        assert_eq!(report.backtrace[0].function, "starts");
    });
}

#[test]
fn an_actor_that_cannot_be_made() {
    let limits = || {
        let mut limits = Limits::default();
        limits.memory_max = 1024;
        limits
    };
    everywhere(|builder, entry| {
        let report = report_of(builder().limits(limits()), &crashing("nop"), entry);
        assert_eq!((&*report.reason.kind, report.reason.code.as_deref()), ("limit", Some("memory")));
        assert!(report.backtrace.is_empty());
    });
}

#[test]
fn what_a_handler_may_not() {
    let report = report_of(threads(), &crashing("(drop (call $yield_now))"), "handle");
    expect_reason(&report, ("trap", Some("parked_in_handler")), "`yield_now`");
    let returns = module(r#"(func (export "handle") (param i32) (result i32) (i32.const 7))"#);
    let report = report_of(threads(), &returns, "handle");
    expect_reason(&report, ("trap", Some("protocol")), "returned 7");
}

#[test]
fn an_end_that_is_no_crash_leaves_none() {
    let exit =
        |tag: u32| format!("(drop (call $exit (i32.const {tag}) (i32.const 0) (i32.const 0) (i32.const 0)))");
    for code in [exit(0), exit(1), "(drop (call $kill (i32.const 0)))".to_owned()] {
        let code = format!("(drop (call $self_pid (i32.const 0))) {code}");
        everywhere(|builder, entry| {
            let reports = reports_of(builder(), &crashing(&code), |module| Spawn::entry(module, entry));
            assert_eq!(reports, [], "{code}");
        });
    }
}

#[test]
fn those_that_end_with_one_that_crashed_leave_none() {
    let text = module(
        r#"(func (export "crashes")
            (drop (call $receive (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 512) (i64.const -1)))
            unreachable)
        (func (export "links")
            (drop (call $start_args (i32.const 0) (i32.const 32) (i32.const 256)))
            (drop (call $link (i32.const 0)))
            (drop (call $send (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))
            (drop (call $sleep (i64.const -1))))"#,
    );
    let reports = Reports::default();
    wat::run(async {
        let host = reports.of(threads());
        let module = load(&host, &text);
        let crashes = spawn(&host, &module, "crashes");
        let args = crashes.pid().to_bytes();
        let linked = Spawn::entry(&module, "links").args(flower_host::Codec::RAW, args);
        let linked = host.spawn(linked).expect("the entry is there");
        assert_eq!(crashes.join().await, linked.join().await);
        host.shutdown(Duration::from_secs(5)).await;
    });
    let reports = reports.take();
    assert_eq!(reports.len(), 1, "{reports:#?}");
    assert_eq!((&*reports[0].pid, &*reports[0].links.first), ("<0.1>", &["<0.2>".to_owned()][..]));
}

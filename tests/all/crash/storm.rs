//! Thousands of crashes at once: few are shown, some leave a report, all are counted.

use std::time::Duration;

use flower_host::Spawn;

use super::Reports;
use crate::support::Program;
use crate::wat::{self, assert_alive, deterministic, load, module, threads};

/// Spawns so many actors that trap.
fn storm(count: u32) -> String {
    module(&format!(
        r#"(data (i32.const 0) "\01") (data (i32.const 16) "\00\10\00\00\07\00\00\00") (data (i32.const 0x1000) "crashes")
        (func (export "crashes") unreachable)
        (func (export "_start")
            (local $left i32)
            (local.set $left (i32.const {count}))
            (loop $more
                (if (call $spawn (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 300) (i32.const 0)) (then unreachable))
                (drop (call $yield_now))
                (local.set $left (i32.sub (local.get $left) (i32.const 1)))
                (br_if $more (local.get $left))))"#
    ))
}

#[test]
fn the_rest_is_counted_in_one_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("storm.wat");
    std::fs::write(&file, storm(1000)).expect("a file");
    let ran = Program::run(&["--deterministic", "--wait"], &file, &[]).expect_code(0);
    assert_eq!(ran.stderr.matches(" ended: trap").count(), 6, "{}", ran.stderr);
    ran.expect_in_stderr(&["\nERROR 995 more crashes like this: actor storm:crashes <0.2> ended: trap: "]);
    assert!(ran.stderr.lines().count() < 50, "{}", ran.stderr);
    let ran = Program::run(&["--wait"], &file, &[]).expect_code(0);
    ran.expect_in_stderr(&["more crashes like this: "]);
    assert!(ran.stderr.len() < 50_000, "{}", ran.stderr);
}

#[test]
fn few_leave_a_report_and_the_host_goes_on() {
    for builder in [threads(), deterministic(1)] {
        let reports = Reports::default();
        let accounts = wat::run(async {
            let host = reports.of(builder);
            let module = load(&host, &storm(5000));
            host.spawn(Spawn::program(&module)).expect("it is there").join().await;
            host.quiescent().await;
            assert_alive(&host).await;
            let accounts = host.accounts();
            host.shutdown(Duration::from_secs(5)).await;
            accounts
        });
        let reports = reports.take();
        assert_eq!(accounts.crashed, 5000);
        assert!((1..1000).contains(&reports.len()), "{}", reports.len());
        assert_eq!(reports[0].unreported_before, 0);
    }
}

#[test]
fn in_virtual_time_it_is_known_how_many() {
    let reports = Reports::default();
    wat::run(async {
        let host = reports.of(deterministic(1));
        let module = load(&host, &storm(500));
        host.spawn(Spawn::program(&module)).expect("it is there").join().await;
        host.shutdown(Duration::from_secs(5)).await;
    });
    assert_eq!(reports.take().len(), 20);
}

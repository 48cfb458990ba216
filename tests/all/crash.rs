//! Crash reports: what is in them for every kind of crash, where they go, and what becomes of storms.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use flower_host::{CrashReport, Host, HostBuilder, Module, Spawn};

use crate::support::guest_tests;
use crate::wat::{self, deterministic, load, module, threads};

mod content;
mod file;
mod kind;
mod line;
mod program;
mod storm;

guest_tests! {
    crash_family,
}

/// The reports of a host, in the order in which they were made.
#[derive(Clone, Default)]
struct Reports(Arc<Mutex<Vec<CrashReport>>>);

impl Reports {
    /// Has a host keep its reports here.
    fn of(&self, builder: HostBuilder) -> Host {
        let kept = self.0.clone();
        builder
            .on_crash(move |report| kept.lock().expect("nobody panics with it").push(report.clone()))
            .build()
            .expect("a host")
    }

    /// All of them; those of a host that has ended are complete.
    fn take(&self) -> Vec<CrashReport> {
        std::mem::take(&mut self.0.lock().expect("nobody panics with it"))
    }
}

/// A module in which `run` is a process and `handle` a handler, which both do `code` in `$inner`.
fn crashing(code: &str) -> String {
    module(&format!(
        r#"(func $inner {code})
           (func $outer (call $inner))
           (func $process (export "run") (call $outer))
           (func $handler (export "handle") (param i32) (result i32) (call $outer) (i32.const 0))"#
    ))
}

/// Spawns one actor on a host of its own, waits for its end, and returns the reports.
fn reports_of(builder: HostBuilder, text: &str, spawn: impl FnOnce(&Module) -> Spawn) -> Vec<CrashReport> {
    let reports = Reports::default();
    wat::run(async {
        let host = reports.of(builder);
        let actor = host.spawn(spawn(&load(&host, text))).expect("the entry is there");
        actor.join().await;
        host.shutdown(Duration::from_secs(5)).await;
    });
    reports.take()
}

/// The one report of an actor that enters by this export.
#[track_caller]
fn report_of(builder: HostBuilder, text: &str, entry: &str) -> CrashReport {
    let mut reports = reports_of(builder, text, |module| Spawn::entry(module, entry));
    assert_eq!(reports.len(), 1, "{reports:#?}");
    reports.remove(0)
}

/// Both kinds of hosts, each with the two styles.
fn everywhere(mut check: impl FnMut(fn() -> HostBuilder, &str)) {
    let virtual_time = || deterministic(1);
    for entry in ["run", "handle"] {
        check(threads, entry);
        check(virtual_time, entry);
    }
}

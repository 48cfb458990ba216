//! The guests of `cargo xtask bench peers`, each workload at a small size under the program.

use std::path::Path;

use crate::support::{Program, guest_file, repository};

/// Workloads of every style, with the figures that they report.
const ACTORS: &[(&str, &[&str])] = &[
    ("spawn 50", &["mark base", "secs", "mark full"]),
    ("ring 50 2", &["secs", "warm"]),
    ("pingpong 16 20", &["secs"]),
    ("pingpong 65536 3", &["secs"]),
    ("pairs 3 20", &["secs"]),
    ("fan 5 100", &["secs"]),
    ("churn 50 8", &["secs"]),
    ("call 20", &["secs"]),
    ("neighbour 2 3 1000", &["p50", "p99", "max"]),
    ("slice 2 20", &["p50", "p99", "max"]),
];

/// Those that handlers have no form of.
const PROCESSES: &[(&str, &[&str])] = &[
    ("selective 100 20", &["secs"]),
    ("timers 100", &["mark base", "secs", "mark full"]),
    ("drift 1000 3", &["p50", "p99", "max"]),
];

/// Those on channels.
const CHANNELS: &[(&str, &[&str])] = &[
    ("rendezvous 20", &["secs"]),
    ("stream 1024 3000", &["secs"]),
    ("stream 0 20", &["secs"]),
    ("local 1024 3000", &["secs"]),
    ("handover 20", &["secs"]),
    ("select 20", &["secs"]),
    ("daisy 50", &["secs", "warm"]),
    ("daisy_tasks 50", &["secs", "warm"]),
];

const LEAN: &[(&str, &[&str])] = &[
    ("spawn 50", &["mark base", "secs", "mark full"]),
    ("spawn-handler 50", &["mark base", "secs", "mark full"]),
    ("ring 50 2", &["secs", "warm"]),
    ("ring-handler 50 2", &["secs", "warm"]),
    ("daisy 50", &["secs", "warm"]),
];

/// Runs the workloads, and fails unless each reports its figures in order and ends well.
#[track_caller]
fn reports(guest: &Path, flags: &[&str], workloads: &[(&str, &[&str])]) {
    for (workload, figures) in workloads {
        let args: Vec<&str> = workload.split(' ').collect();
        let flags = [&["--workers", "2", "--stop-deadline-ms", "1"], flags].concat();
        let ran = Program::run(&flags, guest, &args).expect_code(0);
        let lines: Vec<&str> = ran.stdout.lines().collect();
        assert_eq!(lines.len(), figures.len(), "{workload}: {}", ran.stdout);
        for (line, figure) in lines.iter().zip(*figures) {
            assert!(line.starts_with(figure), "{workload}: {line:?} instead of {figure}");
            let number = line.rsplit(' ').next().map(str::parse::<f64>);
            assert!(figure.starts_with("mark") || matches!(number, Some(Ok(0.0..))), "{workload}: {line:?}");
        }
    }
}

#[test]
fn processes() {
    reports(&guest_file("peer_process"), &[], ACTORS);
    reports(&guest_file("peer_process"), &[], PROCESSES);
}

#[test]
fn channels() {
    reports(&guest_file("peer_process"), &[], CHANNELS);
}

#[test]
fn handlers() {
    reports(&guest_file("peer_handler"), &[], ACTORS);
}

#[test]
fn json() {
    reports(&guest_file("peer_json"), &[], ACTORS);
    reports(&guest_file("peer_json"), &[], PROCESSES);
}

#[test]
fn lean() {
    let module = format!("lean={}", repository().join("benches/guests/lean.wat").display());
    reports(&guest_file("peer_lean"), &["--module", &module], LEAN);
}

#[test]
fn an_unknown_workload_is_an_error() {
    let ran = Program::run(&[], &guest_file("peer_process"), &["tea"]).expect_code(134);
    ran.expect_in_stderr(&["there is no workload tea"]);
}

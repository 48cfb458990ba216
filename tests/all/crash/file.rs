//! The folder with a file per crash.

use std::fs;
use std::path::Path;
use std::time::Duration;

use flower_host::{BuildError, CrashReport, HostBuilder, Spawn};
use tempfile::TempDir;
use wasmparser::{Parser, Payload, Validator};

use super::{Reports, crashing, everywhere};
use crate::wat::{self, assert_alive, load, module, threads};

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder for a test")
}

/// Crashes so many actors one after the other.
fn crash(builder: HostBuilder, text: &str, entry: &str, count: usize) {
    wat::run(async {
        let host = builder.build().expect("a host");
        let module = load(&host, text);
        for _ in 0..count {
            host.spawn(Spawn::entry(&module, entry)).expect("it is there").join().await;
        }
        host.shutdown(Duration::from_secs(5)).await;
    });
}

/// The names in a folder, sorted.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("it is there");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("it is listed").file_name().into_string().expect("text")).collect();
    names.sort();
    names
}

fn reports(folder: &Path) -> Vec<CrashReport> {
    let json = names(folder).into_iter().filter(|name| name.ends_with(".json"));
    json.map(|name| serde_json::from_slice(&fs::read(folder.join(name)).expect("a file")).expect("a report"))
        .collect()
}

#[test]
fn a_crash_leaves_a_file() {
    everywhere(|mode, entry| {
        let folder = folder();
        let inner = folder.path().join("made/if need be");
        crash(mode().crash_dir(&inner), &crashing("unreachable"), entry, 1);
        let reports = reports(&inner);
        assert_eq!(reports.len(), 1);
        assert_eq!((&*reports[0].pid, &*reports[0].reason.kind), ("<0.1>", "trap"));
        assert_eq!((&reports[0].coredump, &reports[0].coredump_missing), (&None, &None));
        let names = names(&inner);
        assert!(names[0].starts_with("crash-") && names[0].ends_with("-1.json"), "{names:?}");
    });
}

#[test]
fn the_file_and_the_embedder_get_the_same() {
    let (folder, kept) = (folder(), Reports::default());
    wat::run(async {
        let host = kept.of(threads().crash_dir(folder.path()));
        let module = load(&host, &crashing("unreachable"));
        host.spawn(Spawn::entry(&module, "run")).expect("it is there").join().await;
        host.shutdown(Duration::from_secs(5)).await;
    });
    assert_eq!(reports(folder.path()), kept.take());
}

#[test]
fn the_newest_are_kept() {
    let folder = folder();
    let dumps = threads().crash_dir(folder.path()).crash_keep(3).crash_coredumps(true);
    crash(dumps, &crashing("unreachable"), "run", 8);
    let pids: Vec<String> = reports(folder.path()).into_iter().map(|report| report.pid).collect();
    assert_eq!(pids, ["<0.6>", "<0.7>", "<0.8>"]);
    let names = names(folder.path());
    assert!(names.iter().all(|name| name.ends_with(".json") || name.ends_with(".coredump")), "{names:?}");
    assert!(names.len() <= 6, "{names:?}");
}

#[test]
fn files_of_others_stay() {
    let folder = folder();
    fs::write(folder.path().join("notes.json"), "mine").expect("a file");
    crash(threads().crash_dir(folder.path()).crash_keep(1), &crashing("unreachable"), "run", 3);
    let names = names(folder.path());
    assert_eq!(names.len(), 2, "{names:?}");
    assert_eq!(names[1], "notes.json");
}

#[test]
fn a_folder_that_cannot_be_is_refused_at_the_start() {
    let folder = folder();
    let file = folder.path().join("file");
    fs::write(&file, "").expect("a file");
    for path in [file.clone(), file.join("below"), "/proc/flower-crashes".into()] {
        let refused = threads().crash_dir(&path).build().err().expect("it cannot be used");
        assert!(matches!(&refused, BuildError::CrashFolder { .. }), "{refused}");
        assert!(refused.to_string().contains(&path.display().to_string()), "{refused}");
    }
}

#[test]
fn a_folder_that_goes_costs_the_file_and_nothing_else() {
    let (folder, kept) = (folder(), Reports::default());
    let path = folder.path().join("crashes");
    wat::run(async {
        let host = kept.of(threads().crash_dir(&path));
        fs::remove_dir_all(&path).expect("it was made");
        fs::write(&path, "in its place").expect("a file");
        let module = load(&host, &crashing("unreachable"));
        host.spawn(Spawn::entry(&module, "run")).expect("it is there").join().await;
        assert_alive(&host).await;
        host.shutdown(Duration::from_secs(5)).await;
    });
    assert_eq!(kept.take().len(), 1);
}

#[test]
fn an_embedder_that_panics_loses_its_own_report_alone() {
    let folder = folder();
    let builder = threads().crash_dir(folder.path()).on_crash(|report| assert_eq!(report.pid, "no such"));
    crash(builder, &crashing("unreachable"), "run", 2);
    assert_eq!(reports(folder.path()).len(), 2);
}

#[test]
fn a_coredump_is_wasm_with_the_memory_in_it() {
    let text = module(
        r#"(data (i32.const 100) "to be found in the dump")
        (global $counter (mut i32) (i32.const 0))
        (func $inner (i32.store (i32.const 50000) (i32.const 0x64_6e_75_66)) unreachable)
        (func (export "run") (call $inner))
        (func (export "handle") (param i32) (result i32) (call $inner) (i32.const 0))"#,
    );
    everywhere(|mode, entry| {
        let folder = folder();
        crash(mode().crash_dir(folder.path()).crash_coredumps(true), &text, entry, 1);
        let report = reports(folder.path()).remove(0);
        let name = report.coredump.expect("a dump was asked for");
        let dump = fs::read(folder.path().join(name)).expect("it stands beside the report");
        Validator::new().validate_all(&dump).expect("it is a module");
        let (memory, sections) = parts(&dump);
        assert_eq!(&memory[100..123], b"to be found in the dump");
        assert_eq!(&memory[50_000..50_004], b"fund");
        for section in ["core", "coremodules", "coreinstances", "corestack"] {
            assert!(sections.iter().any(|name| name == section), "{section} is not among {sections:?}");
        }
    });
}

/// The memory of a dump, and the names of its custom sections.
fn parts(dump: &[u8]) -> (Vec<u8>, Vec<String>) {
    let (mut memory, mut sections) = (vec![0; 1 << 16], Vec::new());
    for payload in Parser::new(0).parse_all(dump) {
        match payload.expect("it was validated") {
            Payload::CustomSection(section) => sections.push(section.name().to_owned()),
            Payload::DataSection(segments) => {
                for segment in segments {
                    let segment = segment.expect("it was validated");
                    let wasmparser::DataKind::Active { offset_expr, .. } = segment.kind else { continue };
                    let place = offset_expr.get_operators_reader().read().expect("a constant");
                    let wasmparser::Operator::I32Const { value } = place else { continue };
                    memory[value as usize..][..segment.data.len()].copy_from_slice(segment.data);
                }
            }
            _ => {}
        }
    }
    (memory, sections)
}

#[test]
fn an_actor_without_an_instance_has_no_coredump() {
    let folder = folder();
    let mut limits = flower_host::Limits::default();
    limits.memory_max = 1024;
    let builder = threads().limits(limits).crash_dir(folder.path()).crash_coredumps(true);
    crash(builder, &crashing("nop"), "run", 1);
    let report = reports(folder.path()).remove(0);
    assert_eq!(report.coredump, None);
    assert!(report.coredump_missing.is_some());
}

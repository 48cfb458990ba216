//! Crashes as a user of the program sees them.

use std::fs;
use std::path::{Path, PathBuf};

use flower_host::CrashReport;

use crate::support::{Program, Ran, guest_file};

/// Runs a guest with a folder for its reports, and returns these.
fn run(folder: &Path, flags: &[&str], guest: &str, args: &[&str]) -> (Ran, Vec<PathBuf>) {
    let folder = folder.to_str().expect("a plain path");
    let flags = [&["--crash-dir", folder][..], flags].concat();
    let ran = Program::run(&flags, &guest_file(guest), args);
    let entries = fs::read_dir(folder).expect("it was made");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("it is listed").path()).collect();
    files.retain(|file| file.extension().is_some_and(|ending| ending == "json"));
    files.sort();
    (ran, files)
}

fn read(file: &Path) -> CrashReport {
    serde_json::from_slice(&fs::read(file).expect("a file")).expect("a report")
}

#[test]
fn the_last_of_a_family_leaves_its_report() {
    for flags in [&[][..], &["--deterministic"]] {
        let folder = tempfile::tempdir().expect("a folder");
        let (ran, files) = run(folder.path(), flags, "crash_family", &[]);
        let ran = ran.expect_code(0);
        assert_eq!(files.len(), 1, "its parent has ended with it and did not crash: {files:?}");
        let report = read(&files[0]);
        assert_eq!(report.names, ["crown prince", "heir"]);
        assert_eq!(report.reason.message, "the heir got 5\nand \\u{1b}[31mred");
        let location = report.reason.location.as_deref().expect("a panic has a place");
        assert!(location.starts_with("guests/src/bin/crash_family.rs:"), "{location}");
        let ancestors: Vec<&str> = report.ancestors.iter().map(|ancestor| &*ancestor.pid).collect();
        assert_eq!(ancestors, ["<0.3>", "<0.2>", "<0.1>"]);
        assert_eq!(report.ancestors[1].label.as_deref(), Some("crash_family::grandparent"));
        assert_eq!((report.links.first, report.watchers.first), (vec!["<0.3>".into()], vec!["<0.1>".into()]));
        assert_eq!(report.monitors.first, ["<0.1>"]);
        assert_eq!((report.mailbox.len, report.mailbox.first.len(), report.messages_handled), (20, 8, 1));
        assert!(report.mailbox.first[0].body.contains("message 0"), "{:?}", report.mailbox.first[0]);
        assert!(report.backtrace.iter().any(|frame| frame.function.ends_with("crash_family::inherit")));
        expect_brief(&ran);
    }
}

/// A few lines, in which nothing of the guest's can be taken for the host's.
#[track_caller]
fn expect_brief(ran: &Ran) {
    ran.expect_in_stderr(&[
        "ERROR actor crash_family::heir <0.4> (crown prince, heir) ended: panic at guests/src/bin/crash_family.rs:",
        "the heir got 5\n        and \\u{1b}[31mred\n",
        "spawned by <0.3> crash_family::parent, of <0.2> crash_family::grandparent, of <0.1> crash_family",
        "handled 1 message, 20 queued",
        "1 link, 1 watcher",
        "\n    at crash_family::inherit\n",
    ]);
    assert!(!ran.stderr.contains('\x1b') && !ran.stderr.contains("panicking"), "{}", ran.stderr);
    assert!(ran.stderr.lines().count() <= 12, "{}", ran.stderr);
    let inner = ran.stderr.lines().skip(1);
    assert!(inner.clone().all(|line| line.starts_with("    ")), "{}", ran.stderr);
}

#[test]
fn a_report_is_shown_as_a_person_reads_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_, files) = run(folder.path(), &["--crash-coredump"], "crash_family", &[]);
    let ran = Program::new(["crash"]).arg(&files[0]).ran().expect_code(0);
    assert_eq!(ran.stderr, "");
    assert_eq!(ran.stdout, format!("{}\n", read(&files[0])));
    for part in ["(crown prince, heir)", "links: <0.3>", "queued: message from <0.1>", "coredump: crash-"] {
        assert!(ran.stdout.contains(part), "{part:?} is not in\n{}", ran.stdout);
    }
}

#[test]
fn what_is_no_report_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("some.json");
    let show = || Program::new(["crash"]).arg(&file).ran();
    show().expect_refusal(&["cannot read", "some.json", "No such file"]);
    fs::write(&file, "{}").expect("a file");
    show().expect_refusal(&["some.json: not a crash report"]);
    fs::write(&file, r#"{"version": 99}"#).expect("a file");
    show().expect_refusal(&["some.json: another version of flower-host wrote it"]);
}

#[test]
fn a_folder_that_cannot_be_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("file");
    fs::write(&file, "").expect("a file");
    let below = file.join("below");
    let ran =
        Program::run(&["--crash-dir", below.to_str().expect("a plain path")], &guest_file("hello"), &[]);
    ran.expect_refusal(&["cannot write crash reports to", "file/below", "Not a directory"]);
}

#[test]
fn flags_that_need_a_folder_say_so() {
    for flag in ["--crash-coredump", "--crash-keep=5"] {
        let ran = Program::run(&[flag], &guest_file("hello"), &[]).expect_code(2);
        ran.expect_in_stderr(&["--crash-dir"]);
    }
    let none = ["--crash-dir", "unused", "--crash-keep", "0"];
    Program::run(&none, &guest_file("hello"), &[]).expect_code(2).expect_in_stderr(&["--crash-keep"]);
}

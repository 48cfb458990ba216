//! What a report says about its actor.

use std::time::Duration;

use flower_host::{Codec, CrashReport, Spawn};

use super::{Reports, crashing, everywhere, report_of};
use crate::wat::{self, load, module};

/// Waits until 20 messages are there, and traps.
const FULL: &str = r#"(loop $more
    (br_if $more (i64.lt_u (call $mailbox_len) (i64.const 20)))) unreachable"#;

/// An actor that takes one message and has twenty left when it crashes.
fn with_messages(mode: fn() -> flower_host::HostBuilder, entry: &str) -> CrashReport {
    let text = module(&format!(
        r#"(func $full {FULL})
           (func (export "run")
               (drop (call $receive (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 512) (i64.const -1)))
               (call $full))
           (func (export "handle") (param i32) (result i32)
               (drop (call $message_info (i32.const 0)))
               (if (i32.ne (i32.load (i32.const 0)) (i32.const 6)) (then (call $full)))
               (i32.const 0))"#
    ));
    let reports = Reports::default();
    wat::run(async {
        let host = reports.of(mode());
        let actor = host.spawn(Spawn::entry(&load(&host, &text), entry)).expect("the entry is there");
        let mailbox = host.mailbox().expect("a mailbox");
        mailbox.send(actor.pid(), Codec::JSON, b"\"the first\"").expect("it waits");
        mailbox.send(actor.pid(), Codec::RAW, b"\x1b[2J\xff\xfe \x07").expect("it waits");
        mailbox.send(actor.pid(), Codec(77), &[b'x'; 5000]).expect("it waits");
        for _ in 0..18 {
            mailbox.send(actor.pid(), Codec::RAW, b"abc").expect("it waits");
        }
        actor.join().await;
        drop(mailbox);
        host.shutdown(Duration::from_secs(5)).await;
    });
    reports.take().remove(0)
}

#[test]
fn what_waits_is_shown_as_far_as_it_is_bounded_and_escaped() {
    everywhere(|mode, entry| {
        let report = with_messages(mode, entry);
        assert_eq!(report.messages_handled, 1);
        let mailbox = &report.mailbox;
        assert_eq!((mailbox.len, mailbox.bytes), (20, 8 + 5000 + 18 * 3));
        assert_eq!(mailbox.first.len(), 8);
        assert_eq!(mailbox.first[0].body, r"\u{1b}[2J\xff\xfe \u{7}");
        assert_eq!((&*mailbox.first[0].kind, &*mailbox.first[0].codec), ("message", "raw"));
        assert_eq!(mailbox.first[0].from.as_deref(), Some("<0.2>"));
        assert_eq!((mailbox.first[1].len, &*mailbox.first[1].codec), (5000, "77"));
        assert_eq!(mailbox.first[1].body, format!("{}…", "x".repeat(160)));
        if entry == "handle" {
            let last = report.last_message.expect("a handler works on something");
            assert_eq!((&*last.body, &*last.codec, last.len), ("\"the first\"", "json", 11));
        }
    });
}

#[test]
fn who_it_was_and_what_it_was_made_of() {
    let text = crashing("unreachable");
    everywhere(|mode, entry| {
        let reports = Reports::default();
        let hash = wat::run(async {
            let host = reports.of(mode());
            let module = load(&host, &text);
            let spawn = Spawn::entry(&module, entry).name("the \u{202e} name").label("la\x1bbel");
            host.spawn(spawn).expect("the entry is there").join().await;
            host.shutdown(Duration::from_secs(5)).await;
            module.hash()
        });
        let report = reports.take().remove(0);
        assert_eq!((report.version, &*report.pid), (CrashReport::VERSION, "<0.1>"));
        assert_eq!(report.names, [r"the \u{202e} name"]);
        assert_eq!(report.label, r"la\u{1b}bel");
        assert_eq!(report.module.hash, hash.to_string());
        assert!(report.module.name.starts_with("module-"), "{}", report.module.name);
        assert_eq!(report.ancestors, []);
        assert_eq!(report.memory_bytes, 1 << 16);
        assert!(report.host.starts_with("flower-host "), "{}", report.host);
        assert!(report.time_ms > 946_684_700_000 && report.lived_us < 60_000_000);
        assert_eq!((report.links.len, report.watchers.len, report.mailbox.len), (0, 0, 0));
    });
}

#[test]
fn an_unnamed_one_has_no_names() {
    everywhere(|mode, entry| assert!(report_of(mode(), &crashing("unreachable"), entry).names.is_empty()));
}

#[test]
fn a_report_reads_as_json_and_as_text() {
    everywhere(|mode, entry| {
        let report = with_messages(mode, entry);
        let json = serde_json::to_string(&report).expect("it is plain data");
        assert_eq!(serde_json::from_str::<CrashReport>(&json).expect("the same schema"), report);
        let text = report.to_string();
        for part in
            ["<0.1>", "ended: trap: ", "20 queued", "handled 1 message,", "at full", "queued: message from"]
        {
            assert!(text.contains(part), "{part:?} is not in\n{text}");
        }
        assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text:?}");
    });
}

#[test]
fn a_chain_of_actors_that_spawn_their_successors_is_cut() {
    // Each spawns the next with a number one less, waits, and the last one crashes.
    let text = module(
        r#"(data (i32.const 0) "\01") (data (i32.const 16) "\00\10\00\00\03\00\00\00") (data (i32.const 0x1000) "run")
        (func (export "run")
            (drop (call $start_args (i32.const 256) (i32.const 4) (i32.const 512)))
            (if (i32.eqz (i32.load (i32.const 256))) (then unreachable))
            (i32.store (i32.const 256) (i32.sub (i32.load (i32.const 256)) (i32.const 1)))
            ;; Monitored, so that it can wait for the end.
            (i32.store (i32.const 4) (i32.const 2))
            (if (call $spawn (i32.const 0) (i32.const 256) (i32.const 4) (i32.const 300) (i32.const 400)) (then unreachable))
            (drop (call $receive (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 512) (i64.const -1))))"#,
    );
    for (depth, expected) in [(0_u32, &[][..]), (3, &[3, 2, 1]), (9, &[9, 8, 7, 6, 5, 4])] {
        let reports = super::reports_of(crate::wat::threads(), &text, |module| {
            Spawn::entry(module, "run").args(Codec::RAW, depth.to_le_bytes())
        });
        let ancestors: Vec<String> =
            reports[0].ancestors.iter().map(|ancestor| ancestor.pid.clone()).collect();
        let expected: Vec<String> = expected.iter().map(|serial| format!("<0.{serial}>")).collect();
        assert_eq!(ancestors, expected);
        assert!(reports[0].ancestors.iter().all(|ancestor| ancestor.label.is_some()), "they live");
    }
}

#[test]
fn the_documented_example_is_a_report() {
    let page = std::fs::read_to_string(crate::support::repository().join("docs").join("crash-reports.md"));
    let page = page.expect("the page is there");
    let (_, example) = page.split_once("```json\n").expect("it has an example");
    let (example, _) = example.split_once("```").expect("the example ends");
    let documented: serde_json::Value = serde_json::from_str(example).expect("it is JSON");
    let report: CrashReport = serde_json::from_str(example).expect("it is a report");
    assert_eq!(serde_json::to_value(&report).expect("it is plain data"), documented);
    assert_eq!(report.version, CrashReport::VERSION);
}

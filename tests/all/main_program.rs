//! The main job: whole programs under `flower-host run`, how they end, and who they leave behind.

use crate::support::{Program, Ran, guest_file, guest_tests, only, same_lines};

guest_tests! {
    main_attribute,
    main_ends,
    main_leaves_actors,
    main_plain;
    used: main_forever, main_stuck
}

/// Runs it on threads and in deterministic mode.
fn both(flags: &[&str], name: &str, args: &[&str]) -> [Ran; 2] {
    let deterministic = [&["--deterministic"], flags].concat();
    [Program::run(flags, &guest_file(name), args), Program::run(&deterministic, &guest_file(name), args)]
}

/// Runs the guest that ends in this way, which prints a line without an end before that.
#[track_caller]
fn expect_end(how: &str, code: i32, stderr: &[&str]) {
    for ran in both(&[], "main_ends", &[how]) {
        let ran = ran.expect_code(code);
        assert_eq!(ran.stdout, format!("main ends with {how}"));
        ran.expect_in_stderr(stderr);
        if stderr.is_empty() {
            assert_eq!(ran.stderr, "");
        }
    }
}

/// The same for a crash. What Rust's own buffer held of a line is lost there, as on every system.
#[track_caller]
fn expect_crash(how: &str, stderr: &[&str]) {
    for ran in both(&[], "main_ends", &[how]) {
        ran.expect_code(134).expect_in_stderr(stderr);
    }
}

#[test]
fn main_that_returns_is_0() {
    expect_end("return", 0, &[]);
}

#[test]
fn main_that_returns_an_error_is_1() {
    expect_end("error", 1, &["Error: \"the error of main\""]);
}

#[test]
fn main_that_exits_gives_its_code() {
    for code in ["0", "7", "255"] {
        let ran = Program::run(&[], &guest_file("main_ends"), &["exit", code]);
        ran.expect_code(code.parse().expect("a number"));
    }
}

#[test]
fn main_that_exits_with_an_error_value_is_1() {
    expect_end("reason", 1, &["the reason of main"]);
}

#[test]
fn main_that_shuts_down_is_0() {
    expect_end("shutdown", 0, &[]);
}

#[test]
fn main_that_panics_is_134() {
    expect_crash("panic", &["actor main_ends <0.1> ended: panic at", "main_ends.rs:", "the panic of main"]);
}

#[test]
fn main_that_traps_is_134() {
    expect_crash("trap", &["actor main_ends <0.1> ended: trap: "]);
}

#[test]
fn main_that_recurses_for_ever_is_134() {
    expect_crash("stack", &["actor main_ends <0.1> ended: limit: "]);
}

#[test]
fn main_that_is_killed_is_137() {
    for ran in both(&[], "main_ends", &["killed"]) {
        ran.expect_code(137);
    }
}

/// Who traps the stop cleans up; who does not end is ended.
#[test]
fn those_who_are_left_are_stopped() {
    for ran in both(&["--stop-deadline-ms", "500"], "main_leaves_actors", &[]) {
        let ran = ran.expect_code(0);
        assert_eq!(ran.stdout, "main: done\npolite: cleaned up\n");
        ran.expect_in_stderr(&["1 of 2 actors did not stop within 500ms and were killed"]);
    }
}

#[test]
fn with_wait_those_who_are_left_may_finish() {
    for ran in both(&["--wait"], "main_leaves_actors", &["finish"]) {
        assert_eq!(ran.expect_code(0).stdout, "main: done\nfinished by itself\n");
    }
}

#[test]
fn a_deadlock_is_reported_with_who_waits_for_what() {
    for ran in both(&[], "main_stuck", &[]) {
        let ran = ran.expect_code(3);
        assert_eq!(ran.stdout, "<0.1> waits for a message that nobody sends\n");
        ran.expect_in_stderr(&[
            "deadlock: 3 actors wait",
            "<0.1> main_stuck: waiting for a message, 0 queued",
            "(first): waiting for a reply or for an actor's end, 1 queued",
            "(second): waiting for a reply or for an actor's end, 1 queued",
            "in a cycle, each for the next and the last for the first:",
            "<0.3> main_stuck::asks_and_waits waits for a reply",
            "<0.4> main_stuck::asks_and_waits waits for a reply",
        ]);
        assert_eq!(ran.stderr.lines().count(), 7, "{}", ran.stderr);
    }
}

/// Everybody is told to stop, cleans up, and says so.
#[test]
fn ctrl_c_lets_everybody_clean_up() {
    let flags = ["--stop-deadline-ms", "3600000"];
    let mut running = Program::of_run(&flags, &guest_file("main_forever"), &[]).start();
    let mut begun = [running.line(), running.line()];
    begun.sort();
    assert_eq!(begun, ["child: running", "main: running"]);
    running.signal("INT");
    let ran = running.ended().expect_code(130);
    assert!(same_lines(&ran.stdout, "child: stopped\nmain: stopped\n"), "{}", ran.stdout);
    assert_eq!(only(&ran.stderr, "ERROR"), [""; 0]);
}

#[test]
fn ten_thousand_actors_in_a_ring() {
    let ran = Program::run(&[], &guest_file("ring"), &["10000"]).expect_code(0);
    assert!(ran.stdout.ends_with("10000 actors took part and have ended\n"), "{}", ran.stdout);
}

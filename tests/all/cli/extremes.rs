//! Limits at both ends: the program runs, or says in one line why not.

use crate::support::{Program, Ran, guest_file};

/// Flags that take a number.
const NUMBERS: &[&str] = &[
    "memory-max",
    "host-memory-max",
    "table-elements-max",
    "message-max",
    "host-message-bytes-max",
    "mailbox-len-max",
    "mailbox-bytes-max",
    "actors-max",
    "timers-max",
    "names-max",
    "groups-max",
    "group-members-max",
    "references-max",
    "links-max",
    "run-time-max-ms",
    "handler-time-max-ms",
    "stop-deadline-ms",
    "seed",
];

/// Those that 32 bits hold.
const SHORT: &[&str] = &[
    "mailbox-len-max",
    "timers-max",
    "names-max",
    "groups-max",
    "group-members-max",
    "references-max",
    "links-max",
];

fn most(flag: &str) -> String {
    let most = if SHORT.contains(&flag) { u64::from(u32::MAX) } else { u64::MAX };
    format!("--{flag}={most}")
}

fn hello(flags: &[String]) -> Ran {
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    Program::run(&flags, &guest_file("hello"), &[])
}

#[test]
fn every_limit_at_its_most() {
    let flags: Vec<String> = NUMBERS.iter().map(|flag| most(flag)).collect();
    assert_eq!(hello(&flags).expect_code(0).stderr, "");
}

#[test]
fn each_limit_at_nothing() {
    for flag in NUMBERS {
        let ran = hello(&[format!("--{flag}=0")]);
        // 1 is a refusal, 3 a deadlock, 134 the end of main; a panic of the host would be 101, and a signal none.
        assert!(matches!(ran.code, Some(0 | 1 | 3 | 134)), "{flag}: {ran:?}");
        assert!(!ran.stderr.contains("panicked at"), "{flag}: {ran:?}");
        assert!(ran.code == Some(0) || !ran.stderr.is_empty(), "{flag}: whoever fails says why: {ran:?}");
    }
}

#[test]
fn more_workers_than_any_machine_has_are_refused() {
    hello(&["--workers=18446744073709551615".into()]).expect_refusal(&["1024 workers at most"]);
}

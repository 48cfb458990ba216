//! Supervisors: the table of restarts cell by cell, and what guests check of everything else; `docs/supervisors.md`
//! tells which test holds what.

mod table;

use crate::support::{Guest, Mode, guest_tests};

guest_tests! {
    supervisor_actors,
    supervisor_backoff => |guest| guest.prints_times(),
    supervisor_calls,
    supervisor_dynamic,
    supervisor_groups,
    supervisor_intensity,
    supervisor_modules => |guest| guest.module("other", "supervisor_modules_other"),
    supervisor_nested,
    supervisor_shutdown,
    supervisor_significant,
    supervisor_start;
    used: supervisor_log, supervisor_modules_other, supervisor_period, supervisor_table
}

/// The boundary of a period is exact where time is.
#[test]
fn a_period_ends_to_the_nanosecond() {
    for mode in [Mode::Deterministic, Mode::Seeded(1), Mode::Seeded(2)] {
        Guest::named("supervisor_period").run(mode).expect_success();
    }
}

/// Storms, starts that fail, and supervisors that gave up: whoever was spawned has ended.
#[test]
fn nothing_is_left_of_a_storm() {
    for mode in [Mode::Deterministic, Mode::Seeded(1), Mode::Threads] {
        for guest in ["supervisor_intensity", "supervisor_dynamic", "supervisor_nested"] {
            let (outcome, accounts) = Guest::named(guest).run_to_the_last(mode);
            outcome.expect_success();
            assert_eq!(accounts.spawned, accounts.ended, "{outcome}");
            assert!(accounts.balance() && accounts.queued == 0, "{accounts:?}");
        }
    }
}

/// What happens to children stands on the standard error, a line for each event.
#[test]
fn the_log_has_a_line_for_each_event() {
    let outcome = Guest::named("supervisor_log").run(Mode::Deterministic);
    outcome.expect_success();
    assert_eq!(outcome.stderr, LOG, "{outcome}");
}

/// What `supervisor_log` leaves there.
const LOG: &str = r#"supervisor pool: child "worker-1" <0.3> ended: panicked at guests/src/supervision.rs:41:23: boom; restarted as <0.4> (1 of 3 in 5 s)
supervisor pool: child "worker-1" <0.4> ended: normal: 5; restarted as <0.5> (2 of 3 in 5 s)
supervisor pool: child "worker-1" <0.5> ended: killed; restarted as <0.6> (3 of 3 in 5 s)
supervisor pool: child "worker-1" <0.6> ended: trap, unreachable code was executed: wasm `unreachable` instruction executed; giving up: more than 3 restarts in 5 s
supervisor group: child "b" <0.9> ended: error: "broken"; restarted as <0.12> with 2 others (1 of 2 in 5 s)
supervisor ends: child "temporary" <0.15> ended: exit code 3; not restarted, as it is temporary
supervisor ends: child "significant" <0.17> ended: shutdown; it is significant: shutting down
supervisor unlucky: child "named" <0.19> ended: error: "broken"; cannot be restarted: Another actor holds this name; trying again (1 of 2 in 5 s)
supervisor unlucky: child "named": cannot be restarted: Another actor holds this name; trying again (2 of 2 in 5 s)
supervisor unlucky: child "named": giving up: more than 2 restarts in 5 s
supervisor bad: not started: Child "bad": The module has no such entry, or one of another style.
supervisor patient: child "slow" <0.24> ended: error: "broken"; restarts in 20 ms (1 of 1 in 1.5 s)
supervisor patient: child "slow": restarted as <0.25>
supervisor strict: dropped an unexpected message of 12 bytes from <0.1>
supervisor strict: child "stubborn" <0.27> did not end within 20 ms: killed
"#;

//! An actor chooses among the reasons that are its own to give, with a value of bounded size.

use flower::{ExitReason, LimitCode, Raw, exit, spawn_join};
use flower_guests::died;

fn main() {
    a_reason_of_ones_own();
    a_reason_of_the_hosts();
    a_value_that_is_too_large();
    what_was_printed_is_not_lost();
}

/// How an actor ends that wants this reason.
fn ends_with(reason: ExitReason) -> ExitReason {
    let ended = spawn_join(|reason: ExitReason| -> Raw { exit(reason) }, reason);
    match ended.join() {
        Ok(Raw(value)) => ExitReason::normal(&String::from_utf8(value).expect("JSON is text")),
        other => died(other),
    }
}

fn a_reason_of_ones_own() {
    assert_eq!(ends_with(ExitReason::normal(&[1, 2])), ExitReason::normal("[1,2]"));
    assert_eq!(ends_with(ExitReason::shutdown()), ExitReason::shutdown());
    let error = ends_with(ExitReason::error(&("disk".to_owned(), 5)));
    assert_eq!((error.value(), error.is_abnormal()), (Ok(("disk".to_owned(), 5)), true));
}

/// Nobody can pretend to have been killed.
fn a_reason_of_the_hosts() {
    assert_eq!(ends_with(ExitReason::Killed), ExitReason::error("killed"));
    assert_eq!(ends_with(ExitReason::ExitCode(0)), ExitReason::error("exit code 0"));
}

fn a_value_that_is_too_large() {
    fn leaves(size: usize) -> Raw {
        Raw(vec![7; size])
    }
    assert_eq!(spawn_join(leaves, 64 << 10).join(), Ok(Raw(vec![7; 64 << 10])));
    let reason = died(spawn_join(leaves, (64 << 10) + 1).join());
    assert!(matches!(reason, ExitReason::Limit { code: LimitCode::REASON, .. }), "{reason}");
}

/// A line without its end is written out before the actor ends.
fn what_was_printed_is_not_lost() {
    let ended = spawn_join(
        |()| -> () {
            print!("a line without an end");
            exit(ExitReason::shutdown())
        },
        (),
    );
    assert_eq!(died(ended.join()), ExitReason::shutdown());
}

//! What the program says when it ends: exit codes, and who was left waiting for what.

use std::fmt::Write;

use crate::{ActorStatus, CycleStep, ExitReason};

/// Of a program that panicked, trapped or met a limit; a shell shows it for an abort too.
const CRASHED: u8 = 134;

/// Of a program that was killed.
const KILLED: u8 = 137;

/// Of a program that ended with an error value.
const ERROR: u8 = 1;

/// Actors that a report lists.
const SHOWN_MAX: usize = 20;

/// The program's exit code for the end of its main actor.
pub(super) fn exit_code(reason: &ExitReason) -> u8 {
    match reason {
        ExitReason::Normal(_) | ExitReason::Shutdown(_) => 0,
        ExitReason::ExitCode(code) => (*code & 0xff) as u8,
        ExitReason::Error(_) => ERROR,
        ExitReason::Killed => KILLED,
        _ => CRASHED,
    }
}

/// The report on a host in which every actor waits and nothing can wake one.
pub(super) fn stuck(actors: &[ActorStatus], cycle: &[CycleStep]) -> String {
    let mut report = match actors.len() {
        1 => "deadlock: 1 actor waits, and nothing is left that could wake it:".to_owned(),
        len => format!("deadlock: {len} actors wait, and nothing is left that could wake one of them:"),
    };
    for actor in actors.iter().take(SHOWN_MAX) {
        write!(report, "\n  {actor}").expect("writing to a string does not fail");
    }
    if actors.len() > SHOWN_MAX {
        write!(report, "\n  and {} more", actors.len() - SHOWN_MAX).expect("as above");
    }
    if !cycle.is_empty() {
        report.push_str("\nin a cycle, each for the next and the last for the first:");
    }
    for step in cycle.iter().take(SHOWN_MAX) {
        write!(report, "\n  {step}").expect("as above");
    }
    if cycle.len() > SHOWN_MAX {
        write!(report, "\n  and {} more", cycle.len() - SHOWN_MAX).expect("as above");
    }
    report
}

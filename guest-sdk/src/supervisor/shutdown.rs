//! Stopping children: the signal, the time they have, and the kill.

use flower_abi::{Filter, Kind, NEVER};

use super::Shutdown;
use crate::clock::deadline;
use crate::event::reason;
use crate::{Down, ExitReason, MonitorRef, Pid, exit_signal, host, kill};

/// How a child that was told to end did so.
pub(super) enum Stopped {
    /// By itself, for this reason.
    Ended(ExitReason),
    /// It was killed, as it is always stopped.
    Killed,
    /// It was killed because it did not end in time.
    TooLate,
}

/// Stops a child, and waits for its end.
pub(super) fn stop(pid: Pid, monitor: MonitorRef, shutdown: Shutdown) -> Stopped {
    let deadline = ask(pid, shutdown);
    match wait(monitor, deadline) {
        Some(_) if shutdown == Shutdown::BrutalKill => Stopped::Killed,
        Some(reason) => Stopped::Ended(reason),
        None => {
            end(pid);
            wait(monitor, NEVER);
            Stopped::TooLate
        }
    }
}

/// Tells a child to end, and returns until when it may take.
pub(super) fn ask(pid: Pid, shutdown: Shutdown) -> u64 {
    let patience = match shutdown {
        Shutdown::BrutalKill => {
            end(pid);
            return NEVER;
        }
        Shutdown::Timeout(patience) => deadline(patience),
        Shutdown::Infinity => NEVER,
    };
    // Whoever cannot even be told has to be killed.
    if exit_signal(pid, ExitReason::shutdown()).is_err() {
        end(pid);
    }
    patience
}

/// Kills it: a spawner may, and one that has ended does not mind.
pub(super) fn end(pid: Pid) {
    let _ = kill(pid);
}

/// Takes the end that this monitor tells of, if it comes in time.
pub(super) fn wait(monitor: MonitorRef, deadline: u64) -> Option<ExitReason> {
    host::receive(&[down_of(monitor)], deadline).ok().map(|down| reason(&down))
}

/// Takes the next end, if one comes in time.
pub(super) fn next_down(deadline: u64) -> Option<Down> {
    let any = Filter { fields: Filter::KIND, kind: Kind::Down as u32, ..Filter::ANY };
    host::receive(&[any], deadline).ok().map(|down| Down::new(&down))
}

/// The end that this monitor tells of.
pub(super) fn down_of(monitor: MonitorRef) -> Filter {
    let fields = Filter::KIND | Filter::REFERENCE;
    Filter { fields, kind: Kind::Down as u32, reference: monitor.0, ..Filter::ANY }
}

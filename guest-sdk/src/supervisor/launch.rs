//! Starting one actor, and waiting for its word that it has started.

use std::time::Duration;

use flower_abi::{Filter, Kind, NEVER};
use serde::{Deserialize, Serialize};

use super::StartError;
use super::shutdown::{self, down_of};
use crate::clock::deadline;
use crate::event::reason;
use crate::receive::Receive;
use crate::spawn::{Args, Recipe};
use crate::{ExitReason, MonitorRef, Pid, SendError, exit, host, parent, send};

/// What an actor that has started tells its parent.
#[derive(Serialize, Deserialize)]
pub(super) struct Started;

/// Tells the supervisor of the calling actor that it has started: what its specification calls
/// [acknowledged](super::Child::acknowledged). Any other parent gets a message that it does not expect.
///
/// If the supervisor cannot be told, the caller ends; if it has ended already, nothing happens here.
pub fn init_ack() {
    let told = parent().map_or(Ok(()), |parent| send(parent, &Started));
    match told {
        Ok(()) | Err(SendError::NoActor) => {}
        Err(error) => exit(ExitReason::error(format!("cannot tell the supervisor: {error}").as_str())),
    }
}

/// Starts an actor, and waits for its acknowledgement if it is to give one within this time.
pub(super) fn launch(
    recipe: &Recipe,
    args: &Args,
    acknowledged: Option<Duration>,
) -> Result<(Pid, MonitorRef), StartError> {
    let (pid, monitor) = recipe.start(args).map_err(StartError::Refused)?;
    if let Some(patience) = acknowledged {
        wait(pid, monitor, patience)?;
    }
    Ok((pid, monitor))
}

fn wait(pid: Pid, monitor: MonitorRef, patience: Duration) -> Result<(), StartError> {
    let started = Started::selected();
    let started = Filter { fields: started.fields | Filter::SENDER, sender: pid.0, ..started };
    match host::receive(&[started, down_of(monitor)], deadline(patience)) {
        Ok(down) if down.info().kind == Kind::Down as u32 => Err(StartError::ended(reason(&down))),
        Ok(_acknowledgement) => Ok(()),
        Err(_too_late) => {
            shutdown::end(pid);
            shutdown::wait(monitor, NEVER);
            Err(StartError::NotAcknowledged)
        }
    }
}

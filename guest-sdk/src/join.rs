//! Joining: waiting for what an actor returns.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use flower_abi::{AT_ONCE, NEVER, Status};

use crate::clock::deadline;
use crate::envelope::Envelope;
use crate::event::reason;
use crate::reference::Held;
use crate::{ExitReason, JoinError, Message, Pid, host};

/// An actor whose end is waited for, and what it will return.
///
/// The host keeps the value or the reason until it is taken, however long the actor has been gone.
/// Dropping the handle lets the actor go on by itself.
pub struct JoinHandle<R> {
    pid: Pid,
    held: Held,
    value: PhantomData<fn() -> R>,
}

impl<R> JoinHandle<R> {
    pub(crate) fn new(pid: Pid, reference: u64) -> JoinHandle<R> {
        JoinHandle { pid, held: Held::new(reference), value: PhantomData }
    }

    /// The actor.
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// Whether the actor has ended.
    pub fn is_finished(&self) -> bool {
        !host::is_alive(self.pid.0)
    }
}

impl<R: Message> JoinHandle<R> {
    /// Parks the caller until the actor ends, and gives what it returned.
    ///
    /// # Errors
    /// [`JoinError::Died`] with the reason when it did not end normally; [`JoinError::Decode`] when it
    /// exited with another type of value.
    pub fn join(mut self) -> Result<R, JoinError> {
        self.until(NEVER).unwrap_or(Err(JoinError::Other(Status::TIMED_OUT)))
    }

    /// The same, no longer than `timeout`; `None` when it has not ended by then.
    pub fn join_timeout(&mut self, timeout: Duration) -> Option<Result<R, JoinError>> {
        self.until(deadline(timeout))
    }

    /// The same, without waiting.
    pub fn poll(&mut self) -> Option<Result<R, JoinError>> {
        self.until(AT_ONCE)
    }

    fn until(&mut self, deadline: u64) -> Option<Result<R, JoinError>> {
        let end = self.held.wait(deadline)?;
        Some(end.map_err(JoinError::from).and_then(|end| value(&end)))
    }
}

/// Joins several actors; the results come in the order of the handles, whoever ended first.
pub fn join_all<R: Message>(handles: impl IntoIterator<Item = JoinHandle<R>>) -> Vec<Result<R, JoinError>> {
    handles.into_iter().map(JoinHandle::join).collect()
}

/// What the end of an actor says that it has returned.
pub(crate) fn value<R: Message>(end: &Envelope) -> Result<R, JoinError> {
    match reason(end) {
        ExitReason::Normal(value) => Ok(value.decode()?),
        other => Err(JoinError::Died(other)),
    }
}

impl<R> fmt::Debug for JoinHandle<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("JoinHandle").field(&self.pid).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::envelope::tests::{arrived, with_info};
    use flower_abi::{Codec, ExitTag};

    fn end(tag: ExitTag) -> Envelope {
        with_info(&arrived(&4), |info| {
            info.exit_tag = tag as u32;
            info.exit_code = Codec::JSON.0;
        })
    }

    #[test]
    fn a_normal_end_gives_its_value() {
        assert_eq!(value(&end(ExitTag::Normal)), Ok(4));
        assert!(matches!(value::<String>(&end(ExitTag::Normal)), Err(JoinError::Decode(_))));
    }

    #[test]
    fn any_other_end_gives_its_reason() {
        let died = value::<i32>(&end(ExitTag::Error)).unwrap_err();
        assert_eq!(died, JoinError::Died(ExitReason::error(&4)));
        assert!(matches!(value::<i32>(&end(ExitTag::Killed)), Err(JoinError::Died(ExitReason::Killed))));
    }
}

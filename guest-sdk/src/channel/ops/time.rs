//! Values by the clock: batch, debounce, throttle.

use std::pin::pin;
use std::time::Duration;

use super::{next, stage, unheard};
use crate::Instant;
use crate::channel::{Receiver, RecvTimeoutError};
use crate::task;

impl<T: 'static> Receiver<T> {
    /// Groups of up to `max` values: one is sent when it is full, or `within` after its first value came, or at
    /// the end of the source.
    ///
    /// # Panics
    /// If `max` is 0.
    #[must_use]
    pub fn batch(self, max: usize, within: Duration) -> Receiver<Vec<T>> {
        assert!(max > 0, "a batch has at least one value");
        stage(|out| async move {
            let mut unheard = pin!(unheard(&out));
            while let Some(first) = next(&self, unheard.as_mut()).await {
                let (mut batch, due) = (vec![first], Instant::now() + within);
                while batch.len() < max {
                    let Ok(value) = until(&self, due).await else { break };
                    batch.push(value);
                }
                if out.send_async(batch).await.is_err() {
                    break;
                }
            }
        })
    }

    /// The last value of each burst: a value is sent when none has come for `quiet` after it, or at the end of
    /// the source.
    #[must_use]
    pub fn debounce(self, quiet: Duration) -> Receiver<T> {
        stage(|out| async move {
            let mut unheard = pin!(unheard(&out));
            while let Some(mut last) = next(&self, unheard.as_mut()).await {
                while let Ok(value) = self.recv_timeout_async(quiet).await {
                    last = value;
                }
                if out.send_async(last).await.is_err() {
                    break;
                }
            }
        })
    }

    /// At most one value in each `period`: the first at once, and then the newest of those that came since,
    /// when the period is over. The others are dropped.
    ///
    /// At the end of the source the newest value still waits for its period.
    #[must_use]
    pub fn throttle(self, period: Duration) -> Receiver<T> {
        stage(|out| async move {
            let mut unheard = pin!(unheard(&out));
            let mut pending = next(&self, unheard.as_mut()).await;
            while let Some(value) = pending {
                if out.send_async(value).await.is_err() {
                    break;
                }
                pending = match newest(&self, Instant::now() + period).await {
                    Some(value) => Some(value),
                    None => next(&self, unheard.as_mut()).await,
                };
            }
        })
    }
}

/// The next value, if it comes until then.
async fn until<T: 'static>(source: &Receiver<T>, due: Instant) -> Result<T, RecvTimeoutError> {
    source.recv_timeout_async(due - Instant::now()).await
}

/// The last of the values that come until then; waits until then if there is one.
async fn newest<T: 'static>(source: &Receiver<T>, due: Instant) -> Option<T> {
    let mut newest = None;
    loop {
        match until(source, due).await {
            Ok(value) => newest = Some(value),
            Err(RecvTimeoutError::Timeout) => return newest,
            Err(RecvTimeoutError::Closed) => {
                if newest.is_some() {
                    task::sleep_until(due).await;
                }
                return newest;
            }
        }
    }
}

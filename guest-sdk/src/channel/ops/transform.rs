//! From a channel to a channel, value by value: map, filter, take, split, partition.

use std::pin::pin;

use super::{next, stage, unheard};
use crate::channel::{Receiver, Sender, channel};
use crate::task;

impl<T: 'static> Receiver<T> {
    /// What `change` makes of each value.
    #[must_use]
    pub fn map<U: 'static>(self, mut change: impl FnMut(T) -> U + 'static) -> Receiver<U> {
        stage(|out| async move {
            let mut unheard = pin!(unheard(&out));
            while let Some(value) = next(&self, unheard.as_mut()).await {
                if out.send_async(change(value)).await.is_err() {
                    break;
                }
            }
        })
    }

    /// The values that `wanted` holds for.
    #[must_use]
    pub fn filter(self, mut wanted: impl FnMut(&T) -> bool + 'static) -> Receiver<T> {
        stage(|out| async move {
            let mut unheard = pin!(unheard(&out));
            while let Some(value) = next(&self, unheard.as_mut()).await {
                if wanted(&value) && out.send_async(value).await.is_err() {
                    break;
                }
            }
        })
    }

    /// The first `count` values. Then the result closes, and the rest is left to others who receive.
    #[must_use]
    pub fn take(self, count: usize) -> Receiver<T> {
        stage(|out| async move {
            let mut unheard = pin!(unheard(&out));
            for _ in 0..count {
                let Some(value) = next(&self, unheard.as_mut()).await else { break };
                if out.send_async(value).await.is_err() {
                    break;
                }
            }
        })
    }

    /// The values that `left` holds for, and the others. Both results are closed at the end of the source.
    ///
    /// A value that nobody takes holds up those behind it, also those for the other side. Once nobody can
    /// receive from one side, its values are dropped; that nobody can from either is seen with the next value.
    #[must_use]
    pub fn split(self, mut left: impl FnMut(&T) -> bool + 'static) -> (Receiver<T>, Receiver<T>) {
        let ((yes, left_out), (no, right_out)) = (channel(0), channel(0));
        drop(task::spawn(async move {
            let (mut yes, mut no) = (Some(yes), Some(no));
            while yes.is_some() || no.is_some() {
                let Some(value) = self.recv_async().await else { break };
                offer(if left(&value) { &mut yes } else { &mut no }, value).await;
            }
        }));
        (left_out, right_out)
    }

    /// Groups of `size` values in their order; the last has what is left.
    ///
    /// # Panics
    /// If `size` is 0.
    #[must_use]
    pub fn partition(self, size: usize) -> Receiver<Vec<T>> {
        assert!(size > 0, "a group has at least one value");
        stage(|out| async move {
            let mut unheard = pin!(unheard(&out));
            loop {
                let mut group = Vec::new();
                while group.len() < size {
                    let Some(value) = next(&self, unheard.as_mut()).await else { break };
                    group.push(value);
                }
                let last = group.len() < size;
                if !group.is_empty() && out.send_async(group).await.is_err() || last {
                    break;
                }
            }
        })
    }
}

/// Sends to a side that somebody still receives from, and lets go of one that nobody does.
async fn offer<T>(side: &mut Option<Sender<T>>, value: T) {
    let Some(sender) = side else { return };
    if sender.send_async(value).await.is_err() {
        *side = None;
    }
}

//! From a channel to one value, which the task returns when the channel is closed and drained.

use crate::channel::Receiver;
use crate::task::{self, JoinHandle};

impl<T: 'static> Receiver<T> {
    /// Puts all values together, from the first to the last, beginning with `first`.
    pub fn fold<A: 'static>(self, first: A, mut add: impl FnMut(A, T) -> A + 'static) -> JoinHandle<A> {
        task::spawn(async move {
            let mut sum = first;
            while let Some(value) = self.recv_async().await {
                sum = add(sum, value);
            }
            sum
        })
    }

    /// All values, such as in a `Vec`.
    pub fn collect<C: Default + Extend<T> + 'static>(self) -> JoinHandle<C> {
        self.fold(C::default(), |mut all, value| {
            all.extend([value]);
            all
        })
    }
}

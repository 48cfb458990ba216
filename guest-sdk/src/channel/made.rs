//! Channels that are made of something else: of times, and of what a task returns.

use std::time::Duration;

use super::{Receiver, channel};
use crate::clock::Instant;
use crate::function::Function;
use crate::{JoinError, Message, Spawn, join, spawn, task};

/// A channel that gives the time, once, after `delay`, and is closed then.
pub fn after(delay: Duration) -> Receiver<Instant> {
    let (tx, rx) = channel(1);
    let at = Instant::now() + delay;
    task::spawn(async move {
        if task::timeout_at(at, tx.closed_async()).await.is_err() {
            let _gone = tx.try_send(Instant::now());
        }
    });
    rx
}

/// A channel that gives the time every `period`, first after one. A tick that finds the one before unread is left out.
pub fn tick(period: Duration) -> Receiver<Instant> {
    every(period, Instant::now)
}

/// A channel that gives a clone of `value` every `period`, first after one. One that finds the one before unread is left
/// out.
pub fn interval<T: Clone + 'static>(period: Duration, value: T) -> Receiver<T> {
    every(period, move || value.clone())
}

fn every<T: 'static>(period: Duration, value: impl Fn() -> T + 'static) -> Receiver<T> {
    let (tx, rx) = channel(1);
    let period = period.max(Duration::from_nanos(1));
    let mut at = Instant::now() + period;
    task::spawn(async move {
        while task::timeout_at(at, tx.closed_async()).await.is_err() {
            if tx.is_empty() {
                let _gone = tx.try_send(value());
            }
            at = at + period;
        }
    });
    rx
}

/// Starts a task, and gives what it returns as a channel, which is closed then. A task that returns an `Option` may have
/// nothing to give.
///
/// ```no_run
/// use flower::Receiver;
/// use flower::channel::spawn_channel;
///
/// let answer: Receiver<u32> = spawn_channel(async { 42 });
/// assert_eq!((answer.recv(), answer.recv()), (Some(42), None));
/// ```
pub fn spawn_channel<T: 'static, F>(future: F) -> Receiver<T>
where
    F: Future + 'static,
    F::Output: Into<Option<T>>,
{
    let (tx, rx) = channel(1);
    task::spawn(async move {
        if let Some(value) = future.await.into() {
            let _gone = tx.try_send(value);
        }
    });
    rx
}

/// Starts an actor, as [`spawn`](crate::spawn()), and gives what it returns as a channel, which is closed then.
///
/// # Panics
/// When the host refuses; [`spawn`](crate::spawn()) does so, too.
#[track_caller]
pub fn spawn_actor_channel<F, A, S>(f: F, args: A) -> Receiver<Result<F::Output, JoinError>>
where
    F: Function<A, S>,
    F::Output: 'static,
    A: Message,
{
    let (_, monitor) = spawn::started(Spawn::new(f, args).spawn_monitor());
    spawn_channel(async move { Some(join::value(&task::end_of(monitor.id()).await)) })
}

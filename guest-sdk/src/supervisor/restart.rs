//! Restarts: who is started again, and when a supervisor gives up.

use std::ops::ControlFlow;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::children::{Alarm, Key, Next, State};
use super::tree::Tree;
use super::{AutoShutdown, Restart, Spaced, StartError, Strategy};
use crate::{Down, ExitReason, Instant, SpawnError, after, self_pid, send, yield_now};

/// What a supervisor sends itself to try a start again; the number tells one from the other.
#[derive(Serialize, Deserialize)]
pub(super) struct TryAgain(u64);

impl From<TryAgain> for Alarm {
    fn from(TryAgain(number): TryAgain) -> Alarm {
        Alarm::Message(number)
    }
}

impl Tree {
    /// A child has ended by itself.
    pub(super) fn ended(&mut self, down: Down) -> ControlFlow<ExitReason> {
        let Some(key) = self.children.of_pid(down.pid) else { return ControlFlow::Continue(()) };
        let Some(spec) = self.children.get(key).map(|entry| entry.spec.clone()) else {
            return ControlFlow::Continue(());
        };
        self.children.set(key, State::Stopped);
        let abnormal = down.reason.is_abnormal();
        let story = format!("child {:?} {} ended: {};", spec.id, down.pid, down.reason);
        match spec.terms.restart {
            Restart::Permanent => return self.restart_after_wait(key, &story),
            Restart::Transient if abnormal => return self.restart_after_wait(key, &story),
            Restart::Temporary if abnormal => {
                self.log(format_args!("{story} not restarted, as it is temporary"))
            }
            Restart::Transient | Restart::Temporary => {}
        }
        self.rest(key);
        if spec.terms.significant && self.shuts_down() {
            self.log(format_args!("{story} it is significant: shutting down"));
            return ControlFlow::Break(ExitReason::shutdown());
        }
        ControlFlow::Continue(())
    }

    /// Whether the supervisor ends now that a significant child has.
    fn shuts_down(&self) -> bool {
        match self.settings.auto_shutdown {
            AutoShutdown::Never => false,
            AutoShutdown::AnySignificant => true,
            AutoShutdown::AllSignificant => {
                let mut active = self.children.iter().filter(|entry| entry.state() != State::Stopped);
                !active.any(|entry| entry.spec.terms.significant)
            }
        }
    }

    /// The time of a child has come, unless it was given up.
    pub(super) fn due(&mut self, alarm: Alarm) -> ControlFlow<ExitReason> {
        let Some((key, next)) = self.children.take_alarm(alarm) else { return ControlFlow::Continue(()) };
        let id = self.children.get(key).map_or_else(String::new, |entry| entry.spec.id.clone());
        let story = format!("child {id:?}:");
        match next {
            Next::Again => {
                // What it needs may be somebody else's turn.
                yield_now();
                self.restart(key, &story, Duration::ZERO)
            }
            Next::Start => {
                let outcome = self.bring_up(key)?;
                self.log(format_args!("{story} {outcome}"));
                ControlFlow::Continue(())
            }
        }
    }

    fn restart_after_wait(&mut self, key: Key, story: &str) -> ControlFlow<ExitReason> {
        let wait = self.wait(key);
        self.restart(key, story, wait)
    }

    /// Restarts a child, and whom its strategy restarts with it, or gives up.
    fn restart(&mut self, key: Key, story: &str, wait: Duration) -> ControlFlow<ExitReason> {
        if !self.intensity.add(Instant::now()) {
            let limit = self.intensity.limit();
            self.log(format_args!("{story} giving up: more than {limit}"));
            return ControlFlow::Break(ExitReason::shutdown());
        }
        self.bring_down(key);
        let outcome = if wait.is_zero() {
            self.bring_up(key)?
        } else {
            self.put_off(key, Next::Start, wait)?;
            format!("restarts in {}", Spaced(wait))
        };
        self.log(format_args!("{story} {outcome} ({})", self.intensity));
        ControlFlow::Continue(())
    }

    /// Who is restarted with a child, and the child, in the order of their start.
    fn affected(&self, key: Key) -> Vec<Key> {
        match self.settings.strategy {
            Strategy::OneForOne | Strategy::SimpleOneForOne => vec![key],
            Strategy::RestForOne => self.children.keys_from(key),
            Strategy::OneForAll => self.children.keys(),
        }
    }

    fn bring_down(&mut self, key: Key) {
        for other in self.affected(key).into_iter().rev().filter(|other| *other != key) {
            self.stop(other);
        }
    }

    /// Starts a child and whom its strategy restarts with it, as far as they do not run; tells how that went.
    fn bring_up(&mut self, key: Key) -> ControlFlow<ExitReason, String> {
        let mut others = 0;
        for child in self.affected(key) {
            if self.is_running(child) {
                continue;
            }
            match self.start(child) {
                Ok(()) => others += usize::from(child != key),
                Err(error) => return self.try_again(key, child, &error),
            }
        }
        ControlFlow::Continue(self.outcome(key, others))
    }

    /// A child could not be started: that is tried again after a look at what others want.
    fn try_again(&mut self, key: Key, child: Key, error: &StartError) -> ControlFlow<ExitReason, String> {
        if *error == StartError::Refused(SpawnError::ShuttingDown) {
            return ControlFlow::Break(ExitReason::shutdown());
        }
        let wait = self.wait(child);
        self.put_off(child, Next::Again, wait)?;
        let whom = match self.children.get(child) {
            Some(entry) if child != key => format!("child {:?} ", entry.spec.id),
            _ => String::new(),
        };
        let error = error.to_string();
        let error = error.trim_end_matches('.');
        ControlFlow::Continue(format!("{whom}cannot be restarted: {error}; trying again"))
    }

    fn outcome(&self, key: Key, others: usize) -> String {
        let with = match others {
            0 => String::new(),
            1 => " with one other".to_owned(),
            _ => format!(" with {others} others"),
        };
        match self.children.get(key).map(|entry| entry.state()) {
            Some(State::Running(pid, _)) => format!("restarted as {pid}{with}"),
            _ => format!("not needed any more{with}"),
        }
    }

    fn is_running(&self, key: Key) -> bool {
        self.children.get(key).is_some_and(|entry| matches!(entry.state(), State::Running(..)))
    }

    /// How long a child has to wait for its restart.
    fn wait(&mut self, key: Key) -> Duration {
        let (Some(backoff), Some(entry)) = (self.settings.backoff, self.children.get_mut(key)) else {
            return Duration::ZERO;
        };
        if backoff.forgives(entry.began.elapsed()) {
            entry.in_a_row = 0;
        }
        let wait = backoff.delay(entry.in_a_row);
        entry.in_a_row = entry.in_a_row.saturating_add(1);
        wait
    }

    /// Lets an alarm come for a child: a message behind what others want, or a timer. A supervisor that gets
    /// neither ends, as it cannot do its work.
    fn put_off(&mut self, key: Key, next: Next, wait: Duration) -> ControlFlow<ExitReason> {
        let alarm = match wait.is_zero().then(|| self.tell_itself()).flatten() {
            Some(message) => Ok(message.into()),
            None => after(wait).map(Alarm::Timer),
        };
        match alarm {
            Ok(alarm) => {
                self.children.set(key, State::Restarting(alarm, next));
                ControlFlow::Continue(())
            }
            Err(error) => {
                let text = format!("no timer for a restart: {error}");
                ControlFlow::Break(ExitReason::error(text.as_str()))
            }
        }
    }

    /// None when its mailbox is full.
    fn tell_itself(&mut self) -> Option<TryAgain> {
        self.attempts += 1;
        let message = TryAgain(self.attempts);
        send(self_pid(), &message).ok().map(|()| message)
    }
}

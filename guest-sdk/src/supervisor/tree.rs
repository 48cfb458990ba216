//! The supervisor's loop: it starts its children, sees to what happens to them, and stops them.

use std::fmt;
use std::ops::ControlFlow;
use std::rc::Rc;

use flower_abi::NEVER;

use super::child::Spec;
use super::children::{Alarm, Children, Key, State};
use super::intensity::Intensity;
use super::launch::{init_ack, launch};
use super::plan::{Plan, Settings};
use super::restart::TryAgain;
use super::shutdown::{self, Stopped};
use super::{Restart, Shutdown, StartError, log};
use crate::{
    Event, ExitReason, ExitValue, Instant, Pid, exit, parent, receive_any, self_pid, trap_exit, trap_stop,
    unlink,
};

/// A supervisor that runs.
pub(super) struct Tree {
    pub(super) settings: Settings,
    pub(super) children: Children,
    pub(super) intensity: Intensity,
    /// What children that are all alike are made from.
    pub(super) template: Option<Rc<Spec>>,
    /// How often it has sent itself a message.
    pub(super) attempts: u64,
    parent: Option<Pid>,
    /// What the log calls it.
    title: String,
}

/// Runs a supervisor in the calling actor, to its end.
pub(super) fn run(plan: Result<Plan, StartError>, acknowledge: bool) -> ! {
    trap_exit(true);
    trap_stop(true);
    let checked = plan.and_then(|plan| plan.check().map(|()| plan));
    let (mut tree, specs) = match checked {
        Ok(Plan { settings, specs }) => Tree::new(settings, specs),
        Err(error) => fail(&error, acknowledge),
    };
    if let Err(error) = tree.start_all(specs) {
        tree.log(format_args!("not started: {error}"));
        tree.stop_all();
        fail(&error, acknowledge);
    }
    if acknowledge {
        init_ack();
    }
    loop {
        if let ControlFlow::Break(reason) = tree.handle(receive_any()) {
            tree.stop_all();
            exit(reason);
        }
    }
}

/// Ends a supervisor that was not started, for the reason that its starter decodes. Who waits for its word
/// gets the error, and no exit signal.
pub(super) fn fail(error: &StartError, awaited: bool) -> ! {
    if awaited && let Some(parent) = parent() {
        // The host made this pid.
        let _ = unlink(parent);
    }
    exit(ExitValue::new(error).map_or_else(Into::into, ExitReason::Shutdown))
}

impl Tree {
    fn new(settings: Settings, mut specs: Vec<Spec>) -> (Tree, Vec<Spec>) {
        let title = settings.name.clone().unwrap_or_else(|| self_pid().to_string());
        let template = if settings.is_simple() { specs.pop().map(Rc::new) } else { None };
        let intensity = Intensity::new(settings.intensity, settings.period);
        let children = Children::default();
        (Tree { settings, children, intensity, template, attempts: 0, parent: parent(), title }, specs)
    }

    /// Starts the children in order, until one cannot be.
    fn start_all(&mut self, specs: Vec<Spec>) -> Result<(), StartError> {
        for spec in specs {
            let id = spec.id.clone();
            let key = self.children.add(Rc::new(spec), None);
            self.start(key).map_err(|error| StartError::Child { id, error: Box::new(error) })?;
        }
        Ok(())
    }

    fn handle(&mut self, event: Event) -> ControlFlow<ExitReason> {
        match event {
            Event::Down(down) => return self.ended(down),
            Event::Timer(timer) => return self.due(Alarm::Timer(timer)),
            Event::Message(message) if message.is::<TryAgain>() && message.sender() == self_pid() => {
                if let Ok(message) = message.decode::<TryAgain>() {
                    return self.due(message.into());
                }
            }
            Event::Exit(signal) if Some(signal.pid) == self.parent => {
                return ControlFlow::Break(signal.reason);
            }
            Event::Stop => return ControlFlow::Break(ExitReason::shutdown()),
            Event::Message(message) => self.answer(&message),
            // The exits of children come as `Down`s, and those of others do not matter.
            _ => {}
        }
        ControlFlow::Continue(())
    }

    /// Starts a child that does not run. One that turns out not to be needed is no error.
    pub(super) fn start(&mut self, key: Key) -> Result<(), StartError> {
        let Some(entry) = self.children.get_mut(key) else { return Ok(()) };
        if self.settings.backoff.is_some() {
            entry.began = Instant::now();
        }
        let spec = entry.spec.clone();
        match launch(&spec.recipe, entry.args(), spec.terms.acknowledged) {
            Ok((pid, monitor)) => self.children.set(key, State::Running(pid, monitor)),
            Err(StartError::Ignored) => self.rest(key),
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// What becomes of a child that has ended and is not restarted: its specification stays, unless it is
    /// temporary or one of many that are alike.
    pub(super) fn rest(&mut self, key: Key) {
        let Some(entry) = self.children.get(key) else { return };
        if entry.spec.terms.restart == Restart::Temporary || self.settings.is_simple() {
            self.children.remove(key);
        } else {
            self.children.set(key, State::Stopped);
        }
    }

    /// Stops a child, and gives up its restart.
    pub(super) fn stop(&mut self, key: Key) {
        let Some(entry) = self.children.get(key) else { return };
        let spec = entry.spec.clone();
        if let State::Running(pid, monitor) = entry.state() {
            let how = spec.terms.shutdown();
            match shutdown::stop(pid, monitor, how) {
                Stopped::TooLate => self.log_late(&spec.id, pid, how),
                Stopped::Ended(reason) if reason.is_abnormal() => {
                    self.log(format_args!("child {:?} {pid} ended while it was stopped: {reason}", spec.id));
                }
                Stopped::Ended(_) | Stopped::Killed => {}
            }
        }
        self.rest(key);
    }

    /// Stops all children: one after the other, in reverse order, or at once those that are all alike.
    fn stop_all(&mut self) {
        if let Some(template) = self.template.clone() {
            return self.stop_alike(&template);
        }
        for key in self.children.keys().into_iter().rev() {
            self.stop(key);
        }
    }

    fn stop_alike(&mut self, template: &Spec) {
        let how = template.terms.shutdown();
        let asked: Vec<Pid> = self.children.running();
        let deadline = asked.iter().map(|pid| shutdown::ask(*pid, how)).max().unwrap_or(NEVER);
        self.await_downs(deadline);
        for pid in self.children.running() {
            self.log_late(&template.id, pid, how);
            shutdown::end(pid);
        }
        self.await_downs(NEVER);
        for key in self.children.keys() {
            self.children.remove(key);
        }
    }

    /// Waits until no child runs any more, or the time is over.
    fn await_downs(&mut self, deadline: u64) {
        while !self.children.is_idle()
            && let Some(down) = shutdown::next_down(deadline)
        {
            if let Some(key) = self.children.of_pid(down.pid) {
                self.children.remove(key);
            }
        }
    }

    fn log_late(&self, id: &str, pid: Pid, how: Shutdown) {
        if let Shutdown::Timeout(patience) = how {
            let patience = super::Spaced(patience);
            self.log(format_args!("child {id:?} {pid} did not end within {patience}: killed"));
        }
    }

    /// Writes a line to the log.
    pub(super) fn log(&self, text: fmt::Arguments<'_>) {
        if !self.settings.quiet {
            log::write(&format!("supervisor {}: {text}", self.title));
        }
    }
}

//! What a supervisor does when it is asked, and what it answers.

use std::rc::Rc;

use super::child::Spec;
use super::children::{Entry, Key, State};
use super::launch::Started;
use super::request::Request;
use super::tree::Tree;
use super::{ChildError, ChildInfo, ChildState, ChildType, Counts, StartError};
use crate::spawn::Args;
use crate::{Envelope, Message, Pid, Reply};

impl Tree {
    /// Answers a request. Anything else is dropped, which the log tells.
    pub(super) fn answer(&mut self, message: &Envelope) {
        match (message.decode(), message.reply()) {
            (Ok(request), Some(reply)) => self.obey(request, reply),
            // Of a child whose specification does not say that it is waited for.
            _ if message.is::<Started>() => {}
            _ => {
                let (len, sender) = (message.bytes().len(), message.sender());
                self.log(format_args!("dropped an unexpected message of {len} bytes from {sender}"));
            }
        }
    }

    fn obey(&mut self, request: Request, reply: Reply) {
        match request {
            Request::Start(spec) => send(reply, &self.start_child(*spec)),
            Request::StartWith(args) => send(reply, &self.start_child_with(args)),
            Request::TerminateId(id) => {
                let found = self.find(&id).map(|key| self.stop(key));
                send(reply, &found);
            }
            Request::TerminatePid(pid) => {
                let found = self.children.of_pid(pid).ok_or(ChildError::NotFound);
                send(reply, &found.map(|key| self.stop(key)));
            }
            Request::Restart(id) => send(reply, &self.restart_child(&id)),
            Request::Delete(id) => {
                let found = self.find_stopped(&id).map(|key| self.children.remove(key));
                send(reply, &found);
            }
            Request::Which => {
                send(reply, &Ok::<Vec<ChildInfo>, ChildError>(self.children.iter().map(info).collect()));
            }
            Request::Count => send(reply, &Ok::<Counts, ChildError>(self.count())),
        }
    }

    fn find(&self, id: &str) -> Result<Key, ChildError> {
        if self.settings.is_simple() {
            return Err(ChildError::SimpleOneForOne);
        }
        self.children.of_id(id).ok_or(ChildError::NotFound)
    }

    fn find_stopped(&self, id: &str) -> Result<Key, ChildError> {
        let key = self.find(id)?;
        match self.children.get(key).map(Entry::state) {
            Some(State::Running(..)) => Err(ChildError::Running),
            Some(State::Restarting(..)) => Err(ChildError::Restarting),
            Some(State::Stopped) => Ok(key),
            None => Err(ChildError::NotFound),
        }
    }

    fn start_child(&mut self, spec: Spec) -> Result<Pid, ChildError> {
        match self.find(&spec.id) {
            Err(ChildError::NotFound) => {}
            Err(error) => return Err(error),
            Ok(key) => {
                return Err(self.pid(key).map_or(ChildError::AlreadyPresent, ChildError::AlreadyStarted));
            }
        }
        self.settings.check(&spec)?;
        self.start_new(Rc::new(spec), None)
    }

    fn start_child_with(&mut self, args: Args) -> Result<Pid, ChildError> {
        let template = self.template.clone().ok_or(ChildError::NotSimpleOneForOne)?;
        if !args.is_like(template.recipe.args()) {
            return Err(ChildError::OtherArguments);
        }
        self.start_new(template, Some(args))
    }

    /// Adds a child that starts; one that is not needed now is kept, as it may be later.
    fn start_new(&mut self, spec: Rc<Spec>, args: Option<Args>) -> Result<Pid, ChildError> {
        let key = self.children.add(spec, args);
        if let Err(error) = self.start(key) {
            self.children.remove(key);
            return Err(error.into());
        }
        self.started(key)
    }

    fn restart_child(&mut self, id: &str) -> Result<Pid, ChildError> {
        let key = self.find_stopped(id)?;
        self.start(key)?;
        self.started(key)
    }

    fn started(&self, key: Key) -> Result<Pid, ChildError> {
        self.pid(key).ok_or(ChildError::Start(StartError::Ignored))
    }

    fn pid(&self, key: Key) -> Option<Pid> {
        match self.children.get(key)?.state() {
            State::Running(pid, _) => Some(pid),
            State::Restarting(..) | State::Stopped => None,
        }
    }

    fn count(&self) -> Counts {
        let mut counts = Counts { specs: usize::from(self.template.is_some()), ..Counts::default() };
        for child in self.children.iter() {
            counts.specs += usize::from(self.template.is_none());
            counts.active += usize::from(matches!(child.state(), State::Running(..)));
            match child.spec.terms.child_type {
                ChildType::Worker => counts.workers += 1,
                ChildType::Supervisor => counts.supervisors += 1,
            }
        }
        counts
    }
}

fn info(child: &Entry) -> ChildInfo {
    let state = match child.state() {
        State::Running(pid, _) => ChildState::Running(pid),
        State::Restarting(..) => ChildState::Restarting,
        State::Stopped => ChildState::Stopped,
    };
    let terms = child.spec.terms;
    ChildInfo { id: child.spec.id.clone(), state, child_type: terms.child_type, restart: terms.restart }
}

/// Who asked may have gone.
fn send<M: Message>(reply: Reply, answer: &M) {
    let _ = reply.send(answer);
}

//! The world of an actor under test: what the host calls do natively while one runs.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use flower_abi::group::Progress;
use flower_abi::{MessageInfo, SendOptions, SpawnOptions, Status};

use super::effect::{Effect, Recipient, Recorded};
use crate::envelope::Envelope;
use crate::reference::{MonitorRef, RequestRef, TimerRef};
use crate::{ExitReason, Pid};

/// What an actor under test unwinds with when it exits.
pub(crate) struct Exited(pub(super) ExitReason);

/// What a spawn says that is not in its options.
pub(crate) struct SpawnRecord<'a> {
    pub(crate) module: &'a str,
    pub(crate) entry: &'a str,
    pub(crate) name: &'a str,
    pub(crate) label: &'a str,
}

/// The world around one actor.
pub(crate) struct Context {
    own: Pid,
    parent: Pid,
    now: u64,
    /// The last reference or serial that was given out.
    last: u64,
    names: BTreeMap<String, Pid>,
    /// How often each member has joined.
    groups: BTreeMap<String, BTreeMap<Pid, u32>>,
    pub(super) traps_stop: bool,
    traps_exit: bool,
    pub(super) effects: Vec<Effect>,
    /// The answer to the request that the test made.
    pub(super) answer: Option<Envelope>,
    /// What blocking calls give.
    pub(super) answers: VecDeque<Envelope>,
}

impl Default for Context {
    fn default() -> Context {
        Context::new(super::pid(0), super::pid(0))
    }
}

thread_local! {
    static CONTEXT: RefCell<Option<Context>> = const { RefCell::new(None) };
}

/// Runs code in a world, and gives the world back.
pub(super) fn with_context<T>(context: Context, code: impl FnOnce() -> T) -> (T, Context) {
    let outer = CONTEXT.replace(Some(context));
    let result = code();
    let context = CONTEXT.replace(outer);
    (result, context.expect("nobody else takes it"))
}

/// What the world around the caller does, if a test runs it.
pub(crate) fn recorded<T>(call: impl FnOnce(&mut Context) -> T) -> Option<T> {
    CONTEXT.with_borrow_mut(|context| context.as_mut().map(call))
}

/// Unwinds the actor that exits, if a test runs it.
pub(crate) fn exiting(reason: ExitReason) {
    if recorded(|_| ()).is_some() {
        std::panic::resume_unwind(Box::new(Exited(reason)));
    }
}

/// Notes an exit signal, if a test runs the caller.
pub(crate) fn signalled(to: Pid, reason: impl FnOnce() -> ExitReason) -> Option<Result<(), Status>> {
    recorded(|world| world.note(Effect::Signalled(to, reason())))
}

impl Context {
    pub(super) fn new(own: Pid, parent: Pid) -> Context {
        Context {
            own,
            parent,
            now: 1_000_000_000,
            last: 0,
            names: BTreeMap::new(),
            groups: BTreeMap::new(),
            traps_stop: false,
            traps_exit: false,
            effects: Vec::new(),
            answer: None,
            answers: VecDeque::new(),
        }
    }

    pub(super) fn advance(&mut self, time: Duration) {
        self.now += time.as_nanos() as u64;
    }

    fn next(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    fn until(&self, deadline: u64) -> Duration {
        Duration::from_nanos(deadline.saturating_sub(self.now))
    }

    fn note(&mut self, effect: Effect) -> Result<(), Status> {
        self.effects.push(effect);
        Ok(())
    }
}

/// The host calls.
impl Context {
    pub(crate) fn self_pid(&self) -> flower_abi::Pid {
        self.own.0
    }

    pub(crate) fn parent(&self) -> Option<flower_abi::Pid> {
        Some(self.parent.0)
    }

    pub(crate) fn now(&self) -> u64 {
        self.now
    }

    pub(crate) fn send(
        &mut self,
        to: flower_abi::Pid,
        body: &[u8],
        options: &SendOptions,
    ) -> Result<(), Status> {
        self.note(Effect::Sent { to: Pid(to).into(), message: Recorded::sent(options, body) })
    }

    pub(crate) fn send_named(
        &mut self,
        name: &str,
        body: &[u8],
        options: &SendOptions,
    ) -> Result<(), Status> {
        let to = Recipient::Name(name.to_owned());
        self.note(Effect::Sent { to, message: Recorded::sent(options, body) })
    }

    pub(crate) fn request(
        &mut self,
        to: flower_abi::Pid,
        body: &[u8],
        options: &SendOptions,
    ) -> Result<u64, Status> {
        let reference = self.next();
        let (request, message) = (Some(RequestRef(reference)), Recorded::sent(options, body));
        self.note(Effect::Asked { to: Pid(to), request, message })?;
        Ok(reference)
    }

    /// A blocking call, or the wait for a request: what the test has ready, or nothing in time.
    pub(crate) fn call(
        &mut self,
        to: flower_abi::Pid,
        body: &[u8],
        options: &SendOptions,
    ) -> (Status, Envelope) {
        let message = Recorded::sent(options, body);
        self.effects.push(Effect::Asked { to: Pid(to), request: None, message });
        match self.wait() {
            Ok(answer) => (Status::OK, answer),
            Err(status) => (status, Envelope::of(&MessageInfo::EMPTY, &[])),
        }
    }

    pub(crate) fn wait(&mut self) -> Result<Envelope, Status> {
        self.answers.pop_front().ok_or(Status::TIMED_OUT)
    }

    pub(crate) fn reply(
        &mut self,
        token: &[u8; MessageInfo::TOKEN_SIZE],
        body: &[u8],
        options: &SendOptions,
    ) -> Result<(), Status> {
        let (pid, _) = token.as_chunks::<32>();
        let to = Pid(flower_abi::Pid::from_bytes(&pid[0]));
        let kind = flower_abi::Kind::Reply as u32;
        let (codec, fingerprint) = (options.codec, options.fingerprint);
        let info = MessageInfo { kind, codec, fingerprint, ..MessageInfo::EMPTY };
        self.answer = Some(Envelope::of(&info, body));
        self.note(Effect::Replied { to, message: Recorded::sent(options, body) })
    }

    pub(crate) fn spawn(
        &mut self,
        options: &SpawnOptions,
        record: &SpawnRecord<'_>,
        args: &[u8],
    ) -> (Pid, u64) {
        let (serial, reference) = (super::OWN + self.next(), self.next());
        let pid = super::pid(serial);
        let flag = |flag: u32| options.flags & flag != 0;
        let entry = if flag(SpawnOptions::INDEXED) { record.label } else { record.entry };
        self.effects.push(Effect::Spawned {
            pid,
            entry: entry.to_owned(),
            module: record.module.to_owned(),
            name: record.name.to_owned(),
            args: Recorded::new(options.codec, options.fingerprint, args),
            linked: flag(SpawnOptions::LINK),
            monitor: flag(SpawnOptions::MONITOR).then_some(MonitorRef(reference)),
        });
        (pid, reference)
    }

    pub(crate) fn monitor(&mut self, pid: flower_abi::Pid) -> Result<u64, Status> {
        let reference = self.next();
        self.note(Effect::Monitored(Pid(pid), MonitorRef(reference)))?;
        Ok(reference)
    }

    pub(crate) fn notify_room(&mut self, to: flower_abi::Pid) -> Result<u64, Status> {
        let reference = self.next();
        self.note(Effect::WaitsForRoom(Pid(to)))?;
        Ok(reference)
    }

    pub(crate) fn cancel(&mut self, reference: u64) -> bool {
        self.note(Effect::Cancelled(reference)).is_ok()
    }

    pub(crate) fn timer_start(
        &mut self,
        deadline: u64,
        period: u64,
        to: Option<flower_abi::Pid>,
        body: &[u8],
        options: &SendOptions,
    ) -> Result<u64, Status> {
        let reference = self.next();
        self.note(Effect::Timer {
            timer: TimerRef(reference),
            delay: self.until(deadline),
            every: Duration::from_nanos(period),
            to: to.map(Pid),
            message: Recorded::sent(options, body),
        })?;
        Ok(reference)
    }

    pub(crate) fn sleep(&mut self, deadline: u64) {
        let time = self.until(deadline);
        self.effects.push(Effect::Slept(time));
        self.now = self.now.max(deadline);
    }

    pub(crate) fn kill(&mut self, pid: flower_abi::Pid) -> Result<(), Status> {
        self.note(Effect::Killed(Pid(pid)))
    }

    pub(crate) fn stop(&mut self, pid: flower_abi::Pid) -> Result<(), Status> {
        self.note(Effect::Stopped(Pid(pid)))
    }

    pub(crate) fn link(&mut self, pid: flower_abi::Pid) -> Result<(), Status> {
        self.note(Effect::Linked(Pid(pid)))
    }

    pub(crate) fn unlink(&mut self, pid: flower_abi::Pid) -> Result<(), Status> {
        self.note(Effect::Unlinked(Pid(pid)))
    }

    pub(crate) fn trap_stop(&mut self, on: bool) -> bool {
        std::mem::replace(&mut self.traps_stop, on)
    }

    pub(crate) fn trap_exit(&mut self, on: bool) -> bool {
        std::mem::replace(&mut self.traps_exit, on)
    }

    pub(crate) fn register(&mut self, name: &str, pid: flower_abi::Pid) -> Result<(), Status> {
        match self.names.get(name) {
            Some(holder) if *holder != Pid(pid) => return Err(Status::NAME_TAKEN),
            _ => self.names.insert(name.to_owned(), Pid(pid)),
        };
        self.note(Effect::Registered(name.to_owned(), Pid(pid)))
    }

    pub(crate) fn unregister(&mut self, name: &str) -> Result<(), Status> {
        self.names.remove(name).ok_or(Status::NO_NAME)?;
        self.note(Effect::Unregistered(name.to_owned()))
    }

    pub(crate) fn group_join(&mut self, name: &str, pid: flower_abi::Pid) -> Result<(), Status> {
        *self.groups.entry(name.to_owned()).or_default().entry(Pid(pid)).or_default() += 1;
        self.note(Effect::JoinedGroup(name.to_owned(), Pid(pid)))
    }

    pub(crate) fn group_leave(&mut self, name: &str, pid: flower_abi::Pid) -> Result<(), Status> {
        let group = self.groups.get_mut(name).ok_or(Status::NONE)?;
        let joins = group.get_mut(&Pid(pid)).ok_or(Status::NONE)?;
        *joins -= 1;
        if *joins == 0 {
            group.remove(&Pid(pid));
        }
        self.note(Effect::LeftGroup(name.to_owned(), Pid(pid)))
    }

    pub(crate) fn group_members(&self, name: &str, after: u64, places: &mut [flower_abi::Pid]) -> usize {
        let members = self.groups.get(name).into_iter().flat_map(BTreeMap::keys);
        let behind = members.filter(|pid| pid.serial() > after);
        places.iter_mut().zip(behind).map(|(place, pid)| *place = pid.0).count()
    }

    pub(crate) fn group_broadcast(
        &mut self,
        name: &str,
        body: &[u8],
        options: &SendOptions,
        progress: &mut Progress,
    ) -> Result<bool, Status> {
        progress.accepted = self.groups.get(name).map_or(0, |group| group.len() as u32);
        let to = Recipient::Group(name.to_owned());
        self.note(Effect::Sent { to, message: Recorded::sent(options, body) })?;
        Ok(false)
    }

    pub(crate) fn whereis(&self, name: &str) -> Result<flower_abi::Pid, Status> {
        self.names.get(name).map(|pid| pid.0).ok_or(Status::NO_NAME)
    }
}

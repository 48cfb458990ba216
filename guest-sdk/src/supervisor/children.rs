//! The children of a supervisor: in the order of their start, and found by pid, by id and by alarm.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::child::Spec;
use crate::spawn::Args;
use crate::{Instant, MonitorRef, Pid, TimerRef, cancel_timer};

/// Which child: a number that grows in the order of their start.
pub(super) type Key = u64;

/// A child, whether it runs or not.
pub(super) struct Entry {
    pub(super) spec: Rc<Spec>,
    /// What it is started with in place of the specification's own arguments.
    args: Option<Args>,
    state: State,
    /// When it was started, if anybody has to know.
    pub(super) began: Instant,
    /// How many restarts in a row it has had.
    pub(super) in_a_row: u32,
}

impl Entry {
    pub(super) fn args(&self) -> &Args {
        self.args.as_ref().unwrap_or(self.spec.recipe.args())
    }

    pub(super) fn state(&self) -> State {
        self.state
    }
}

/// What a child does.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum State {
    /// Nothing: it was stopped, or has ended and was not restarted.
    Stopped,
    /// It runs.
    Running(Pid, MonitorRef),
    /// It is restarted when this comes.
    Restarting(Alarm, Next),
}

/// What tells a supervisor that it is time for a restart.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Alarm {
    /// A timer.
    Timer(TimerRef),
    /// The message of this number that it has sent to itself.
    Message(u64),
}

/// What happens when a child's alarm comes.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Next {
    /// Its restart has been counted, and its time has come.
    Start,
    /// It could not be started, and that is tried again, which counts.
    Again,
}

/// All of them.
#[derive(Default)]
pub(super) struct Children {
    entries: BTreeMap<Key, Entry>,
    by_pid: BTreeMap<Pid, Key>,
    by_alarm: BTreeMap<Alarm, Key>,
    next: Key,
}

impl Children {
    /// Adds one that does not run yet.
    pub(super) fn add(&mut self, spec: Rc<Spec>, args: Option<Args>) -> Key {
        let key = self.next;
        self.next += 1;
        let entry = Entry { spec, args, state: State::Stopped, began: Instant(0), in_a_row: 0 };
        self.entries.insert(key, entry);
        key
    }

    /// Forgets one that does not run.
    pub(super) fn remove(&mut self, key: Key) {
        self.set(key, State::Stopped);
        self.entries.remove(&key);
    }

    pub(super) fn get(&self, key: Key) -> Option<&Entry> {
        self.entries.get(&key)
    }

    pub(super) fn get_mut(&mut self, key: Key) -> Option<&mut Entry> {
        self.entries.get_mut(&key)
    }

    /// Changes what a child does. The alarm for what it does no more is given up.
    pub(super) fn set(&mut self, key: Key, state: State) {
        let Some(entry) = self.entries.get_mut(&key) else { return };
        match std::mem::replace(&mut entry.state, state) {
            State::Stopped => {}
            State::Running(pid, _) => _ = self.by_pid.remove(&pid),
            State::Restarting(alarm, _) => {
                if let Alarm::Timer(timer) = alarm {
                    cancel_timer(timer);
                }
                self.by_alarm.remove(&alarm);
            }
        }
        match state {
            State::Stopped => {}
            State::Running(pid, _) => _ = self.by_pid.insert(pid, key),
            State::Restarting(alarm, _) => _ = self.by_alarm.insert(alarm, key),
        }
        debug_assert!(self.by_pid.len() + self.by_alarm.len() <= self.entries.len());
    }

    /// Who this actor is.
    pub(super) fn of_pid(&self, pid: Pid) -> Option<Key> {
        self.by_pid.get(&pid).copied()
    }

    /// Whose alarm has come, and what is to be done; the child is then one that does not run.
    pub(super) fn take_alarm(&mut self, alarm: Alarm) -> Option<(Key, Next)> {
        let key = *self.by_alarm.get(&alarm)?;
        let State::Restarting(_, next) = self.get(key)?.state else { return None };
        self.set(key, State::Stopped);
        Some((key, next))
    }

    /// Who has this id.
    pub(super) fn of_id(&self, id: &str) -> Option<Key> {
        self.entries.iter().find(|(_, entry)| entry.spec.id == id).map(|(key, _)| *key)
    }

    /// Every child, in the order of their start.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values()
    }

    pub(super) fn keys(&self) -> Vec<Key> {
        self.entries.keys().copied().collect()
    }

    /// This child, and those that come after it.
    pub(super) fn keys_from(&self, key: Key) -> Vec<Key> {
        self.entries.range(key..).map(|(key, _)| *key).collect()
    }

    /// Whether nobody runs.
    pub(super) fn is_idle(&self) -> bool {
        self.by_pid.is_empty()
    }

    /// Who runs, in the order of their pids.
    pub(super) fn running(&self) -> Vec<Pid> {
        self.by_pid.keys().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::Child;
    use super::*;
    use crate::pid::tests::sample;
    use flower_abi::Rights;

    fn children<const N: usize>(ids: [&str; N]) -> (Children, [Key; N]) {
        let mut children = Children::default();
        let keys = ids.map(|id| {
            let spec = Child::new(id, || (), ()).into_spec().expect("it can be encoded");
            children.add(Rc::new(spec), None)
        });
        (children, keys)
    }

    #[test]
    fn they_keep_the_order_of_their_start() {
        let (mut children, [a, b, c]) = children(["a", "b", "c"]);
        assert_eq!((children.keys(), children.keys_from(b)), (vec![a, b, c], vec![b, c]));
        children.remove(b);
        assert_eq!((children.of_id("b"), children.of_id("c")), (None, Some(c)));
        assert_eq!(children.keys_from(a), [a, c]);
    }

    #[test]
    fn a_child_is_found_by_pid_while_it_runs() {
        let (mut children, [_, b]) = children(["a", "b"]);
        let pid = sample(17, Rights::ALL);
        children.set(b, State::Running(pid, MonitorRef(1)));
        assert_eq!((children.of_pid(pid), children.running()), (Some(b), vec![pid]));
        children.set(b, State::Stopped);
        assert_eq!(children.of_pid(pid), None);
        children.set(b, State::Running(pid, MonitorRef(2)));
        children.remove(b);
        assert_eq!(children.of_pid(pid), None);
    }

    #[test]
    fn an_alarm_counts_once_and_only_while_the_child_waits_for_it() {
        let (mut children, [a]) = children(["a"]);
        children.set(a, State::Restarting(Alarm::Message(1), Next::Again));
        children.set(a, State::Restarting(Alarm::Message(2), Next::Again));
        assert_eq!(children.take_alarm(Alarm::Message(1)), None);
        assert_eq!(children.take_alarm(Alarm::Message(2)), Some((a, Next::Again)));
        assert_eq!(children.take_alarm(Alarm::Message(2)), None);
        assert_eq!(children.get(a).map(Entry::state), Some(State::Stopped));
    }
}

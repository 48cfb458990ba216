//! After any history, the members of a group are exactly those that joined, did not leave as often, and
//! live. The first argument is the seed, the second the number of steps.

use std::collections::BTreeMap;

use flower::{
    GroupError, Pid, Rights, call, join_group, join_group_as, kill, leave_group, leave_group_as, members,
    receive_request, spawn, stop,
};
use flower_guests::{PATIENCE, end_of};

const GROUPS: [&str; 3] = ["red", "green", "blue"];

/// More are not alive at once.
const ACTORS_MAX: usize = 8;

fn main() {
    let mut args = std::env::args().skip(1).map(|arg| arg.parse().expect("a number"));
    let (seed, steps): (u64, u64) = (args.next().expect("a seed"), args.next().expect("steps"));
    let mut history = History { random: seed, joins: BTreeMap::new() };
    for step in 0..steps {
        history.step();
        history.check(step);
    }
}

/// Joins and leaves by itself as it is asked.
fn actor((): ()) {
    while let Ok(((joins, group), reply)) = receive_request::<(bool, String)>() {
        let done = if joins { join_group(&group) } else { leave_group(&group) };
        reply.send(&done.is_ok()).expect("somebody waits");
    }
}

/// The model: how often each live actor has joined each group.
struct History {
    random: u64,
    joins: BTreeMap<Pid, [u32; GROUPS.len()]>,
}

impl History {
    /// A number below `bound` (Knuth's MMIX generator).
    fn below(&mut self, bound: usize) -> usize {
        self.random =
            self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.random >> 33) as usize % bound
    }

    fn step(&mut self) {
        let (what, group) = (self.below(10), self.below(GROUPS.len()));
        if self.joins.is_empty() || (what == 0 && self.joins.len() < ACTORS_MAX) {
            self.joins.insert(spawn(actor, ()), [0; GROUPS.len()]);
            return;
        }
        let at = self.below(self.joins.len());
        let pid = *self.joins.keys().nth(at).expect("there are more");
        match what {
            0..=3 => self.joined(pid, group, join_group_as(GROUPS[group], pid, Rights::PEER)),
            4 | 5 => self.asked_to_join(pid, group),
            6 => self.left(pid, group, leave_group_as(GROUPS[group], pid).is_ok()),
            7 => self.left(pid, group, ask(pid, false, group)),
            8 => self.ended(pid, kill(pid).is_ok()),
            _ => self.ended(pid, stop(pid).is_ok()),
        }
    }

    fn asked_to_join(&mut self, pid: Pid, group: usize) {
        let joined = if ask(pid, true, group) { Ok(()) } else { Err(GroupError::NoMember) };
        self.joined(pid, group, joined);
    }

    fn joined(&mut self, pid: Pid, group: usize, joined: Result<(), GroupError>) {
        assert_eq!(joined, Ok(()), "it lives");
        self.joins.get_mut(&pid).expect("it is known")[group] += 1;
    }

    fn left(&mut self, pid: Pid, group: usize, left: bool) {
        let joins = &mut self.joins.get_mut(&pid).expect("it is known")[group];
        assert_eq!(left, *joins > 0, "{pid} joined {} {joins} times", GROUPS[group]);
        *joins = joins.saturating_sub(1);
    }

    fn ended(&mut self, pid: Pid, told: bool) {
        assert!(told, "{pid} lives");
        end_of(pid);
        self.joins.remove(&pid);
    }

    fn check(&self, step: u64) {
        for (at, group) in GROUPS.iter().enumerate() {
            let expected = self.joins.iter().filter(|(_, joins)| joins[at] > 0).map(|(pid, _)| *pid);
            assert_eq!(members(group), expected.collect::<Vec<_>>(), "{group} after step {step}");
        }
    }
}

fn ask(pid: Pid, joins: bool, group: usize) -> bool {
    call(pid, &(joins, GROUPS[group].to_owned()), PATIENCE).expect("it answers")
}

//! Channels against a simple model: an actor makes random calls on three channels, some of which it waits for in
//! selects that it has started, and sees just what lists of values and of those who wait would show it.

use std::collections::{BTreeMap, VecDeque};

use flower_abi::{Kind, Overflow, Status};
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any};
use proptest::prop_oneof;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

use super::actor::{ArmOp, Op, Seen};
use super::host::Played;
use crate::wat::{self, deterministic};

const CHANNELS: u32 = 3;

/// The sender of channel `n` is in place `2 n`, its receiver in the next one.
fn place() -> impl Strategy<Value = u32> {
    0..CHANNELS
}

fn arm() -> impl Strategy<Value = ArmOp> {
    prop_oneof![
        4 => place().prop_map(|n| ArmOp::Send { at: 2 * n, value: 0 }),
        4 => place().prop_map(|n| ArmOp::Recv { at: 2 * n + 1 }),
        1 => (0..2 * CHANNELS).prop_map(|at| ArmOp::Closed { at }),
    ]
}

fn select() -> impl Strategy<Value = Op> {
    (vec(prop_oneof![9 => arm(), 1 => Just(ArmOp::Mailbox)], 0..4), any::<bool>(), 0..2u64)
        .prop_map(|(arms, biased, within)| Op::Select { arms, biased, within: within * 10 })
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        6 => place().prop_map(|n| Op::TrySend { at: 2 * n, value: 0 }),
        6 => place().prop_map(|n| Op::TryRecv { at: 2 * n + 1 }),
        2 => place().prop_map(|n| Op::Send { at: 2 * n, value: 0, within: 10 }),
        2 => place().prop_map(|n| Op::Recv { at: 2 * n + 1, within: 10 }),
        6 => select(),
        6 => vec(arm(), 1..4).prop_map(|arms| Op::Start { arms, within: super::actor::FOREVER }),
        3 => (0..60u32).prop_map(|step| Op::Cancel { step }),
        5 => Just(Op::Receive { within: 0 }),
        3 => (0..2 * CHANNELS).prop_map(|at| Op::Info { at }),
        1 => (0..2 * CHANNELS).prop_map(|at| Op::Close { at }),
        1 => (0..2 * CHANNELS).prop_map(|at| Op::Drop { at }),
    ]
}

/// Gives each value that is sent a number of its own.
fn number(ops: &mut [Op]) {
    let mut last = 0;
    let mut next = |value: &mut u64| {
        last += 1;
        *value = last;
    };
    for op in ops {
        match op {
            Op::TrySend { value, .. } | Op::Send { value, .. } => next(value),
            Op::Select { arms, .. } | Op::Start { arms, .. } => {
                for arm in arms {
                    if let ArmOp::Send { value, .. } = arm {
                        next(value);
                    }
                }
            }
            _ => {}
        }
    }
}

/// Somebody who waits: the select that was started at this step, with the arm and what it sends.
#[derive(Clone, Debug)]
struct Waits {
    step: u32,
    arm: u32,
    value: u64,
}

#[derive(Debug)]
struct Channel {
    capacity: usize,
    overflow: Overflow,
    values: VecDeque<u64>,
    closed: bool,
    endpoints: [bool; 2],
    sending: Vec<Waits>,
    receiving: Vec<Waits>,
    closing: Vec<Waits>,
}

/// A completion in the mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Completion {
    step: u32,
    arm: u32,
    value: u64,
    closed: bool,
}

struct Model {
    channels: Vec<Channel>,
    mailbox: VecDeque<Completion>,
    /// The reference that each step got which started a select.
    references: BTreeMap<u32, u64>,
}

const OK: i64 = 0;

fn code(status: Status) -> i64 {
    status.0.into()
}

/// What an arm comes to: the value received, or whether the channel was closed.
#[derive(Debug, PartialEq, Eq)]
struct Came {
    value: u64,
    closed: bool,
}

impl Model {
    fn new(made: &[(usize, Overflow)]) -> Model {
        let channel = |(capacity, overflow): &(usize, Overflow)| Channel {
            capacity: *capacity,
            overflow: *overflow,
            values: VecDeque::new(),
            closed: false,
            endpoints: [true; 2],
            sending: Vec::new(),
            receiving: Vec::new(),
            closing: Vec::new(),
        };
        Model {
            channels: made.iter().map(channel).collect(),
            mailbox: VecDeque::new(),
            references: BTreeMap::new(),
        }
    }

    fn has(&self, at: u32, receives: bool) -> bool {
        (at % 2 == 1) == receives && self.channels[at as usize / 2].endpoints[at as usize % 2]
    }

    fn can_send(&self, n: usize) -> bool {
        let channel = &self.channels[n];
        channel.closed
            || !channel.receiving.is_empty()
            || channel.values.len() < channel.capacity
            || channel.overflow != Overflow::Block
    }

    fn can_receive(&self, n: usize) -> bool {
        let channel = &self.channels[n];
        channel.closed || !channel.values.is_empty() || !channel.sending.is_empty()
    }

    /// A select that was started is done: nobody waits for it any more.
    fn complete(&mut self, waits: &Waits, value: u64, closed: bool) {
        let Waits { step, arm, .. } = *waits;
        self.forget(step);
        self.mailbox.push_back(Completion { step, arm, value, closed });
    }

    /// Takes a select out of all queues; false if it stands in none.
    fn forget(&mut self, step: u32) -> bool {
        let mut was_there = false;
        for channel in &mut self.channels {
            for queue in [&mut channel.sending, &mut channel.receiving, &mut channel.closing] {
                let before = queue.len();
                queue.retain(|waits| waits.step != step);
                was_there |= queue.len() < before;
            }
        }
        was_there
    }

    fn send(&mut self, n: usize, value: u64) -> Came {
        let channel = &mut self.channels[n];
        if channel.closed {
            return Came { value: 0, closed: true };
        }
        if let Some(first) = channel.receiving.first().cloned() {
            self.complete(&first, value, false);
        } else if channel.values.len() < channel.capacity {
            channel.values.push_back(value);
        } else if channel.overflow == Overflow::DropOldest && channel.capacity > 0 {
            channel.values.pop_front();
            channel.values.push_back(value);
        }
        Came { value: 0, closed: false }
    }

    fn receive(&mut self, n: usize) -> Came {
        let Some(value) = self.channels[n].values.pop_front() else {
            let Some(first) = self.channels[n].sending.first().cloned() else {
                return Came { value: 0, closed: true };
            };
            self.complete(&first, 0, false);
            return Came { value: first.value, closed: false };
        };
        while let Some(first) = self.channels[n].sending.first().cloned()
            && self.channels[n].values.len() < self.channels[n].capacity
        {
            self.channels[n].values.push_back(first.value);
            self.complete(&first, 0, false);
        }
        Came { value, closed: false }
    }

    fn close(&mut self, n: usize) -> bool {
        let was_open = !std::mem::replace(&mut self.channels[n].closed, true);
        let channel = &self.channels[n];
        for waits in [&channel.receiving[..], &channel.sending, &channel.closing].concat() {
            // One that waits here twice is told once.
            if self.stands(n, &waits) {
                self.complete(&waits, 0, true);
            }
        }
        was_open
    }

    fn stands(&self, n: usize, waits: &Waits) -> bool {
        let channel = &self.channels[n];
        let mut all = channel.receiving.iter().chain(&channel.sending).chain(&channel.closing);
        all.any(|other| other.step == waits.step)
    }

    /// The arms that can go ahead, or why none may be tried.
    fn ready(&self, arms: &[ArmOp]) -> Result<Vec<usize>, Status> {
        let mut ready = Vec::new();
        for (at, arm) in arms.iter().enumerate() {
            let is_ready = match arm {
                ArmOp::Send { at, .. } if !self.has(*at, false) => return Err(Status::NO_HANDLE),
                ArmOp::Recv { at } if !self.has(*at, true) => return Err(Status::NO_HANDLE),
                ArmOp::Closed { at } if !self.has(*at, at % 2 == 1) => return Err(Status::NO_HANDLE),
                ArmOp::Send { at, .. } => self.can_send(*at as usize / 2),
                ArmOp::Recv { at } => self.can_receive(*at as usize / 2),
                ArmOp::Closed { at } => self.channels[*at as usize / 2].closed,
                ArmOp::Mailbox => {
                    let is_first = !arms[..at].contains(&ArmOp::Mailbox);
                    !self.mailbox.is_empty() && is_first
                }
            };
            if is_ready {
                ready.push(at);
            }
        }
        Ok(ready)
    }

    fn perform(&mut self, arm: &ArmOp) -> Came {
        match arm {
            ArmOp::Send { at, value } => self.send(*at as usize / 2, *value),
            ArmOp::Recv { at } => self.receive(*at as usize / 2),
            ArmOp::Closed { .. } => Came { value: 0, closed: true },
            ArmOp::Mailbox => {
                let Completion { value, closed, .. } = self.mailbox.pop_front().expect("there is one");
                Came { value, closed }
            }
        }
    }

    /// One arm that may wait no longer than an actor can alone.
    fn one(&mut self, arm: &ArmOp, would_wait: Status) -> (i64, u64) {
        match self.ready(std::slice::from_ref(arm)) {
            Err(status) => (code(status), 0),
            Ok(ready) if ready.is_empty() => (code(would_wait), 0),
            Ok(_) => match self.perform(arm) {
                Came { closed: true, .. } => (code(Status::CLOSED), 0),
                Came { value, .. } => (OK, value),
            },
        }
    }

    fn select(&mut self, arms: &[ArmOp], biased: bool, seen: &Seen) -> Result<(), String> {
        let ready = match self.ready(arms) {
            Err(status) => return same(seen.status, code(status)),
            Ok(ready) if ready.is_empty() => return same(seen.status, code(Status::TIMED_OUT)),
            Ok(ready) => ready,
        };
        let Some(chosen) = ready.iter().find(|arm| **arm as i64 == seen.status) else {
            return Err(format!("{} was done, of {ready:?}", seen.status));
        };
        if biased {
            same(*chosen, ready[0])?;
        }
        let came = self.perform(&arms[*chosen]);
        same((seen.value, seen.closed), (came.value, came.closed))
    }

    fn start(&mut self, step: u32, arms: &[ArmOp], seen: &Seen) -> Result<(), String> {
        if let Err(status) = self.ready(arms) {
            return same(seen.status, code(status));
        }
        same(seen.status > 0, true)?;
        self.references.insert(step, seen.status as u64);
        for (arm, wanted) in arms.iter().enumerate() {
            let arm = arm as u32;
            match wanted {
                ArmOp::Send { at, value } => {
                    self.channels[*at as usize / 2].sending.push(Waits { step, arm, value: *value });
                }
                ArmOp::Recv { at } => {
                    self.channels[*at as usize / 2].receiving.push(Waits { step, arm, value: 0 });
                }
                ArmOp::Closed { at } => {
                    self.channels[*at as usize / 2].closing.push(Waits { step, arm, value: 0 });
                }
                ArmOp::Mailbox => {}
            }
        }
        Ok(())
    }

    /// Makes a step, and says how what was seen differs.
    fn step(&mut self, op: &Op, seen: &Seen, all: &[Seen]) -> Result<(), String> {
        let (status, value) = match op {
            Op::TrySend { at, value } => {
                self.one(&ArmOp::Send { at: *at, value: *value }, Status::CHANNEL_FULL)
            }
            Op::Send { at, value, .. } => {
                self.one(&ArmOp::Send { at: *at, value: *value }, Status::TIMED_OUT)
            }
            Op::TryRecv { at } => self.one(&ArmOp::Recv { at: *at }, Status::NONE),
            Op::Recv { at, .. } => self.one(&ArmOp::Recv { at: *at }, Status::TIMED_OUT),
            Op::Select { arms, biased, .. } => return self.select(arms, *biased, seen),
            Op::Start { arms, .. } => return self.start_or_do(arms, seen, all),
            Op::Cancel { step } => {
                let known = self.references.contains_key(step);
                (i64::from(self.forget(*step) && known), 0)
            }
            Op::Receive { .. } => return self.take(seen),
            Op::Info { at } => return self.info(*at, seen),
            Op::Close { at } => match self.channels[*at as usize / 2].endpoints[*at as usize % 2] {
                true => (i64::from(self.close(*at as usize / 2)), 0),
                false => (code(Status::NO_HANDLE), 0),
            },
            Op::Drop { at } => (self.drop_handle(*at), 0),
            other => return Err(format!("the model knows no {other:?}")),
        };
        same((seen.status, seen.value), (status, value))
    }

    /// A start of which an arm can go ahead is done at once; which arm it was is told by its completion, which the
    /// actor takes later, or never.
    fn start_or_do(&mut self, arms: &[ArmOp], seen: &Seen, all: &[Seen]) -> Result<(), String> {
        let ready = self.ready(arms).unwrap_or_default();
        if ready.is_empty() {
            return self.start(seen.step, arms, seen);
        }
        let reference = seen.status as u64;
        self.references.insert(seen.step, reference);
        let told = all.iter().find(|later| later.step > seen.step && later.reference == reference);
        let arm = match (told, ready.as_slice()) {
            (Some(told), _) => told.arm as usize,
            (None, [only]) => *only,
            // Nobody looked: the history is not followed any further.
            (None, _) => return Err(UNSEEN.to_owned()),
        };
        same(ready.contains(&arm), true)?;
        let Came { value, closed } = self.perform(&arms[arm]);
        self.mailbox.push_back(Completion { step: seen.step, arm: arm as u32, value, closed });
        Ok(())
    }

    fn take(&mut self, seen: &Seen) -> Result<(), String> {
        let Some(first) = self.mailbox.pop_front() else {
            return same(seen.status, code(Status::TIMED_OUT));
        };
        same((seen.status, seen.kind), (OK, Kind::Selected as u32))?;
        same((seen.arm, seen.value, seen.closed), (first.arm, first.value, first.closed))?;
        same(Some(&seen.reference), self.references.get(&first.step))
    }

    fn info(&self, at: u32, seen: &Seen) -> Result<(), String> {
        let channel = &self.channels[at as usize / 2];
        if !channel.endpoints[at as usize % 2] {
            return same(seen.status, code(Status::NO_HANDLE));
        }
        let endpoints = channel.endpoints.map(u32::from);
        let expected = [
            channel.capacity as u32,
            channel.overflow as u32,
            u32::from(channel.closed),
            endpoints[0],
            endpoints[1],
            channel.sending.len() as u32,
            channel.receiving.len() as u32,
            at % 2,
        ];
        same((seen.status, seen.value, seen.info), (OK, channel.values.len() as u64, expected))
    }

    fn drop_handle(&mut self, at: u32) -> i64 {
        let n = at as usize / 2;
        let endpoint = &mut self.channels[n].endpoints[at as usize % 2];
        if !std::mem::replace(endpoint, false) {
            return code(Status::NO_HANDLE);
        }
        self.close(n);
        if at % 2 == 1 {
            self.channels[n].values.clear();
        }
        OK
    }
}

/// More than one arm could go ahead, and the actor never looked which did.
const UNSEEN: &str = "unseen";

fn same<T: PartialEq + std::fmt::Debug>(seen: T, expected: T) -> Result<(), String> {
    if seen == expected { Ok(()) } else { Err(format!("saw {seen:?}, expected {expected:?}")) }
}

fn compare(made: &[(usize, Overflow)], ops: &[Op], seed: u64) -> Result<(), TestCaseError> {
    let mut ops = ops.to_vec();
    number(&mut ops);
    let make = |(n, (capacity, overflow)): (u32, &(usize, Overflow))| Op::New {
        sender: 2 * n,
        receiver: 2 * n + 1,
        capacity: *capacity as u32,
        overflow: *overflow as u32,
    };
    let program: Vec<Op> = (0..).zip(made).map(make).chain(ops.iter().cloned()).collect();
    wat::run(async {
        let played = Played::new(deterministic(seed), &program).await;
        let mut model = Model::new(made);
        let seen = &played.seen[made.len()..];
        proptest::prop_assert_eq!(seen.len(), ops.len());
        for (op, one) in ops.iter().zip(seen) {
            match model.step(op, one, seen) {
                Ok(()) => {}
                Err(difference) if difference == UNSEEN => break,
                Err(difference) => proptest::prop_assert!(false, "{:?}: {}", op, difference),
            }
        }
        played.end().await;
        Ok(())
    })
}

#[test]
fn channels_do_what_the_model_does() {
    let config = Config { cases: 400, failure_persistence: None, ..Config::default() };
    let overflow = prop_oneof![
        4 => Just(Overflow::Block), 1 => Just(Overflow::DropNewest), 1 => Just(Overflow::DropOldest)
    ];
    let made = vec((0..4usize, overflow), CHANNELS as usize);
    let histories = (made, vec(op(), 1..80), any::<u64>());
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let outcome =
        TestRunner::new_with_rng(config, rng).run(&histories, |(made, ops, seed)| compare(&made, &ops, seed));
    match outcome {
        Ok(()) => {}
        Err(TestError::Fail(reason, history)) => panic!("{reason}\n{history:#?}"),
        Err(aborted) => panic!("{aborted}"),
    }
}

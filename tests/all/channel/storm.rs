//! Random programs of actors that send, receive, select, close and crash on two channels: no value is lost, none is
//! seen twice, those of one sender stay in order, and no select does two of its arms.

use std::collections::{BTreeMap, BTreeSet};

use flower_abi::{Kind, Overflow};
use flower_host::HostBuilder;

use super::actor::{ArmOp, FOREVER, Op, Seen};
use super::host::Played;
use crate::wat::{self, Random, deterministic, threads};

/// A value says who sent it, in which step and over which channel.
fn value(actor: u32, step: u64, channel: u32) -> u64 {
    u64::from(actor) * 1_000_000 + step * 10 + u64::from(channel)
}

fn within(random: &mut Random) -> u64 {
    *random.choose(&[0, 1000, 100_000, FOREVER])
}

/// A random step; every arm that sends has a value of its own.
fn step(random: &mut Random, actor: u32, numbers: &mut u64) -> Op {
    let channel = (random.next() % 2) as u32;
    let mut next = |channel| {
        *numbers += 1;
        value(actor, *numbers, channel)
    };
    match random.next() % 40 {
        0..8 => Op::Send { at: 2 * channel, value: next(channel), within: within(random) },
        8..16 => Op::Recv { at: 2 * channel + 1, within: within(random) },
        16..19 => Op::TrySend { at: 2 * channel, value: next(channel) },
        19..22 => Op::TryRecv { at: 2 * channel + 1 },
        22..34 => {
            let arms = (0..1 + random.next() % 4).map(|_| {
                let channel = (random.next() % 2) as u32;
                match random.next() % 2 {
                    0 => ArmOp::Send { at: 2 * channel, value: next(channel) },
                    _ => ArmOp::Recv { at: 2 * channel + 1 },
                }
            });
            let arms = arms.collect();
            Op::Select { arms, biased: random.next().is_multiple_of(4), within: within(random) }
        }
        34..37 => Op::Sleep { time: random.next() % 10_000 },
        37 => Op::Drop { at: (random.next() % 4) as u32 },
        38 if random.next().is_multiple_of(3) => Op::Crash,
        39 if random.next().is_multiple_of(4) => Op::Close { at: 2 * channel },
        _ => Op::Clone { at: (random.next() % 4) as u32, to: 10 },
    }
}

/// What each actor is to do.
fn programs(random: &mut Random) -> Vec<Vec<Op>> {
    let program = |actor, random: &mut Random| {
        let mut numbers = 0;
        (0..30).map(|_| step(random, actor, &mut numbers)).collect()
    };
    (1..=6).map(|actor| program(actor, random)).collect()
}

/// The values that a program's steps say were sent, and those that were received, in the order of each actor.
struct History {
    sent: BTreeSet<u64>,
    received: Vec<(u32, u64)>,
}

/// The steps of a program by the number of the record that they begin at.
fn by_record(program: &[Op]) -> BTreeMap<u32, &Op> {
    let mut at = 0;
    let mut steps = BTreeMap::new();
    for op in program {
        steps.insert(at, op);
        at += match op {
            Op::Select { arms, .. } => 1 + arms.len() as u32,
            _ => 1,
        };
    }
    steps
}

impl History {
    fn new(programs: &[Vec<Op>], seen: &[Seen]) -> History {
        let steps: Vec<_> = programs.iter().map(|program| by_record(program)).collect();
        let mut history = History { sent: BTreeSet::new(), received: Vec::new() };
        for one in seen.iter().filter(|seen| seen.actor > 0) {
            let sent = match steps[one.actor as usize - 1][&one.step] {
                Op::Send { value, .. } | Op::TrySend { value, .. } if one.status == 0 => Some(*value),
                Op::Select { arms, .. } if one.status >= 0 && !one.closed => match &arms[one.status as usize]
                {
                    ArmOp::Send { value, .. } => Some(*value),
                    _ => None,
                },
                _ => None,
            };
            history.sent.extend(sent);
            if sent.is_none() && one.kind == Kind::Selected as u32 && one.status >= 0 && !one.closed {
                history.received.push((one.actor, one.value));
            }
        }
        history
    }

    /// Fails if a value was received that nobody sent, or twice, or before one that its sender sent before.
    fn check(&self) {
        let mut different = BTreeSet::new();
        let mut last = BTreeMap::new();
        for (receiver, value) in &self.received {
            assert!(self.sent.contains(value), "nobody says that it sent {value}");
            assert!(different.insert(value), "{value} was received twice");
            let (sender, channel) = (value / 1_000_000, value % 10);
            let before = last.insert((receiver, sender, channel), value);
            assert!(before.is_none_or(|before| before < value), "{value} came after {before:?}");
        }
    }
}

/// Plays a random program, and fails unless its history is sound; returns how many values were received.
fn play(builder: HostBuilder, seed: u64) -> usize {
    wat::run(async {
        let mut random = Random(seed);
        let programs = programs(&mut random);
        let policy =
            |random: &mut Random| *random.choose(&[Overflow::Block, Overflow::Block, Overflow::DropOldest]);
        let new = |at: u32, random: &mut Random| Op::New {
            sender: at,
            receiver: at + 1,
            capacity: (random.next() % 3) as u32,
            overflow: policy(random) as u32,
        };
        let mut ops = vec![new(0, &mut random), new(2, &mut random)];
        for (index, child) in (1..).zip(&programs) {
            ops.push(Op::Spawn { child: child.clone(), index, handles: vec![0, 1, 2, 3] });
        }
        ops.extend((0..4).map(|at| Op::Drop { at }));
        let played = Played::new(builder, &ops).await;
        let history = History::new(&programs, &played.seen);
        history.check();
        let accounts = played.end().await;
        let gone = accounts.dropped_dead_receiver + accounts.dropped_overflow;
        let (sent, received) = (history.sent.len() as u64, history.received.len() as u64);
        assert_eq!(sent, received + gone, "seed {seed}: {accounts:?}");
        history.received.len()
    })
}

#[test]
fn no_value_is_lost_or_seen_twice_in_virtual_time() {
    let received: usize = (0..60).map(|seed| play(deterministic(seed), seed)).sum();
    assert!(received > 500, "{received}");
}

#[test]
fn no_value_is_lost_or_seen_twice_on_threads() {
    let received: usize = (100..160).map(|seed| play(threads(), seed)).sum();
    assert!(received > 0, "{received}");
}

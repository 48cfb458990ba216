//! Random programs of tasks that send, receive, select, close and are aborted, and what must hold of each.
//!
//! No value is lost or comes twice; what a refused, given up or losing operation had is never received; a receiver gets what
//! one sender sent in order; and nobody waits for what is there.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use proptest::prelude::*;

use super::*;
use crate::task::{self, JoinHandle};

const CHANNELS: usize = 3;
const TURNS: usize = 200;

/// What a task does next; channels by their index.
#[derive(Clone, Debug)]
enum Step {
    Send(usize),
    TrySend(usize),
    Recv(usize),
    TryRecv(usize),
    Select(Vec<(bool, usize)>, bool),
    /// Receives, unless the receive is given up after one turn.
    Brief(usize),
    Close(usize),
    Yield,
}

#[derive(Clone, Debug)]
struct Program {
    channels: Vec<(usize, Overflow)>,
    tasks: Vec<Vec<Step>>,
    /// Which task is aborted after how many turns.
    aborts: Vec<(usize, usize)>,
}

/// What has happened. A value is the number of its task and of its step.
#[derive(Default)]
struct Record {
    sent: BTreeSet<(usize, usize)>,
    refused: BTreeSet<(usize, usize)>,
    /// By channel and receiver, in order.
    received: BTreeMap<(usize, usize), Vec<(usize, usize)>>,
    /// Who waits for which operations, while he does.
    waits: BTreeMap<usize, Vec<(bool, usize)>>,
}

type Value = (usize, usize);
type Ends = Rc<Vec<(Sender<Value>, Receiver<Value>)>>;

impl Record {
    fn sent(&mut self, value: Value, done: bool) {
        let set = if done { &mut self.sent } else { &mut self.refused };
        assert!(set.insert(value), "{value:?} was sent twice");
    }

    fn received(&mut self, channel: usize, receiver: usize, value: Option<Value>) {
        self.received.entry((channel, receiver)).or_default().extend(value);
    }
}

async fn run(number: usize, steps: Vec<Step>, ends: Ends, record: Rc<RefCell<Record>>) {
    for (step, what) in steps.into_iter().enumerate() {
        let value = (number, step);
        let waits = match &what {
            Step::Send(at) => vec![(true, *at)],
            Step::Recv(at) => vec![(false, *at)],
            Step::Select(arms, false) => arms.clone(),
            _ => vec![],
        };
        record.borrow_mut().waits.insert(number, waits);
        match what {
            Step::Send(at) => {
                let sent = ends[at].0.send_async(value).await;
                record.borrow_mut().sent(value, sent.is_ok());
            }
            Step::TrySend(at) => record.borrow_mut().sent(value, ends[at].0.try_send(value).is_ok()),
            Step::Recv(at) => {
                let received = ends[at].1.recv_async().await;
                record.borrow_mut().received(at, number, received);
            }
            Step::TryRecv(at) => record.borrow_mut().received(at, number, ends[at].1.try_recv().ok()),
            Step::Select(arms, has_default) => select(value, arms, has_default, &ends, &record).await,
            Step::Brief(at) => {
                let wait = task::spawn({
                    let (ends, record) = (ends.clone(), record.clone());
                    async move {
                        let received = ends[at].1.recv_async().await;
                        record.borrow_mut().received(at, number, received);
                    }
                });
                let wait = wait.abort_on_drop();
                task::yield_now().await;
                task::yield_now().await;
                drop(wait);
            }
            Step::Close(at) => drop(ends[at].0.close()),
            Step::Yield => task::yield_now().await,
        }
    }
    record.borrow_mut().waits.remove(&number);
}

/// The arms that send have values of their own: of one that was not done, it is never received.
async fn select(
    (number, step): Value,
    arms: Vec<(bool, usize)>,
    has_default: bool,
    ends: &Ends,
    record: &RefCell<Record>,
) {
    let mut select = Select::new();
    let count = arms.len();
    let value = |arm: usize| (number, step * 100 + 1_000 + arm);
    for (arm, &(sends, at)) in arms.iter().enumerate() {
        select = if sends {
            select.send(&ends[at].0, value(arm), move |sent| (arm, Some(sent.is_ok()), None))
        } else {
            select.recv(&ends[at].1, move |received| (arm, None, received))
        };
    }
    if has_default {
        select = select.default(|| (usize::MAX, None, None));
    }
    let (done, sent, received) = select.wait_async().await;
    let mut record = record.borrow_mut();
    for arm in (0..count).filter(|&arm| arms[arm].0) {
        record.sent(value(arm), arm == done && sent == Some(true));
    }
    if let Some(&(false, at)) = arms.get(done) {
        record.received(at, number, received);
    }
}

fn check(program: Program) {
    let ends: Vec<_> =
        program.channels.iter().map(|&(capacity, overflow)| channel_with(capacity, overflow)).collect();
    let (ends, record) = (Rc::new(ends), Rc::new(RefCell::new(Record::default())));
    let tasks: Vec<JoinHandle<()>> = program
        .tasks
        .iter()
        .enumerate()
        .map(|(number, steps)| task::spawn(run(number, steps.clone(), ends.clone(), record.clone())))
        .collect();
    let mut aborted = BTreeSet::new();
    task::block_on(async {
        for turn in 0..TURNS {
            for &(at, number) in &program.aborts {
                if at == turn && !tasks[number % tasks.len()].is_finished() {
                    tasks[number % tasks.len()].abort();
                    aborted.insert(number % tasks.len());
                    record.borrow_mut().waits.remove(&(number % tasks.len()));
                }
            }
            task::yield_now().await;
        }
    });
    nobody_waits_for_what_is_there(&ends, &record.borrow());
    aborted.extend(record.borrow().waits.keys());
    tasks.iter().for_each(JoinHandle::abort);
    let left: Vec<Vec<Value>> = ends.iter().map(|(_, rx)| rx.try_iter().collect()).collect();
    every_value_is_somewhere(&program, &record.borrow(), &left, &aborted);
    assert_eq!(task::count(), 0);
    for (tx, rx) in ends.iter() {
        let state = tx.chan.state.borrow();
        assert_eq!((state.takers.places().0, state.givers.places().0, rx.len()), (0, 0, 0));
    }
}

fn nobody_waits_for_what_is_there(ends: &Ends, record: &Record) {
    for (number, waits) in &record.waits {
        for &(sends, at) in waits {
            let (tx, rx) = &ends[at];
            assert!(!tx.is_closed(), "task {number} waits at channel {at}, which is closed");
            let ready = if sends { !tx.is_full() } else { !rx.is_empty() };
            assert!(!ready, "task {number} waits at channel {at}, which is ready");
            let partner = |(other, waits): (&usize, &Vec<(bool, usize)>)| {
                other != number && waits.contains(&(!sends, at))
            };
            assert!(
                !record.waits.iter().any(partner),
                "task {number} and another wait for each other at {at}"
            );
        }
    }
}

fn every_value_is_somewhere(
    program: &Program,
    record: &Record,
    left: &[Vec<Value>],
    aborted: &BTreeSet<usize>,
) {
    let mut seen = BTreeSet::new();
    for value in record.received.values().chain(left).flatten() {
        assert!(seen.insert(*value), "{value:?} was received twice");
        assert!(!record.refused.contains(value), "{value:?} was refused and received");
        // Who is aborted does not see that his value was taken.
        assert!(record.sent.contains(value) || aborted.contains(&value.0), "{value:?} came from nowhere");
    }
    if program.channels.iter().all(|(_, overflow)| *overflow == Overflow::Block) {
        let lost: Vec<_> = record.sent.difference(&seen).collect();
        assert!(lost.is_empty(), "{lost:?} were lost");
    }
    for values in record.received.values().chain(left) {
        let mut last = BTreeMap::new();
        for &(sender, step) in values {
            // The values of a select stand behind those of single steps.
            let step = if step < 1_000 { step } else { (step - 1_000) / 100 };
            let before = last.insert(sender, step);
            assert!(before.is_none_or(|before| before < step), "{sender} sent {step} after {before:?}");
        }
    }
}

fn step() -> impl Strategy<Value = Step> {
    let at = 0..CHANNELS;
    let arms = prop::collection::vec((any::<bool>(), 0..CHANNELS), 1..4);
    prop_oneof![
        4 => at.clone().prop_map(Step::Send),
        1 => at.clone().prop_map(Step::TrySend),
        4 => at.clone().prop_map(Step::Recv),
        1 => at.clone().prop_map(Step::TryRecv),
        4 => (arms, prop::bool::weighted(0.2)).prop_map(|(arms, has_default)| Step::Select(arms, has_default)),
        2 => at.clone().prop_map(Step::Brief),
        1 => Just(Step::Yield),
        1 => prop::bool::weighted(0.2).prop_flat_map(|_| 0..CHANNELS).prop_map(Step::Close),
    ]
}

fn program(overflow: impl Strategy<Value = Overflow>) -> impl Strategy<Value = Program> {
    let channel = (0..3_usize, overflow);
    let channels = prop::collection::vec(channel, CHANNELS);
    let tasks = prop::collection::vec(prop::collection::vec(step(), 0..12), 2..6);
    let aborts = prop::collection::vec((0..20_usize, 0..6_usize), 0..4);
    (channels, tasks, aborts).prop_map(|(channels, tasks, aborts)| Program { channels, tasks, aborts })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_value_is_lost_or_doubled_and_nobody_waits_in_vain(program in program(Just(Overflow::Block))) {
        check(program);
    }

    #[test]
    fn nothing_comes_twice_where_values_are_dropped(
        program in program(prop::sample::select(vec![Overflow::Block, Overflow::DropNewest, Overflow::DropOldest])),
    ) {
        check(program);
    }
}

//! The mailbox against a simple model: an actor makes random calls on its own mailbox, in virtual time,
//! and sees just what a list of messages and a list of timers would show it.

mod actor;
mod model;

use flower_abi::MessageInfo;
use flower_host::{Host, Limits, Spawn};
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any};
use proptest::prop_oneof;
use proptest::test_runner::{Config, TestCaseError, TestError, TestRunner};

use crate::wat::{self, deterministic, load};
use actor::{INTERPRETER, Step, decode, encode};
use model::Model;

/// Bytes that the mailbox may hold.
const BYTES_MAX: u64 = 300;

/// One call of the actor; times are virtual, in ns from now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    /// Sends itself a message of this length.
    Send { fingerprint: u64, len: u32 },
    /// Receives what one of the filters matches.
    Receive { filters: Vec<Wanted>, within: u64 },
    /// Looks at the next message.
    Scan { within: u64 },
    /// Ends a scan.
    ScanEnd { take: bool },
    /// Drops the messages.
    Flush,
    /// Counts them.
    Len,
    /// Starts a timer.
    Timer { fingerprint: u64, after: u64, period: u64, len: u32 },
    /// Cancels the timer that was the n-th to be started.
    Cancel { nth: u64 },
    /// Sleeps.
    Sleep { time: u64 },
}

/// A filter, as far as the model knows the fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) kind: Option<u32>,
    pub(crate) fingerprint: Option<u64>,
    pub(crate) reference: Option<u64>,
    /// Messages of the actor itself, or of nobody.
    pub(crate) own: Option<bool>,
    pub(crate) request: bool,
}

fn wanted() -> impl Strategy<Value = Wanted> {
    (
        proptest::option::weighted(0.5, prop_oneof![3 => Just(0u32), 2 => Just(4), 1 => Just(9)]),
        proptest::option::weighted(0.5, 0..4u64),
        proptest::option::weighted(0.2, 0..6u64),
        proptest::option::weighted(0.2, any::<bool>()),
        proptest::bool::weighted(0.05),
    )
        .prop_map(|(kind, fingerprint, reference, own, request)| Wanted {
            kind,
            fingerprint,
            reference,
            own,
            request,
        })
}

fn op() -> impl Strategy<Value = Op> {
    let fingerprint = || 0..4u64;
    prop_oneof![
        6 => (fingerprint(), prop_oneof![0..20u32, 0..200u32, Just(400u32)])
            .prop_map(|(fingerprint, len)| Op::Send { fingerprint, len }),
        6 => (vec(wanted(), 0..3), 0..50u64).prop_map(|(filters, within)| Op::Receive { filters, within }),
        3 => (0..50u64).prop_map(|within| Op::Scan { within }),
        2 => any::<bool>().prop_map(|take| Op::ScanEnd { take }),
        1 => Just(Op::Flush),
        1 => Just(Op::Len),
        3 => (fingerprint(), 0..60u64, prop_oneof![3 => Just(0u64), 1 => 5..40u64], 0..20u32)
            .prop_map(|(fingerprint, after, period, len)| Op::Timer { fingerprint, after, period, len }),
        1 => (1..6u64).prop_map(|nth| Op::Cancel { nth }),
        1 => (0..80u64).prop_map(|time| Op::Sleep { time }),
    ]
}

fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.mailbox_bytes_max = BYTES_MAX;
    limits
}

/// What an actor with a mailbox of this length sees when it makes these calls.
async fn observed(host: &Host, ops: &[Op], len_max: u32) -> Vec<Step> {
    let module = load(host, &wat::module(INTERPRETER));
    let spawned =
        Spawn::entry(&module, "run").args(flower_host::Codec::RAW, encode(ops)).mailbox_len_max(len_max);
    let reason = host.spawn(spawned).expect("it is there").join().await;
    let flower_host::ExitReason::Normal(value) = &*reason else { panic!("{reason:?}") };
    decode(&value.bytes)
}

fn compare(ops: &[Op], len_max: u32) -> Result<(), TestCaseError> {
    wat::run(async {
        let host = deterministic(1).limits(limits()).build().expect("a host");
        let seen = observed(&host, ops, len_max).await;
        let mut model = Model::new(len_max.into(), BYTES_MAX);
        for (at, (op, seen)) in ops.iter().zip(&seen).enumerate() {
            let expected = model.step(op);
            proptest::prop_assert_eq!(seen, &expected, "step {}: {:?}", at, op);
        }
        proptest::prop_assert_eq!(seen.len(), ops.len());
        host.quiescent().await;
        let accounts = host.accounts();
        proptest::prop_assert!(accounts.balance(), "{:?}", accounts);
        proptest::prop_assert_eq!(accounts.received, model.received);
        proptest::prop_assert_eq!(accounts.refused, model.refused);
        proptest::prop_assert_eq!(accounts.dropped_flushed, model.flushed);
        proptest::prop_assert_eq!(accounts.dropped_overflow, model.overflown);
        proptest::prop_assert_eq!((accounts.queued, host.memory_used()), (0, 0));
        Ok(())
    })
}

#[test]
fn a_mailbox_does_what_the_model_does() {
    let config = Config { cases: 300, failure_persistence: None, ..Config::default() };
    let histories = (vec(op(), 1..60), prop_oneof![1..6u32, Just(1000u32)]);
    let outcome =
        TestRunner::new_with_rng(config, rng()).run(&histories, |(ops, len_max)| compare(&ops, len_max));
    match outcome {
        Ok(()) => {}
        Err(TestError::Fail(reason, history)) => panic!("{reason}\n{history:#?}"),
        Err(aborted) => panic!("{aborted}"),
    }
}

/// The same histories in every run of the test.
fn rng() -> proptest::test_runner::TestRng {
    proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha)
}

#[test]
fn unmatched_messages_stay_in_order() {
    let any = || Op::Receive { filters: Vec::new(), within: 0 };
    let none = Wanted { kind: None, fingerprint: None, reference: None, own: None, request: false };
    let only = |fingerprint| Op::Receive {
        filters: vec![Wanted { fingerprint: Some(fingerprint), ..none }],
        within: 0,
    };
    let send = |fingerprint| Op::Send { fingerprint, len: 1 };
    let history = [send(1), send(2), send(3), send(2), only(2), only(3), any(), any(), any()];
    compare(&history, 1000).expect("as the model has it");
    wat::run(async {
        let host = deterministic(1).limits(limits()).build().expect("a host");
        let seen = observed(&host, &history, 1000).await;
        let ids: Vec<u64> = seen[4..].iter().map(|step| step.id).collect();
        assert_eq!(ids, [2, 3, 1, 4, 0], "the last finds nothing");
    });
}

#[test]
fn a_message_that_does_not_match_neither_shortens_nor_restarts_the_timeout() {
    let none = Wanted { kind: None, fingerprint: None, reference: None, own: None, request: false };
    let filters = vec![Wanted { fingerprint: Some(3), ..none }];
    let tick = |after| Op::Timer { fingerprint: 1, after, period: 0, len: 0 };
    let history = [tick(10), tick(20), tick(30), Op::Receive { filters, within: 35 }, Op::Len];
    wat::run(async {
        let host = deterministic(1).limits(limits()).build().expect("a host");
        let seen = observed(&host, &history, 1000).await;
        assert_eq!((seen[3].status, seen[3].now - seen[2].now), (-6, 35));
        assert_eq!(seen[4].status, 3);
    });
}

const _: () = assert!(MessageInfo::SIZE == 128, "the interpreter copies the header's fields by their places");

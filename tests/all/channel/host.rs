//! Channels of the host: what each operation does to those at the other end, whatever happens to one of them.

use flower_abi::{Kind, Overflow, Status, ValueHeader};
use flower_host::{Accounts, ActorState, Codec, ExitReason, Host, HostBuilder, Limits, Spawn};

use super::actor::{ArmOp, FOREVER, Op, Seen, interpreter, reports, start};
use crate::wat::{self, deterministic, load, threads};

/// A program that makes every host call of channels and handles.
pub(crate) fn text() -> String {
    interpreter()
}

pub(super) const OK: i64 = 0;

pub(super) fn status(status: Status) -> i64 {
    status.0.into()
}

/// What the actors of a program report until nothing can happen any more, and the host that they leave.
pub(super) struct Played {
    pub(super) host: Host,
    pub(super) seen: Vec<Seen>,
}

impl Played {
    pub(super) async fn new(builder: HostBuilder, ops: &[Op]) -> Played {
        let host = builder.build().expect("a host");
        let mut mailbox = host.mailbox().expect("there is room");
        start(&host, &mailbox, ops);
        host.quiescent().await;
        let seen = reports(&mut mailbox);
        drop(mailbox);
        Played { host, seen }
    }

    /// What an actor was answered, step by step.
    pub(super) fn answers(&self, actor: u32) -> Vec<i64> {
        self.of(actor).map(|seen| seen.status).collect()
    }

    /// The values that an actor received.
    pub(super) fn received(&self, actor: u32) -> Vec<u64> {
        self.of(actor)
            .filter(|seen| seen.kind == Kind::Selected as u32 && seen.value != 0)
            .map(|seen| seen.value)
            .collect()
    }

    pub(super) fn of(&self, actor: u32) -> impl Iterator<Item = &Seen> {
        self.seen.iter().filter(move |seen| seen.actor == actor)
    }

    /// Ends all actors; fails if anything is left of them.
    pub(super) async fn end(self) -> Accounts {
        for actor in self.host.actors() {
            self.host.kill(actor.pid).expect("the pid has all rights");
        }
        self.host.quiescent().await;
        assert_eq!(self.host.channels(), []);
        let accounts = self.host.accounts();
        assert!(accounts.balance() && accounts.queued == 0, "{accounts:?}");
        accounts
    }
}

/// Runs a test in virtual time, where who sleeps lets all others go as far as they can.
pub(super) fn in_virtual_time<F: Future<Output = ()>>(test: impl Fn(HostBuilder) -> F) {
    for seed in 1..4 {
        wat::run(test(deterministic(seed)));
    }
}

/// Runs a test in each mode.
pub(super) fn in_each_mode<F: Future<Output = ()>>(test: impl Fn(HostBuilder) -> F) {
    for builder in [deterministic(1), deterministic(2), deterministic(3), threads(), threads()] {
        wat::run(test(builder));
    }
}

pub(super) fn new(capacity: u32) -> Op {
    with_policy(capacity, Overflow::Block)
}

/// The sender is in place 0, the receiver in place 1.
fn with_policy(capacity: u32, overflow: Overflow) -> Op {
    Op::New { sender: 0, receiver: 1, capacity, overflow: overflow as u32 }
}

fn send(value: u64) -> Op {
    Op::Send { at: 0, value, within: FOREVER }
}

pub(super) fn try_send(value: u64) -> Op {
    Op::TrySend { at: 0, value }
}

pub(super) fn recv() -> Op {
    Op::Recv { at: 1, within: FOREVER }
}

fn try_recv() -> Op {
    Op::TryRecv { at: 1 }
}

/// A child with both endpoints, in the same places.
pub(super) fn child(index: u32, child: &[Op]) -> Op {
    Op::Spawn { child: child.to_vec(), index, handles: vec![0, 1] }
}

pub(super) const SLEEP: Op = Op::Sleep { time: 1_000_000 };

#[test]
fn a_rendezvous_is_over_when_both_are_there() {
    in_each_mode(async |builder| {
        let sender = [send(5), send(6)];
        let ops = [new(0), child(1, &sender), recv(), try_recv(), SLEEP, try_recv(), try_recv()];
        let played = Played::new(builder, &ops).await;
        assert_eq!(played.answers(1), [OK, OK]);
        assert_eq!(played.received(0), [5, 6]);
        let accounts = played.end().await;
        assert_eq!(accounts.dropped_dead_receiver, 0);
    });
}

#[test]
fn a_buffer_holds_its_capacity_in_order() {
    in_each_mode(async |builder| {
        let fill = [try_send(1), try_send(2), try_send(3), Op::Send { at: 0, value: 4, within: 10 }];
        let take = [recv(), try_recv(), try_recv()];
        let played = Played::new(builder, &[&[new(2)][..], &fill, &take].concat()).await;
        let (full, timed_out) = (status(Status::CHANNEL_FULL), status(Status::TIMED_OUT));
        let none = status(Status::NONE);
        assert_eq!(played.answers(0), [OK, OK, OK, full, timed_out, OK, OK, none]);
        assert_eq!(played.received(0), [1, 2]);
        let accounts = played.end().await;
        assert_eq!(accounts.refused, 2);
    });
}

const DROP_BOTH: [Op; 2] = [Op::Drop { at: 0 }, Op::Drop { at: 1 }];

/// The second channel has its sender in place 2, and its receiver in place 3.
pub(super) fn second(capacity: u32) -> Op {
    Op::New { sender: 2, receiver: 3, capacity, overflow: Overflow::Block as u32 }
}

/// Receives from the first or the second channel.
pub(super) fn either(within: u64) -> Op {
    Op::Select { arms: vec![ArmOp::Recv { at: 1 }, ArmOp::Recv { at: 3 }], biased: false, within }
}

#[test]
fn who_sends_to_a_full_channel_waits_for_room() {
    in_each_mode(async |builder| {
        let ops = [new(1), child(1, &[send(1), send(2), send(3)]), SLEEP, recv(), recv(), recv(), try_recv()];
        let played = Played::new(builder, &ops).await;
        assert_eq!(played.answers(1), [OK; 3]);
        assert_eq!(played.received(0), [1, 2, 3]);
        played.end().await;
    });
}

#[test]
fn a_close_keeps_what_is_held_and_tells_who_waits_to_send() {
    in_each_mode(async |builder| {
        let before = [new(1), try_send(1), child(1, &[send(2)]), SLEEP];
        let after = [Op::Close { at: 0 }, Op::Close { at: 1 }, recv(), recv(), try_recv(), try_send(3)];
        let played = Played::new(builder, &[&before[..], &after].concat()).await;
        let closed = status(Status::CLOSED);
        assert_eq!(played.answers(1), [closed]);
        assert_eq!(played.answers(0)[4..], [1, 0, OK, closed, closed, closed]);
        assert_eq!(played.received(0), [1]);
        assert_eq!(played.end().await.refused, 2);
    });
}

#[test]
fn a_close_tells_who_waits_to_receive() {
    in_each_mode(async |builder| {
        let ops = [new(4), child(1, &[recv()]), child(2, &[recv()]), SLEEP, Op::Close { at: 0 }];
        let played = Played::new(builder, &ops).await;
        let closed = status(Status::CLOSED);
        assert_eq!((played.answers(1), played.answers(2)), (vec![closed], vec![closed]));
        played.end().await;
    });
}

#[test]
fn a_full_channel_drops_what_its_policy_says() {
    let ops = [send(1), send(2), send(3), try_recv(), try_recv(), try_recv()];
    let play = |capacity, overflow| {
        wat::run(async {
            let ops = [&[with_policy(capacity, overflow)], &ops[..]].concat();
            let played = Played::new(deterministic(4), &ops).await;
            let received = played.received(0);
            (received, played.end().await.dropped_overflow)
        })
    };
    assert_eq!(play(2, Overflow::DropNewest), (vec![1, 2], 1));
    assert_eq!(play(2, Overflow::DropOldest), (vec![2, 3], 1));
    assert_eq!(play(0, Overflow::DropNewest), (vec![], 3), "nobody was there");
    assert_eq!(play(0, Overflow::DropOldest), (vec![], 3));
}

#[test]
fn receivers_are_told_when_the_last_sender_is_gone_however() {
    wat::run(async {
        for last in [Op::Crash, SLEEP, Op::Drop { at: 0 }] {
            for builder in [deterministic(5), threads()] {
                let sender = [try_send(7), SLEEP, last.clone()];
                let ops = [new(2), child(1, &sender), Op::Drop { at: 0 }, recv(), recv(), try_recv()];
                let played = Played::new(builder, &ops).await;
                let closed = status(Status::CLOSED);
                assert_eq!(played.answers(0)[3..], [OK, closed, closed], "{last:?}");
                played.end().await;
            }
        }
    });
}

#[test]
fn senders_are_told_when_the_last_receiver_is_gone_however() {
    wat::run(async {
        for last in [Op::Crash, SLEEP, Op::Drop { at: 1 }] {
            for builder in [deterministic(1), deterministic(6)] {
                let receiver = [SLEEP, last.clone()];
                let ops = [new(1), child(1, &receiver), Op::Drop { at: 1 }, send(1), send(2), try_send(3)];
                let played = Played::new(builder, &ops).await;
                let closed = status(Status::CLOSED);
                assert_eq!(played.answers(0)[3..], [OK, closed, closed], "{last:?}");
                let accounts = played.end().await;
                assert_eq!(accounts.dropped_dead_receiver, 1, "what it held is nobody's");
            }
        }
    });
}

#[test]
fn who_dies_while_it_waits_leaves_no_trace() {
    in_virtual_time(async |builder| {
        // Two wait to receive and one to send; the first waits at both channels.
        let both = Op::Select {
            arms: vec![ArmOp::Recv { at: 1 }, ArmOp::Send { at: 2, value: 5 }],
            biased: false,
            within: FOREVER,
        };
        let spawn = |index, op| Op::Spawn { child: vec![op], index, handles: vec![0, 1, 2, 3] };
        let ops = [new(0), second(0), spawn(1, both), SLEEP, spawn(2, recv()), Op::Sleep { time: FOREVER }];
        let host = builder.build().expect("a host");
        let mailbox = host.mailbox().expect("there is room");
        start(&host, &mailbox, &ops);
        host.quiescent().await;
        let pids: Vec<_> = host.actors().iter().map(|actor| actor.pid).collect();
        let waiting = |host: &Host| {
            let of = |channel: &flower_host::ChannelStatus| {
                (channel.waiting_to_receive.clone(), channel.waiting_to_send.clone())
            };
            host.channels().iter().map(of).collect::<Vec<_>>()
        };
        assert_eq!(waiting(&host), [(vec![pids[1], pids[2]], vec![]), (vec![], vec![pids[1]])]);
        assert_eq!(host.actors()[1].state, ActorState::WaitingForChannel);
        assert_eq!(host.actors()[1].waits_at.len(), 2);
        host.kill(pids[1]).expect("the pid has all rights");
        host.quiescent().await;
        assert_eq!(waiting(&host), [(vec![pids[2]], vec![]), (vec![], vec![])]);
        assert_eq!(host.channels().iter().map(|channel| channel.senders).collect::<Vec<_>>(), [2, 2]);
        for pid in [pids[2], pids[0]] {
            host.kill(pid).expect("the pid has all rights");
        }
        host.quiescent().await;
        assert_eq!(host.channels(), []);
    });
}

#[test]
fn a_handle_that_nobody_took_is_dropped_with_its_message() {
    in_each_mode(async |builder| {
        let within = 10;
        let ops = [
            &[new(1), second(1), Op::SendHandle { at: 2, value: 9, of: 0 }, Op::Drop { at: 0 }][..],
            &[Op::Recv { at: 1, within }, Op::Drop { at: 3 }, recv()],
        ];
        let played = Played::new(builder, &ops.concat()).await;
        let (timed_out, closed) = (status(Status::TIMED_OUT), status(Status::CLOSED));
        assert_eq!(played.answers(0)[4..], [timed_out, OK, closed]);
        played.end().await;
    });
    in_each_mode(async |builder| {
        let ops = [new(1), child(1, &[Op::Post { of: 0 }]), Op::Drop { at: 0 }, recv()];
        let played = Played::new(builder, &ops).await;
        assert_eq!(played.answers(0)[3], status(Status::CLOSED), "it died with its mailbox");
        played.end().await;
    });
}

#[test]
fn a_handle_that_was_taken_works() {
    in_each_mode(async |builder| {
        let post = [new(1), Op::Post { of: 0 }, Op::Drop { at: 0 }, Op::Receive { within: FOREVER }];
        let use_it = [Op::Take { to: 0 }, Op::Take { to: 5 }, try_send(3), Op::Clone { at: 0, to: 6 }];
        let end =
            [Op::Drop { at: 0 }, Op::Drop { at: 0 }, Op::TrySend { at: 6, value: 4 }, recv(), try_recv()];
        let played = Played::new(builder, &[&post[..], &use_it, &end].concat()).await;
        let (none, full) = (status(Status::NO_HANDLE), status(Status::CHANNEL_FULL));
        let answers = played.answers(0);
        assert_eq!(answers[4..7], [1, 0, OK], "they are taken once");
        assert!(answers[7] > 0);
        assert_eq!(answers[8..], [OK, none, full, OK, status(Status::NONE)]);
        played.end().await;
    });
}

#[test]
fn a_stale_or_wrong_handle_is_none() {
    in_each_mode(async |builder| {
        let wrong = [
            Op::TrySend { at: 1, value: 1 },
            Op::TryRecv { at: 0 },
            Op::TryRecv { at: 40 },
            Op::Info { at: 40 },
        ];
        let more = [
            Op::Close { at: 40 },
            Op::Clone { at: 40, to: 41 },
            Op::Recv { at: 0, within: 0 },
            Op::Send { at: 1, value: 1, within: 0 },
        ];
        let select = [
            Op::Select { arms: vec![ArmOp::Recv { at: 0 }], biased: false, within: FOREVER },
            Op::Start { arms: vec![ArmOp::Send { at: 1, value: 1 }], within: FOREVER },
        ];
        let played = Played::new(builder, &[&[new(1)][..], &wrong, &more, &select].concat()).await;
        assert_eq!(played.answers(0)[1..], [status(Status::NO_HANDLE); 10]);
        played.end().await;
    });
}

/// The status of the last step, with limits that the first argument sets.
async fn limited(set: impl Fn(&mut Limits), ops: &[Op]) -> i64 {
    let mut limits = Limits::default();
    set(&mut limits);
    let played = Played::new(deterministic(1).limits(limits), ops).await;
    let last = *played.answers(0).last().expect("a step was made");
    played.end().await;
    last
}

#[test]
fn limits_have_a_clear_answer_and_never_hang() {
    wat::run(async {
        let limit = status(Status::LIMIT);
        assert_eq!(limited(|limits| limits.channel_len_max = 10, &[new(10)]).await, OK);
        assert_eq!(limited(|limits| limits.channel_len_max = 10, &[new(11)]).await, limit);
        assert_eq!(limited(|limits| limits.host_channels_max = 1, &[new(1), second(1)]).await, limit);
        assert_eq!(limited(|limits| limits.handles_max = 3, &[new(1), second(1)]).await, limit);
        assert_eq!(
            limited(|limits| limits.handles_max = 2, &[new(1), Op::Clone { at: 0, to: 9 }]).await,
            limit
        );
        let post = [new(1), Op::Post { of: 0 }, Op::Receive { within: 0 }, Op::Take { to: 9 }];
        assert_eq!(limited(|limits| limits.handles_max = 2, &post).await, limit);
        let wait = [new(0), child(1, &[recv()]), SLEEP, recv()];
        assert_eq!(limited(|limits| limits.channel_waiters_max = 1, &wait).await, limit);
        let start = Op::Start { arms: vec![ArmOp::Recv { at: 1 }], within: FOREVER };
        assert_eq!(limited(|limits| limits.references_max = 1, &[new(0), start.clone(), start]).await, limit);
        assert_eq!(
            limited(|limits| limits.host_message_bytes_max = 100, &[new(9), try_send(1)]).await,
            limit
        );
        let full = status(Status::CHANNEL_FULL);
        assert_eq!(
            limited(|limits| limits.channel_bytes_max = 15, &[new(9), try_send(1), try_send(1)]).await,
            full
        );
        assert_eq!(
            limited(
                |_| {},
                &[
                    with_policy(1, Overflow::Block),
                    Op::New { sender: 5, receiver: 6, capacity: 1, overflow: 3 }
                ]
            )
            .await,
            status(Status::INVALID)
        );
    });
}

#[test]
fn the_room_of_values_is_charged_and_given_back() {
    wat::run(async {
        // Room for the first block of one channel, but not of two.
        let little = |limits: &mut Limits| limits.host_message_bytes_max = 3000;
        let second_send = Op::TrySend { at: 2, value: 2 };
        let ops =
            [&[new(8), second(8), try_send(1)], &DROP_BOTH[..], std::slice::from_ref(&second_send)].concat();
        assert_eq!(limited(little, &ops).await, OK);
        let ops = [new(8), second(8), try_send(1), second_send];
        assert_eq!(limited(little, &ops).await, status(Status::LIMIT));
    });
}

#[test]
fn channels_within_channels_are_dropped_one_after_the_other() {
    in_each_mode(async |builder| {
        let depth = 50_000;
        let played = Played::new(builder, &[Op::Nest { depth }]).await;
        assert_eq!(played.answers(0), [OK]);
        let accounts = played.end().await;
        assert_eq!(accounts.dropped_dead_receiver, depth);
    });
}

/// Sends numbers at once, and receives them at once, through a channel of this capacity.
async fn many(capacity: u32, overflow: Overflow, body: &[u8]) -> (i64, i64, Vec<u8>) {
    let host = threads().build().expect("a host");
    let module = load(&host, &interpreter());
    let args = [&capacity.to_le_bytes()[..], &(overflow as u32).to_le_bytes(), body].concat();
    let spawn = Spawn::entry(&module, "many").args(Codec::RAW, args);
    let reason = host.spawn(spawn).expect("it is there").join().await;
    let ExitReason::Normal(value) = &*reason else { panic!("{reason:?}") };
    let number = |at: usize| i64::from_le_bytes(value.bytes[at..at + 8].try_into().expect("8 bytes"));
    assert!(host.accounts().balance(), "{:?}", host.accounts());
    (number(0), number(8), value.bytes[16..].to_vec())
}

/// Values of different lengths, each behind its header.
fn records(count: u32) -> Vec<u8> {
    let record = |n: u32| {
        let header = ValueHeader { len: n % 20, codec: n, fingerprint: u64::from(n) << 32 };
        [&header.to_bytes()[..], &vec![n as u8; (n % 20) as usize]].concat()
    };
    (0..count).flat_map(record).collect()
}

#[test]
fn many_values_go_at_once_as_they_are() {
    wat::run(async {
        let sent = records(500);
        let (filled, drained, received) = many(1000, Overflow::Block, &sent).await;
        assert_eq!((filled, drained), (500, 500));
        assert_eq!(received[..sent.len()], sent);
        let (filled, drained, received) = many(100, Overflow::Block, &sent).await;
        assert_eq!((filled, drained), (100, 100));
        let first = records(100);
        assert_eq!(received[..first.len()], first);
        let (filled, drained, _) = many(100, Overflow::DropOldest, &sent).await;
        assert_eq!((filled, drained), (500, 100));
        let (filled, drained, _) = many(2000, Overflow::Block, &records(1500)).await;
        assert_eq!((filled, drained), (1024, 1024), "so many at once");
    });
}

#[test]
fn values_that_are_cut_off_are_not_sent() {
    wat::run(async {
        let sent = records(3);
        for (cut, expected) in [(sent.len() - 1, 2), (17, 1)] {
            assert_eq!(many(9, Overflow::Block, &sent[..cut]).await.0, expected);
        }
        assert_eq!(many(9, Overflow::Block, &sent[..15]).await.0, status(Status::INVALID));
        assert_eq!(many(9, Overflow::Block, &[]).await.0, 0);
        let huge = ValueHeader { len: u32::MAX, ..ValueHeader::default() }.to_bytes();
        assert_eq!(many(9, Overflow::Block, &huge).await.0, status(Status::TOO_LARGE));
        assert_eq!(many(0, Overflow::Block, &sent).await.1, status(Status::NONE), "it holds nothing");
    });
}

#[test]
fn a_cycle_of_actors_is_found() {
    in_each_mode(async |builder| {
        // Each sends to the other and nobody receives.
        let ops = [
            new(0),
            second(0),
            Op::Spawn { child: vec![Op::Recv { at: 1, within: FOREVER }], index: 1, handles: vec![2, 1] },
            Op::Drop { at: 1 },
            Op::Drop { at: 2 },
            Op::Recv { at: 3, within: FOREVER },
        ];
        let played = Played::new(builder, &ops).await;
        let cycle: Vec<String> = played.host.waiting_cycle().iter().map(ToString::to_string).collect();
        assert_eq!(cycle.len(), 2, "{cycle:?}");
        assert!(cycle[0].contains("waits to receive from channel 2"), "{cycle:?}");
        assert!(cycle[1].contains("waits to receive from channel 1"), "{cycle:?}");
        let shown = played.host.actors()[0].to_string();
        assert!(shown.contains("waiting at a channel (to receive from channel 2)"), "{shown}");
        played.end().await;
    });
}

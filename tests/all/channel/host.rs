//! Channels of the host: what each operation does to those at the other end, whatever happens to one of them.

use flower_abi::{Arm, Kind, Overflow, Status, ValueHeader};
use flower_host::{Accounts, ExitReason, Host, HostBuilder, Limits, Spawn};

use super::actor::{ArmOp, FOREVER, Op, Seen, interpreter, reports, start};
use crate::wat::{self, deterministic, load, threads};

/// A program that makes every host call of channels and handles.
pub(crate) fn text() -> String {
    interpreter()
}

const OK: i64 = 0;

fn status(status: Status) -> i64 {
    status.0.into()
}

/// What the actors of a program report until nothing can happen any more, and the host that they leave.
struct Played {
    host: Host,
    seen: Vec<Seen>,
}

impl Played {
    async fn new(builder: HostBuilder, ops: &[Op]) -> Played {
        let host = builder.build().expect("a host");
        let mut mailbox = host.mailbox().expect("there is room");
        start(&host, &mailbox, ops);
        host.quiescent().await;
        let seen = reports(&mut mailbox);
        drop(mailbox);
        Played { host, seen }
    }

    /// What an actor was answered, step by step.
    fn answers(&self, actor: u32) -> Vec<i64> {
        self.of(actor).map(|seen| seen.status).collect()
    }

    /// The values that an actor received.
    fn received(&self, actor: u32) -> Vec<u64> {
        self.of(actor)
            .filter(|seen| seen.kind == Kind::Selected as u32 && seen.value != 0)
            .map(|seen| seen.value)
            .collect()
    }

    fn of(&self, actor: u32) -> impl Iterator<Item = &Seen> {
        self.seen.iter().filter(move |seen| seen.actor == actor)
    }

    /// Ends all actors; fails if anything is left of them.
    async fn end(self) -> Accounts {
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

/// Runs a test in each mode.
fn in_each_mode<F: Future<Output = ()>>(test: impl Fn(HostBuilder) -> F) {
    for builder in [deterministic(1), deterministic(2), deterministic(3), threads(), threads()] {
        wat::run(test(builder));
    }
}

fn new(capacity: u32) -> Op {
    with_policy(capacity, Overflow::Block)
}

/// The sender is in place 0, the receiver in place 1.
fn with_policy(capacity: u32, overflow: Overflow) -> Op {
    Op::New { sender: 0, receiver: 1, capacity, overflow: overflow as u32 }
}

fn send(value: u64) -> Op {
    Op::Send { at: 0, value, within: FOREVER }
}

fn try_send(value: u64) -> Op {
    Op::TrySend { at: 0, value }
}

fn recv() -> Op {
    Op::Recv { at: 1, within: FOREVER }
}

fn try_recv() -> Op {
    Op::TryRecv { at: 1 }
}

/// A child with both endpoints, in the same places.
fn child(index: u32, child: &[Op]) -> Op {
    Op::Spawn { child: child.to_vec(), index, handles: vec![0, 1] }
}

const SLEEP: Op = Op::Sleep { time: 1_000_000 };

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

//! Several operations of channels at once, of which one is done.

use flower_abi::{Kind, Status};

use super::actor::{ArmOp, FOREVER, Op, Seen};
use super::host::{
    OK, Played, SLEEP, child, either, in_each_mode, in_virtual_time, new, recv, second, status, try_send,
};
use crate::wat::{self, deterministic};

#[test]
fn a_select_does_one_arm_and_leaves_the_others() {
    in_each_mode(async |builder| {
        let send_second = Op::Send { at: 2, value: 8, within: FOREVER };
        let spawn = Op::Spawn { child: vec![SLEEP, send_second], index: 1, handles: vec![0, 1, 2, 3] };
        let ops = [new(0), second(0), spawn, either(FOREVER), Op::Info { at: 0 }, either(0), either(10)];
        let played = Played::new(builder, &ops).await;
        let timed_out = status(Status::TIMED_OUT);
        assert_eq!(played.answers(0)[3..], [1, OK, timed_out, timed_out]);
        assert_eq!(played.received(0), [8]);
        let info = played.of(0).nth(4).expect("it was asked").info;
        assert_eq!((info[5], info[6]), (0, 0), "nobody waits any more");
        played.end().await;
    });
}

#[test]
fn a_select_that_sends_is_met_by_who_receives_and_by_who_selects() {
    in_each_mode(async |builder| {
        let sends = |value| Op::Select {
            arms: vec![ArmOp::Recv { at: 3 }, ArmOp::Send { at: 0, value }],
            biased: false,
            within: FOREVER,
        };
        let spawn =
            |index, child: &[Op]| Op::Spawn { child: child.to_vec(), index, handles: vec![0, 1, 2, 3] };
        let ops = [new(0), second(0), spawn(1, &[sends(4), sends(5)]), recv(), either(FOREVER)];
        let played = Played::new(builder, &ops).await;
        assert_eq!(played.answers(1), [1, 1]);
        assert_eq!((played.received(0), played.answers(0)[4]), (vec![4, 5], 0));
        played.end().await;
    });
}

/// By either endpoint, parked in it or not, and by every way in which a channel ends.
#[test]
fn who_waits_for_the_end_of_a_channel_is_told() {
    in_each_mode(async |builder| {
        let ends = |at| vec![ArmOp::Closed { at }, ArmOp::Recv { at: 3 }];
        let parked = |at| Op::Select { arms: ends(at), biased: false, within: FOREVER };
        let started = [Op::Start { arms: ends(0), within: FOREVER }, Op::Receive { within: FOREVER }];
        let spawn =
            |index, child: &[Op]| Op::Spawn { child: child.to_vec(), index, handles: vec![0, 1, 2, 3] };
        let spawns = [spawn(1, &[parked(0)]), spawn(2, &[parked(1)]), spawn(3, &started)];
        let ops = [&[new(1), second(0)], &spawns[..], &[try_send(5), SLEEP, Op::Close { at: 1 }, recv()]];
        let played = Played::new(builder, &[&ops.concat()[..], &[parked(0)]].concat()).await;
        for actor in [0, 1, 2, 3] {
            let last = played.of(actor).last().expect("it was told").clone();
            assert_eq!((last.arm, last.closed), (0, true), "actor {actor}: {last:?}");
        }
        assert_eq!(played.received(0), [5], "who waits for the end takes nothing");
        played.end().await;
    });
    wat::run(async {
        for last in [Op::Crash, SLEEP, Op::Drop { at: 1 }] {
            let ends = Op::Select { arms: vec![ArmOp::Closed { at: 0 }], biased: false, within: FOREVER };
            let ops = [new(1), child(1, &[SLEEP, last.clone()]), Op::Drop { at: 1 }, ends];
            let played = Played::new(deterministic(1), &ops).await;
            assert_eq!(
                played.of(0).last().map(|seen| (seen.status, seen.closed)),
                Some((0, true)),
                "{last:?}"
            );
            played.end().await;
        }
    });
}

#[test]
fn a_closed_arm_says_so() {
    in_each_mode(async |builder| {
        let select =
            |arm| Op::Select { arms: vec![ArmOp::Recv { at: 3 }, arm], biased: false, within: FOREVER };
        let ops = [
            new(1),
            second(1),
            Op::Close { at: 0 },
            select(ArmOp::Recv { at: 1 }),
            select(ArmOp::Send { at: 0, value: 1 }),
        ];
        let played = Played::new(builder, &ops).await;
        let selects: Vec<_> = played.of(0).skip(3).map(|seen| (seen.status, seen.arm, seen.closed)).collect();
        assert_eq!(selects, [(1, 1, true); 2]);
        played.end().await;
    });
}

#[test]
fn the_choice_is_fair_unless_it_is_biased() {
    in_virtual_time(async |builder| {
        let select = |biased| Op::Select {
            arms: vec![ArmOp::Recv { at: 1 }, ArmOp::Recv { at: 3 }],
            biased,
            within: 0,
        };
        let fill =
            |count: u64| (0..count).flat_map(|n| [try_send(n + 1), Op::TrySend { at: 2, value: n + 1 }]);
        let ops: Vec<Op> = [new(40), second(40)]
            .into_iter()
            .chain(fill(40))
            .chain((0..40).map(|_| select(false)))
            .chain((0..10).map(|_| select(true)))
            .collect();
        let played = Played::new(builder, &ops).await;
        let chosen = played.answers(0)[82..122].iter().filter(|arm| **arm == 0).count();
        assert!((10..=30).contains(&chosen), "{chosen} of 40");
        assert_eq!(played.answers(0)[122..], [0; 10]);
        played.end().await;
    });
}

#[test]
fn an_arm_takes_a_message_of_the_mailbox() {
    in_each_mode(async |builder| {
        let mailbox =
            |within| Op::Select { arms: vec![ArmOp::Recv { at: 1 }, ArmOp::Mailbox], biased: false, within };
        let started = Op::Start { arms: vec![ArmOp::Recv { at: 3 }], within: FOREVER };
        let child = Op::Spawn {
            child: vec![SLEEP, Op::Send { at: 2, value: 6, within: FOREVER }],
            index: 1,
            handles: vec![0, 1, 2, 3],
        };
        let ops = [
            new(0),
            second(0),
            Op::Post { of: 0 },
            mailbox(FOREVER),
            mailbox(10),
            started,
            child,
            mailbox(FOREVER),
        ];
        let played = Played::new(builder, &ops).await;
        let answers = played.answers(0);
        assert_eq!((answers[3], answers[4], answers[7]), (1, status(Status::TIMED_OUT), 1));
        assert_eq!(played.received(0), [6], "what a select that was started brings is a message");
        played.end().await;
    });
}

#[test]
fn ten_thousand_selects_over_idle_channels_leave_the_host_as_it_was() {
    in_each_mode(async |builder| {
        let ops =
            [new(0), second(1), Op::Idle { at: 1, other: 3, times: 10 }, Op::Receive { within: FOREVER }];
        let few = Played::new(builder, &ops).await;
        let (channels, actors) = (few.host.channels(), few.host.actors());
        let memory = few.host.memory_used();
        few.end().await;
        let ops =
            [new(0), second(1), Op::Idle { at: 1, other: 3, times: 10_000 }, Op::Receive { within: FOREVER }];
        let many = Played::new(deterministic(1), &ops).await;
        assert_eq!((many.host.channels(), many.host.memory_used()), (channels, memory));
        assert!(many.host.channels().iter().all(|channel| channel.waiting_to_receive.is_empty()));
        assert_eq!(many.host.actors()[0].mailbox_len, actors[0].mailbox_len);
        many.end().await;
    });
}

#[test]
fn a_select_that_was_started_is_completed_by_a_message() {
    in_each_mode(async |builder| {
        let arms = || vec![ArmOp::Recv { at: 1 }, ArmOp::Recv { at: 3 }];
        let receive = Op::Receive { within: FOREVER };
        let ops = [
            new(1),
            second(0),
            Op::Start { arms: arms(), within: FOREVER },
            try_send(5),
            receive.clone(),
            Op::Start { arms: vec![ArmOp::Send { at: 0, value: 1 }], within: FOREVER },
            receive.clone(),
            Op::Start { arms: vec![ArmOp::Recv { at: 3 }], within: 10 },
            receive.clone(),
        ];
        let played = Played::new(builder, &ops).await;
        let seen: Vec<Seen> = played.of(0).cloned().collect();
        let told = |at: usize| (seen[at].kind, seen[at].reference == seen[at - 1].status as u64);
        assert_eq!((seen[4].kind, seen[4].value, seen[4].arm), (Kind::Selected as u32, 5, 0));
        assert_eq!(seen[4].reference, seen[2].status as u64);
        assert_eq!(told(6), (Kind::Selected as u32, true));
        assert_eq!(told(8), (Kind::Timeout as u32, true));
        played.end().await;
    });
}

#[test]
fn a_cancel_answers_whether_anything_was_done() {
    in_each_mode(async |builder| {
        let started = || Op::Start { arms: vec![ArmOp::Recv { at: 1 }], within: FOREVER };
        let ops = [
            &[new(0), started(), Op::Cancel { step: 1 }, Op::Cancel { step: 1 }, try_send(1)][..],
            // Steps are counted in records: the arm is one.
            &[started(), try_send(2), Op::Cancel { step: 6 }, Op::Receive { within: 0 }],
        ];
        let ops: Vec<Op> = ops.concat();
        let played = Played::new(builder, &ops).await;
        let answers = played.answers(0);
        assert_eq!((answers[2], answers[3], answers[4]), (1, 0, status(Status::CHANNEL_FULL)));
        assert_eq!((answers[6], answers[7], answers[8]), (OK, 0, OK), "the completion stays");
        assert_eq!(played.received(0), [2]);
        played.end().await;
    });
}

#[test]
fn who_dies_with_a_select_started_leaves_no_trace() {
    in_virtual_time(async |builder| {
        let started = Op::Start { arms: vec![ArmOp::Recv { at: 1 }, ArmOp::Recv { at: 3 }], within: FOREVER };
        let ops = [
            new(0),
            second(0),
            Op::Spawn { child: vec![started, Op::Crash], index: 1, handles: vec![0, 1, 2, 3] },
            SLEEP,
            try_send(1),
            Op::Info { at: 0 },
        ];
        let played = Played::new(builder, &ops).await;
        assert_eq!(played.answers(0)[4], status(Status::CHANNEL_FULL), "nobody waits");
        let info = played.of(0).nth(5).expect("it was asked").info;
        assert_eq!((info[3], info[4], info[6]), (1, 1, 0));
        played.end().await;
    });
}

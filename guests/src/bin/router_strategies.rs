//! Routers: who gets a message, by each strategy, over a fixed set and over a group; those that end are
//! dropped, and the others go on.

use std::collections::BTreeMap;

use flower::{
    Broadcast, Pid, Rights, Router, Routing, SendError, Spawn, join_group_as, kill, leave_group_as, members,
    receive, receive_request, registry, request, self_pid, send, spawn,
};
use flower_guests::{PATIENCE, end_of};

/// Passes on what it gets, with its own pid.
fn echo(parent: Pid) {
    while let Ok(number) = receive::<u32>() {
        send(parent, &(self_pid(), number)).expect("it waits");
    }
}

fn echoes(count: usize) -> Vec<Pid> {
    (0..count).map(|_| spawn(echo, self_pid())).collect()
}

fn echoed() -> (Pid, u32) {
    receive().expect("an echo")
}

fn main() {
    round_robin_skips_those_that_ended();
    random_reaches_everybody();
    the_least_loaded_is_told_what_is_done();
    a_key_has_one_place();
    a_broadcast_reaches_all();
    a_group_changes();
    nobody_is_left();
    a_full_one_refuses();
    p4_nineteen_items_by_four_actors();
}

fn round_robin_skips_those_that_ended() {
    let pids = echoes(3);
    let mut router = Router::new(Routing::RoundRobin, pids.iter().copied().rev());
    for number in 0..7 {
        let to = router.send(&number).expect("it lives");
        assert_eq!((to, echoed()), (pids[number as usize % 3], (to, number)));
    }
    kill(pids[1]).expect("a spawner may");
    end_of(pids[1]);
    let sent = [7_u32, 8, 9].map(|number| router.send(&number).expect("two live"));
    assert_eq!(sent, [pids[2], pids[0], pids[2]]);
    assert_eq!(router.routees(), [pids[0], pids[2]]);
    for _ in sent {
        echoed();
    }
    assert_eq!([(); 3].map(|()| router.pick()), [pids[0], pids[2], pids[0]].map(Some));
}

fn random_reaches_everybody() {
    let pids = echoes(4);
    let mut router = Router::new(Routing::Random, pids.clone());
    let mut counts: BTreeMap<Pid, u32> = BTreeMap::new();
    for number in 0..200_u32 {
        let to = router.send(&number).expect("it lives");
        assert_eq!(echoed(), (to, number));
        *counts.entry(to).or_default() += 1;
    }
    assert!(counts.keys().eq(pids.iter()) && counts.values().all(|count| *count > 10), "{counts:?}");
}

fn the_least_loaded_is_told_what_is_done() {
    let pids = echoes(2);
    let mut router = Router::new(Routing::LeastLoaded, pids.clone());
    assert_eq!([0_u32; 3].map(|zero| router.send(&zero)), [pids[0], pids[1], pids[0]].map(Ok));
    for _ in 0..3 {
        let (done, _) = echoed();
        router.done(done);
        router.done(done);
    }
    assert_eq!([0_u32; 2].map(|zero| router.send(&zero)), [pids[0], pids[1]].map(Ok));
    (0..2).for_each(|_| assert_eq!(echoed().1, 0));
}

fn a_key_has_one_place() {
    let pids = echoes(5);
    let [mut one, mut other] = [(); 2].map(|()| Router::new(Routing::Random, pids.clone()));
    let mut places: Vec<Pid> = (0..100).map(|key| one.send_by_key(&key, &0_u32).expect("it lives")).collect();
    for (key, place) in places.iter().enumerate() {
        let key = u32::try_from(key).expect("a small number");
        assert_eq!(other.send_by_key(&(key as i32), &0_u32), Ok(*place), "every router agrees");
    }
    (0..200).for_each(|_| assert_eq!(echoed().1, 0));
    kill(pids[3]).expect("a spawner may");
    end_of(pids[3]);
    for (key, before) in (0_i32..).zip(&places) {
        let now = one.send_by_key(&key, &0_u32).expect("the others live");
        assert!(if *before == pids[3] { now != pids[3] } else { now == *before });
    }
    (0..100).for_each(|_| assert_eq!(echoed().1, 0));
    places.sort();
    places.dedup();
    assert_eq!(places, pids, "everybody has some keys");
}

fn a_broadcast_reaches_all() {
    let pids = echoes(3);
    let mut router = Router::new(Routing::RoundRobin, pids.clone());
    kill(pids[0]).expect("a spawner may");
    end_of(pids[0]);
    assert_eq!(router.broadcast(&5_u32), Ok(Broadcast { accepted: 2, refused: 1 }));
    assert_eq!(router.broadcast(&5_u32), Ok(Broadcast { accepted: 2, refused: 0 }));
    (0..4).for_each(|_| assert_eq!(echoed().1, 5));
}

fn a_group_changes() {
    let pids = echoes(3);
    let mut router = Router::group(Routing::RoundRobin, "routees");
    assert_eq!(router.send(&0_u32), Err(SendError::NoActor));
    let mut send = || router.send(&0_u32).inspect(|to| assert_eq!(echoed().0, *to));
    for pid in &pids[..2] {
        join_group_as("routees", *pid, Rights::PEER).expect("there is room");
    }
    assert_eq!([send(), send(), send()], [pids[0], pids[1], pids[0]].map(Ok));
    join_group_as("routees", pids[2], Rights::PEER).expect("there is room");
    leave_group_as("routees", pids[1]).expect("it is a member");
    assert_eq!([send(), send()], [pids[2], pids[0]].map(Ok));
    kill(pids[2]).expect("a spawner may");
    end_of(pids[2]);
    assert_eq!([send(), send()], [pids[0], pids[0]].map(Ok));
    assert_eq!(members("routees"), [pids[0]]);
}

fn nobody_is_left() {
    let pids = echoes(2);
    let mut router = Router::new(Routing::Random, pids.clone());
    for pid in &pids {
        kill(*pid).expect("a spawner may");
        end_of(*pid);
    }
    assert_eq!((router.send(&0_u32), router.pick()), (Err(SendError::NoActor), None));
    assert_eq!(router.routees(), []);
    router.add(spawn(echo, self_pid()));
    assert_eq!(router.send(&0_u32), Ok(echoed().0));
}

fn a_full_one_refuses() {
    let full = Spawn::new(|()| flower_guests::wait_for_ever(), ()).mailbox_len_max(1).spawn();
    let full = full.expect("there is room");
    send(full, &()).expect("there is room for one");
    let other = spawn(echo, self_pid());
    let mut router = Router::new(Routing::RoundRobin, [full, other]);
    assert_eq!(router.send(&0_u32), Err(SendError::MailboxFull));
    assert_eq!((router.send(&0_u32), echoed()), (Ok(other), (other, 0)));
    kill(full).expect("a spawner may");
}

struct Resolver;

/// Answers with the double of an even number, and with an error to an odd one.
fn resolver((): ()) {
    registry::register_type::<Resolver>().expect("there is room");
    while let Ok((number, reply)) = receive_request::<u32>() {
        let doubled = if number % 2 == 0 { Ok((self_pid(), number * 2)) } else { Err(number) };
        reply.send(&doubled).expect("somebody waits");
    }
}

fn p4_nineteen_items_by_four_actors() {
    type Doubled = Result<(Pid, u32), u32>;
    let pids: Vec<Pid> = (0..4).map(|_| spawn(resolver, ())).collect();
    let mut router = Router::new(Routing::RoundRobin, pids.clone());
    let mut ask = |number: u32| request::<_, Doubled>(router.pick().expect("four live"), &number);
    let pending: Vec<_> = (0..19).map(&mut ask).collect();
    let answers: Vec<_> =
        pending.into_iter().map(|pending| pending.wait().expect("it answers").ok()).collect();
    for (number, answer) in (0_u32..).zip(&answers) {
        let expected = (number % 2 == 0).then_some((pids[number as usize % 4], number * 2));
        assert_eq!(*answer, expected, "{number}");
    }
    assert_eq!((answers.len(), registry::stop_all(PATIENCE)), (19, Ok(4)));
    assert!(registry::all().is_empty() && pids.iter().all(|pid| !flower::is_alive(*pid)));
}

//! P4: a pool gives the results in the order of the items, survives what its workers do not, refuses when it
//! is full, and leaves nothing behind.

use std::collections::BTreeSet;

use flower::{
    Down, ExitReason, Pid, Pool, PoolError, call, kill, monitor, receive, receive_request, self_pid, send,
    sleep, spawn, spawn_join,
};
use flower_guests::{PATIENCE, end_of, ms, wait_for_ever};

fn main() {
    p4_nineteen_items_by_four_workers();
    p4_a_failed_item_is_none();
    slow_items_do_not_change_the_order();
    a_failure_says_why();
    a_killed_worker_is_replaced();
    an_idle_worker_is_replaced();
    a_full_queue_refuses();
    clients_wait_for_room();
    a_result_that_takes_too_long();
    a_pool_ends_with_its_owner();
    a_pool_that_is_stopped_tells_those_that_wait();
}

fn p4_nineteen_items_by_four_workers() {
    let pool = Pool::new(4, |number: u32| (self_pid(), number * 2));
    let results = pool.map(0..19);
    let (workers, doubled): (BTreeSet<Pid>, Vec<u32>) = results.into_iter().flatten().unzip();
    assert_eq!((workers.len(), doubled), (4, (0..19).map(|number| number * 2).collect()));
    pool.stop().expect("whoever started it may");
    workers.into_iter().for_each(|worker| drop(end_of(worker)));
}

/// The double of an even number; an odd one is too much for it.
fn double(number: u32) -> u32 {
    assert!(number.is_multiple_of(2), "{number} is odd");
    number * 2
}

fn p4_a_failed_item_is_none() {
    let pool = Pool::new(4, double);
    let results: Vec<Option<u32>> = pool.map(0..19).into_iter().map(Result::ok).collect();
    let expected = (0..19).map(|number| (number % 2 == 0).then_some(number * 2));
    assert!(results.iter().copied().eq(expected), "{results:?}");
    pool.stop().expect("whoever started it may");
}

fn slow_items_do_not_change_the_order() {
    let pool = Pool::new(3, |delay: u64, number: u64| {
        sleep(ms(delay));
        number
    });
    let results = pool.map((0..12).map(|number| (12 - number, number)));
    assert!(results.into_iter().eq((0..12).map(Ok)));
    pool.stop().expect("whoever started it may");
}

fn a_failure_says_why() {
    let pool = Pool::new(1, double);
    let error = pool.run(&3, PATIENCE).expect_err("it is odd");
    let PoolError::Died(ExitReason::Panic { message, .. }) = &error else { panic!("{error}") };
    assert_eq!(message, "3 is odd");
    assert_eq!(pool.run(&4, PATIENCE), Ok(8), "another worker took its place");
    pool.stop().expect("whoever started it may");

    let pool = Pool::new(1, |number: u32| -> u32 { flower::exit(ExitReason::error(&number)) });
    assert_eq!(pool.run(&7, PATIENCE), Err(PoolError::Died(ExitReason::error(&7_u32))));
    pool.stop().expect("whoever started it may");
}

/// Tells who works, and waits for a word to return.
fn tell_and_wait(tell: Pid) -> String {
    send(tell, &self_pid()).expect("it waits");
    receive().expect("a word")
}

fn a_killed_worker_is_replaced() {
    let pool = Pool::new(2, tell_and_wait);
    let under_way = || (pool.submit(&self_pid()), receive::<Pid>().expect("who works"));
    let ((first, killed), (second, lives)) = (under_way(), under_way());
    kill(killed).expect("a worker gave away its rights");
    assert_eq!(first.wait(), Err(PoolError::Died(ExitReason::Killed)));
    send(lives, "done").expect("it waits");
    assert_eq!(second.wait(), Ok("done".to_owned()));

    let both = [under_way(), under_way()];
    for (task, worker) in both {
        assert_ne!(worker, killed);
        send(worker, "done").expect("it waits");
        assert_eq!(task.wait(), Ok("done".to_owned()));
    }
    pool.stop().expect("whoever started it may");
}

fn an_idle_worker_is_replaced() {
    let pool = Pool::new(1, |()| self_pid());
    let killed = pool.run(&(), PATIENCE).expect("it tells who it is");
    kill(killed).expect("a worker gave away its rights");
    end_of(killed);
    let next = pool.run(&(), PATIENCE).expect("there is another");
    assert!(next > killed);
    pool.stop().expect("whoever started it may");
}

/// Answers nobody before it is opened, and everybody after that.
fn gate((): ()) {
    flower::receive! { (): () => () }.expect("a unit is easy to read");
    while let Ok((_, reply)) = receive_request::<String>() {
        // A worker that was ended waits no more.
        let _ = reply.send(&());
    }
}

fn pass(gate: Pid) {
    call::<_, ()>(gate, "may I?", PATIENCE).expect("it is opened");
}

fn a_full_queue_refuses() {
    let pool = Pool::start(1, 2, pass).expect("there is room");
    let gate = spawn(gate, ());
    let tasks = [(); 3].map(|()| pool.submit(&gate));
    assert_eq!([(); 2].map(|()| pool.submit(&gate).wait()), [Err(PoolError::Full), Err(PoolError::Full)]);
    assert_eq!(pool.wait_for_room(ms(10)), Err(PoolError::Timeout));
    assert_eq!(pool.run(&gate, ms(10)), Err(PoolError::Timeout));
    send(gate, &()).expect("it waits");
    assert!(tasks.into_iter().all(|task| task.wait() == Ok(())));
    assert_eq!(pool.wait_for_room(PATIENCE), Ok(()));
    assert_eq!(pool.submit(&gate).wait(), Ok(()));
    pool.stop().expect("whoever started it may");
    kill(gate).expect("a spawner may");
}

/// Four clients want more than two workers and no queue can hold, and all get it.
fn clients_wait_for_room() {
    let pool = Pool::start(2, 0, |number: u32| number + 1).expect("there is room");
    let client = |pool: Pool<u32, u32>| pool.map(0..25).into_iter().flatten().sum::<u32>();
    let clients: Vec<_> = (0..4).map(|_| spawn_join(client, pool.clone())).collect();
    assert!(clients.into_iter().all(|client| client.join() == Ok((1..=25).sum())));
    pool.stop().expect("whoever started it may");
}

fn a_result_that_takes_too_long() {
    let pool = Pool::new(1, pass);
    let gate = spawn(gate, ());
    let mut task = pool.submit(&gate);
    assert_eq!((task.poll(), task.wait_timeout(ms(10))), (None, Err(PoolError::Timeout)));
    send(gate, &()).expect("it waits");
    assert_eq!(task.wait(), Ok(()));
    assert_eq!(pool.run(&gate, PATIENCE), Ok(()));
    pool.stop().expect("whoever started it may");
    kill(gate).expect("a spawner may");
}

/// Starts a pool, has a worker tell who it is, and ends when told so.
fn owner(tell: Pid, kills: bool) {
    let pool = Pool::new(2, tell_and_wait);
    let _task = pool.submit(&tell);
    send(tell, &pool.pid()).expect("it waits");
    if kills { wait_for_ever() } else { receive::<()>().expect("a word to go") }
}

fn a_pool_ends_with_its_owner() {
    for kills in [false, true] {
        let owner = spawn(owner, (self_pid(), kills));
        let both = [(); 2].map(|()| receive::<Pid>().expect("the pool and its worker"));
        for pid in [owner, both[0], both[1]] {
            monitor(pid).expect("it may be monitored");
        }
        if kills {
            kill(owner).expect("a spawner may")
        } else {
            send(owner, &()).expect("it waits")
        }
        let ends: Vec<Down> = (0..3).map(|_| receive().expect("the end")).collect();
        let of_pool = ends.iter().filter(|down| down.pid != owner);
        assert!(of_pool.map(|down| &down.reason).eq(&[ExitReason::shutdown(), ExitReason::shutdown()]));
    }
}

fn a_pool_that_is_stopped_tells_those_that_wait() {
    let pool = Pool::start(1, 1, tell_and_wait).expect("there is room");
    let tasks = [(); 2].map(|()| pool.submit(&self_pid()));
    let worker: Pid = receive().expect("the first of them works");
    let stopped = pool.clone();
    monitor(worker).expect("it may be monitored");
    pool.stop().expect("whoever started it may");
    let told = Err(PoolError::Died(ExitReason::shutdown()));
    assert_eq!(tasks.map(|task| task.wait()), [told.clone(), told]);
    let down: Down = receive().expect("the worker ends too");
    assert_eq!((down.pid, down.reason), (worker, ExitReason::shutdown()));
    assert!(matches!(stopped.run(&self_pid(), PATIENCE), Err(PoolError::Call(flower::CallError::NoActor))));
    assert_eq!(stopped.stop(), Ok(()), "it has ended already");
}

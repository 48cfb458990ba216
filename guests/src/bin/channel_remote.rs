//! Channels between actors, by every way that an endpoint can travel, with the same meaning as within one.

use flower::channel::{RecvTimeoutError, SendTimeoutError, TryRecvError, TrySendError, after};
use flower::{
    Overflow, Pid, Receiver, Request, Select, Sender, call, channel, channel_with, parent, receive,
    receive_request, select, select_async, self_pid, send, spawn, spawn_join, task,
};
use flower_guests::{PATIENCE, ms};
use serde::{Deserialize, Serialize};

fn main() {
    through_spawn_arguments();
    through_messages_and_over_channels();
    through_calls_and_replies();
    a_rendezvous();
    what_was_buffered_goes_along();
    who_waited_goes_along();
    policies_go_along();
    each_side_is_told();
    errors_and_timeouts();
    tasks_on_both_sides();
    selects();
    a_mixed_select();
    given_up_receives_lose_nothing();
    many_receivers();
    in_the_compact_form();
    many_tasks_at_one_channel();
    many_at_once();
    the_end_is_told();
}

fn counts(to: Sender<u32>, count: u32) {
    for n in 0..count {
        if to.send(n).is_err() {
            return;
        }
    }
}

fn sum(from: Receiver<u32>) -> u32 {
    from.iter().sum()
}

fn through_spawn_arguments() {
    for capacity in [0, 1, 100] {
        let (tx, rx) = channel(capacity);
        spawn(counts, (tx, 1000));
        assert!(rx.iter().eq(0..1000));
        let (tx, rx) = channel(capacity);
        let sum = spawn_join(sum, rx);
        assert!(tx.send_all(0..1000).is_ok());
        drop(tx);
        assert_eq!(sum.join(), Ok(499_500));
    }
}

/// A request that carries where its answer goes, as in core.async.
#[derive(Serialize, Deserialize)]
enum Order {
    Double { n: u32, answer: Sender<u32> },
    Over(Receiver<Order>),
}

fn serve(orders: Receiver<Order>) {
    for order in orders {
        match order {
            Order::Double { n, answer } => answer.send(2 * n).expect("it waits"),
            Order::Over(more) => serve(more),
        }
    }
}

fn through_messages_and_over_channels() {
    let server = spawn(|()| serve(receive().expect("where they come from")), ());
    let (orders, orders_rx) = channel(0);
    send(server, &orders_rx).expect("it lives");
    drop(orders_rx);
    let (answer, answers) = channel(1);
    for n in 0..10 {
        orders.send(Order::Double { n, answer: answer.clone() }).map_err(drop).expect("it serves");
        assert_eq!(answers.recv(), Some(2 * n));
    }
    let (inner, inner_rx) = channel(5);
    inner.send(Order::Double { n: 21, answer: answer.clone() }).map_err(drop).expect("there is room");
    orders.send(Order::Over(inner_rx)).map_err(drop).expect("it serves");
    assert_eq!(answers.recv(), Some(42));
    drop((inner, orders, answer));
    assert_eq!(answers.recv(), None);
}

fn through_calls_and_replies() {
    let source = spawn(
        |()| {
            let (count, reply) = receive_request::<u32>().expect("a number");
            let (tx, rx) = channel(0);
            reply.send(&rx).expect("it waits");
            drop(rx);
            counts(tx, count);
        },
        (),
    );
    let numbers: Receiver<u32> = call(source, &5_u32, PATIENCE).expect("an endpoint");
    assert!(numbers.into_iter().eq(0..5));
}

fn echo(rx: Receiver<u32>) {
    for n in rx {
        send(parent().expect("it was spawned"), &n).expect("it waits");
    }
}

fn a_rendezvous() {
    let (tx, rx) = channel(0);
    spawn(echo, rx.clone());
    tx.send(5).expect("it receives");
    assert_eq!(receive(), Ok(5_u32));
    assert_eq!((tx.len(), tx.capacity(), tx.receiver_count(), tx.sender_count()), (0, 0, 2, 1));
}

fn what_was_buffered_goes_along() {
    let (tx, rx) = channel(5);
    tx.send_all(0..3).expect("room");
    let taker = spawn_join(|rx: Receiver<u32>| (rx.recv(), rx.recv()), rx.clone());
    assert_eq!(taker.join(), Ok((Some(0), Some(1))));
    assert_eq!((rx.len(), rx.try_iter().collect()), (1, vec![2]));
    tx.send_all(3..8).expect("room");
    assert_eq!(tx.try_send(9), Err(TrySendError::Full(9)));
    assert!(tx.close() && !rx.close());
    let rest = spawn_join(sum, rx);
    assert_eq!(rest.join(), Ok(3 + 4 + 5 + 6 + 7));
}

fn who_waited_goes_along() {
    // A task waits to receive, and one to send, when the channels leave the actor.
    let ((tx, rx), (back, back_rx)) = (channel::<u32>(0), channel::<u32>(0));
    let receives = task::spawn({
        let back_rx = back_rx.clone();
        async move { back_rx.recv_async().await }
    });
    let sends = task::spawn({
        let tx = tx.clone();
        async move { tx.send_async(20).await }
    });
    task::block_on(task::yield_now());
    spawn(
        |rx: Receiver<u32>, back: Sender<u32>| {
            let n = rx.recv().expect("a number");
            back.send(n + 1).expect("it waits");
        },
        (rx, back),
    );
    assert_eq!(sends.join(), Ok(Ok(())));
    assert_eq!(receives.join(), Ok(Some(21)));
    drop(tx);
    assert_eq!(back_rx.recv(), None);
}

fn policies_go_along() {
    for (overflow, left) in [(Overflow::DropNewest, [0, 1]), (Overflow::DropOldest, [3, 4])] {
        let (tx, rx) = channel_with(2, overflow);
        let sender = spawn_join(counts, (tx, 5));
        assert_eq!(sender.join(), Ok(()));
        assert!(rx.iter().eq(left));
    }
}

fn each_side_is_told() {
    let (tx, rx) = channel::<u32>(0);
    spawn(|_tx: Sender<u32>| -> () { flower::exit(flower::ExitReason::Killed) }, tx);
    assert_eq!(rx.recv(), None);
    assert!(rx.is_closed() && rx.recv().is_none());
    let (tx, rx) = channel::<u32>(0);
    spawn(|rx: Receiver<u32>| drop(rx), rx);
    assert!(matches!(tx.send(1), Err(flower::channel::SendError::Closed(1))));
    // A message that nobody takes drops what it carries.
    let (tx, rx) = channel::<u32>(0);
    let silent = spawn(|()| {}, ());
    let _gone = send(silent, &tx);
    drop(tx);
    assert_eq!(rx.recv(), None);
}

fn errors_and_timeouts() {
    type Answer = Result<u32, String>;
    let (tx, rx) = channel::<Answer>(0);
    let keeps = spawn(
        |_both: (Sender<Answer>, Receiver<Answer>)| flower_guests::wait_for_ever(),
        (tx.clone(), rx.clone()),
    );
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    assert_eq!(rx.recv_timeout(ms(5)), Err(RecvTimeoutError::Timeout));
    assert_eq!(tx.send_timeout(Ok(1), ms(5)), Err(SendTimeoutError::Timeout(Ok(1))));
    spawn(|tx: Sender<Result<u32, String>>| tx.send(Err("test".to_owned())).expect("it waits"), tx);
    assert_eq!(rx.recv(), Some(Err("test".to_owned())));
    flower::kill(keeps).expect("a spawner may");
    while !rx.is_closed() {
        flower::yield_now();
    }
}

async fn relay(from: Receiver<u32>, to: Sender<u32>) {
    let workers: Vec<_> = (0..10)
        .map(|_| {
            let (from, to) = (from.clone(), to.clone());
            task::spawn(async move {
                while let Some(n) = from.recv_async().await {
                    task::yield_now().await;
                    to.send_async(n + 1).await.expect("it receives");
                }
            })
        })
        .collect();
    for worker in workers {
        worker.await.expect("not aborted");
    }
}

fn tasks_on_both_sides() {
    let ((tx, rx), (back, back_rx)) = (channel(0), channel(0));
    spawn(relay, (rx, back));
    let sender = task::spawn(async move { tx.send_all_async(0..500).await });
    let mut numbers: Vec<u32> = back_rx.iter().collect();
    numbers.sort_unstable();
    assert!(numbers.into_iter().eq(1..=500));
    assert_eq!(sender.join(), Ok(Ok(())));
}

fn selects() {
    let ((a, a_rx), (b, b_rx)) = (channel(0), channel(0));
    spawn(counts, (a, 100));
    spawn(counts, (b, 50));
    let (mut from_a, mut from_b) = (vec![], vec![]);
    let (mut a_open, mut b_open) = (true, true);
    while a_open || b_open {
        select! {
            value = a_rx.recv() if a_open => match value {
                Some(n) => from_a.push(n),
                None => a_open = false,
            },
            value = b_rx.recv() if b_open => match value {
                Some(n) => from_b.push(n),
                None => b_open = false,
            },
        }
    }
    assert!(from_a.into_iter().eq(0..100) && from_b.into_iter().eq(0..50));
    let (tx, rx) = channel(0);
    let sums = spawn_join(sum, rx);
    let (_idle, idle_rx) = channel::<u32>(0);
    for n in 0..10 {
        let sent = Select::new().recv(&idle_rx, |_| false).send(&tx, n, |sent| sent.is_ok()).wait();
        assert!(sent);
    }
    drop(tx);
    assert_eq!(sums.join(), Ok(45));
}

/// Arms within the actor, in the host and in the mailbox, of one select.
fn a_mixed_select() {
    let ((far, far_rx), (near, near_rx)) = (channel::<u32>(0), channel::<u32>(0));
    spawn(counts, (far, 200));
    task::spawn(async move { near.send_all_async(1000..1200).await });
    spawn(
        |to: Pid| {
            for n in 0..200_u64 {
                send(to, &n).expect("room");
            }
        },
        self_pid(),
    );
    let all = task::spawn(async move {
        let (mut far, mut near, mut mail) = (0, 0, 0);
        for _ in 0..600 {
            select_async! {
                n = far_rx.recv() if far < 200 => {
                    assert_eq!(n, Some(far));
                    far += 1;
                }
                n = near_rx.recv() if near < 200 => {
                    assert_eq!(n, Some(1000 + near));
                    near += 1;
                }
                n = receive::<u64>() if mail < 200 => {
                    assert_eq!(n, Ok(mail));
                    mail += 1;
                }
            }
        }
        (far, near, mail)
    });
    assert_eq!(all.join(), Ok((200, 200, 200)));
}

fn given_up_receives_lose_nothing() {
    let (tx, rx) = channel(0);
    spawn(counts, (tx, 300));
    let numbers = task::block_on(async {
        let (late, mut numbers) = (after(PATIENCE), vec![]);
        loop {
            // It is given up and tried again, often when a value is under way.
            let got = task::timeout(ms(0), rx.recv_async()).await;
            match got {
                Ok(Some(n)) => numbers.push(n),
                Ok(None) => break numbers,
                Err(_) => task::yield_now().await,
            }
            assert!(late.try_recv().is_err());
            if numbers.len() % 3 == 0 {
                flower::yield_now();
            }
        }
    });
    assert!(numbers.into_iter().eq(0..300));
}

fn many_receivers() {
    let (tx, rx) = channel(10);
    let sums: Vec<_> = (0..5).map(|_| spawn_join(sum, rx.clone())).collect();
    drop(rx);
    tx.send_all(0..1000).expect("they receive");
    drop(tx);
    let total: u32 = sums.into_iter().map(|sum| sum.join().expect("a sum")).sum();
    assert_eq!(total, 499_500);
}

fn in_the_compact_form() {
    let (tx, rx) = channel::<(u64, String)>(0);
    let tx = tx.binary();
    let echo = spawn_join(|tx: Sender<(u64, String)>| tx.send((1 << 60, "x".to_owned())).is_ok(), tx);
    assert_eq!(rx.recv(), Some((1 << 60, "x".to_owned())));
    assert_eq!(echo.join(), Ok(true));
}

fn many_tasks_at_one_channel() {
    let (tx, rx) = channel::<u32>(0);
    let actor = spawn(
        || {
            let Request { message: rx, reply } = receive::<Request<Receiver<u32>>>().expect("an endpoint");
            reply.send(&()).expect("it waits");
            let tasks: Vec<_> = (0..100)
                .map(|_| {
                    let rx = rx.clone();
                    task::spawn(async move { rx.recv_async().await })
                })
                .collect();
            drop(rx);
            let sum: u32 = tasks.into_iter().filter_map(|task| task.join().expect("not aborted")).sum();
            send(parent().expect("it was spawned"), &sum).expect("it waits");
        },
        (),
    );
    call::<_, ()>(actor, &rx, PATIENCE).expect("it takes it");
    drop(rx);
    tx.send_all(0..60).expect("they receive");
    drop(tx);
    assert_eq!(receive(), Ok((0..60).sum::<u32>()));
}

/// Loops and `send_all` take many values at a time, where there is much room; that is not to be seen.
fn many_at_once() {
    let (tx, rx) = channel::<(u32, String)>(1024);
    spawn(
        |tx: Sender<(u32, String)>| {
            let values = (0..5000).map(|n| (n, "x".repeat(n as usize % 300)));
            tx.send_all(values).expect("it receives");
        },
        tx,
    );
    for (next, (n, text)) in (0_u32..).zip(rx.iter().take(700)) {
        assert_eq!((n, text.len()), (next, n as usize % 300));
    }
    // The loop has taken more than it has given out: that is for whoever has the endpoint.
    let rest = spawn_join(
        |rx: Receiver<(u32, String)>| {
            let first = rx.recv().map(|(n, _)| n);
            (first, rx.into_iter().map(|(n, _)| n).is_sorted())
        },
        rx,
    );
    assert_eq!(rest.join(), Ok((Some(700), true)));
    // Values that carry something stand between others.
    let (tx, rx) = channel::<Option<Sender<u32>>>(100);
    let (answer, answers) = channel(100);
    let server = spawn_join(
        |rx: Receiver<Option<Sender<u32>>>| rx.into_iter().flatten().filter(|tx| tx.send(1).is_ok()).count(),
        rx,
    );
    let values = (0..90).map(|n| (n % 10 == 0).then(|| answer.clone()));
    assert!(tx.send_all(values).is_ok());
    drop((tx, answer));
    assert_eq!((server.join(), answers.iter().sum()), (Ok(9), 9_u32));
}

/// Who waits for the end of a channel is told, however that comes, also when the channel leaves the actor meanwhile.
fn the_end_is_told() {
    fn end(how: u32, rx: Receiver<u32>) {
        match how {
            0 => drop(rx),
            1 => assert!(rx.close()),
            _ => flower::exit(flower::ExitReason::Killed),
        }
    }
    for how in 0..3 {
        let (tx, rx) = channel(1);
        let told = task::spawn(async move { tx.closed_async().await });
        task::block_on(task::yield_now());
        spawn(end, (how, rx));
        assert_eq!(told.join(), Ok(()));
    }
}

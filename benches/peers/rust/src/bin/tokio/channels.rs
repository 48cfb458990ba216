//! The workloads on channels: tokio's bounded mpsc, which has no rendezvous.

use std::time::Instant;

use peers::{figure, report};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::{LocalSet, spawn_local};

type Pair = (u64, u64);

pub async fn stream(capacity: usize, values: usize) {
    let start = Instant::now();
    let (tx, rx) = channel(capacity);
    tokio::spawn(source(tx, values));
    sink(rx, values).await;
    report(start);
}

/// Both ends on one thread.
pub fn local(capacity: usize, values: usize) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let set = LocalSet::new();
    set.block_on(&runtime, async {
        let start = Instant::now();
        let (tx, rx) = channel(capacity);
        let source = spawn_local(source(tx, values));
        spawn_local(sink(rx, values)).await.unwrap();
        source.await.unwrap();
        report(start);
    });
}

async fn source(tx: Sender<Pair>, values: usize) {
    for i in 0..values as u64 {
        tx.send((i, 1)).await.unwrap();
    }
}

async fn sink(mut rx: Receiver<Pair>, values: usize) {
    for i in 0..values as u64 {
        assert_eq!(rx.recv().await, Some((i, 1)));
    }
    assert_eq!(rx.recv().await, None);
}

/// Channels of one slot, which is as near as these come to a rendezvous.
pub async fn select(rounds: usize) {
    let (senders, receivers): (Vec<_>, Vec<_>) = (0..10).map(|_| channel::<Pair>(1)).unzip();
    let (back, mut answers) = channel(1);
    tokio::spawn(answer(receivers, back));
    let start = Instant::now();
    for i in 0..rounds {
        senders[i % senders.len()].send((i as u64, 1)).await.unwrap();
        assert_eq!(answers.recv().await, Some((i as u64, 1)));
    }
    report(start);
}

async fn answer(receivers: Vec<Receiver<Pair>>, back: Sender<Pair>) {
    let Ok([mut c0, mut c1, mut c2, mut c3, mut c4, mut c5, mut c6, mut c7, mut c8, mut c9]) =
        <[Receiver<Pair>; 10]>::try_from(receivers)
    else {
        panic!("there are ten of them");
    };
    loop {
        let value = tokio::select! {
            value = c0.recv() => value,
            value = c1.recv() => value,
            value = c2.recv() => value,
            value = c3.recv() => value,
            value = c4.recv() => value,
            value = c5.recv() => value,
            value = c6.recv() => value,
            value = c7.recv() => value,
            value = c8.recv() => value,
            value = c9.recv() => value,
        };
        let Some(value) = value else { break };
        back.send(value).await.unwrap();
    }
}

pub async fn daisy(n: usize) {
    for lap in ["secs", "warm"] {
        let start = Instant::now();
        let (mut left, mut leftmost) = channel::<u64>(1);
        for _ in 0..n {
            let (next, mut right) = channel(1);
            tokio::spawn(async move {
                let number: u64 = right.recv().await.unwrap();
                left.send(number + 1).await.unwrap();
            });
            left = next;
        }
        left.send(1).await.unwrap();
        assert_eq!(leftmost.recv().await, Some(n as u64 + 1));
        figure(lap, start);
    }
}

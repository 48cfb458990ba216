//! The workloads on channels, between actors and between the tasks of one.

use flower::{Instant, Receiver, Sender, channel, select, spawn, task};

use crate::{figure, report};

/// Sixteen bytes, as plain as they can be.
type Pair = (u64, u64);

fn pair(n: u64) -> Pair {
    // Numbers that are not small take eight bytes or more on their way, whatever the codec.
    (n | 1 << 62, 1 << 62)
}

fn is_pair(value: Option<Pair>, n: u64) -> bool {
    value.is_some_and(|(first, _)| first == n | 1 << 62)
}

/// Two actors hand a value back and forth over channels without room.
pub fn rendezvous(rounds: u64) {
    let ((there, theirs), (back, ours)) = (channel(0), channel(0));
    let (there, back) = (there.binary(), back.binary());
    spawn(echo, (theirs, back));
    let start = Instant::now();
    for n in 0..rounds {
        there.send(pair(n)).expect("it is received");
        assert!(is_pair(ours.recv(), n));
    }
    report(start);
}

fn echo((from, to): (Receiver<Pair>, Sender<Pair>)) {
    for value in from {
        if to.send(value).is_err() {
            return;
        }
    }
}

/// One actor sends, another receives; both many values in one host call, where that is possible.
pub fn stream(capacity: u64, values: u64) {
    let (tx, rx) = channel(capacity as usize);
    let tx = tx.binary();
    let start = Instant::now();
    spawn(source, (tx, values));
    let received = rx.into_iter().zip(0..).filter(|&(value, n)| is_pair(Some(value), n)).count();
    assert_eq!(received as u64, values);
    report(start);
}

fn source((tx, values): (Sender<Pair>, u64)) {
    tx.send_all((0..values).map(pair)).expect("they are received");
}

/// The same between two tasks of one actor.
pub fn local(capacity: u64, values: u64) {
    let (tx, rx) = channel(capacity as usize);
    let start = Instant::now();
    task::spawn(async move { tx.send_all_async((0..values).map(pair)).await });
    let received = task::spawn(async move {
        for n in 0..values {
            assert!(is_pair(rx.recv_async().await, n));
        }
        assert!(rx.recv_async().await.is_none());
    });
    received.join().expect("nobody aborts it");
    report(start);
}

/// As `rendezvous`, but who answers selects over ten channels, of which the others are idle.
pub fn selected(rounds: u64) {
    let (senders, receivers): (Vec<Sender<Pair>>, Vec<_>) = (0..10).map(|_| channel(0)).unzip();
    let senders: Vec<_> = senders.into_iter().map(Sender::binary).collect();
    let (back, ours) = channel(0);
    spawn(answer, (receivers, back.binary()));
    let start = Instant::now();
    for n in 0..rounds {
        senders[n as usize % senders.len()].send(pair(n)).expect("it is received");
        assert!(is_pair(ours.recv(), n));
    }
    report(start);
}

fn answer((from, to): (Vec<Receiver<Pair>>, Sender<Pair>)) {
    let [c0, c1, c2, c3, c4, c5, c6, c7, c8, c9] = from.try_into().expect("there are ten of them");
    loop {
        let value = select! {
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
        let Some(value) = value else { return };
        if to.send(value).is_err() {
            return;
        }
    }
}

/// A number goes through a chain of tasks, each of which adds one.
pub fn daisy_tasks(count: u64) {
    chain(count, |left, right| drop(task::spawn(pass_on(left, right))));
}

/// The same of actors.
pub fn daisy_actors(count: u64) {
    chain(count, |left, right| {
        spawn(pass_on_alone, (left, right));
    });
}

fn chain(count: u64, mut link: impl FnMut(Sender<u64>, Receiver<u64>)) {
    for lap in ["secs", "warm"] {
        let start = Instant::now();
        let (left, leftmost) = channel(0);
        let mut left = left.binary();
        for _ in 0..count {
            let (next, right) = channel(0);
            link(left, right);
            left = next.binary();
        }
        task::spawn(async move { left.send_async(1).await });
        assert_eq!(leftmost.recv(), Some(count + 1));
        figure(lap, start.elapsed());
    }
}

async fn pass_on(left: Sender<u64>, right: Receiver<u64>) {
    let number = right.recv_async().await.expect("its right neighbour sends one");
    left.send_async(number + 1).await.expect("its left neighbour waits for it");
}

fn pass_on_alone((left, right): (Sender<u64>, Receiver<u64>)) {
    let number = right.recv().expect("its right neighbour sends one");
    left.send(number + 1).expect("its left neighbour waits for it");
}

//! What channels and tasks cost, in one actor and between two: each row prints how many operations a second it makes.
//!
//! `flower-host run channels.wasm [ROW [COUNT]]`

use flower::{Instant, Receiver, Sender, channel, select_async, spawn, task};

/// A row: its name, how many operations are usual, and what makes so many.
type Row = (&'static str, u32, fn(u32));

const ROWS: &[Row] = &[
    ("task_yield", 5_000_000, yields),
    ("task_spawn", 1_000_000, spawns),
    ("task_rendezvous", 5_000_000, |count| between_tasks(0, count)),
    ("task_buffered", 10_000_000, |count| between_tasks(1024, count)),
    ("task_select", 1_000_000, selects),
    ("task_daisy", 100_000, daisy),
    ("actor_rendezvous", 200_000, |count| between_actors(0, count)),
    ("actor_buffered", 5_000_000, |count| between_actors(1024, count)),
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    for &(name, usual, run) in ROWS {
        if arguments.first().is_some_and(|row| row != name) {
            continue;
        }
        let count = arguments.get(1).map_or(usual, |count| count.parse().expect("a number"));
        let start = Instant::now();
        run(count);
        let taken = start.elapsed();
        let rate = f64::from(count) / taken.as_secs_f64() / 1e6;
        println!("{name:16} {count:9} in {taken:9.2?}: {rate:6.2} million a second");
    }
}

fn yields(count: u32) {
    let turns = move || async move {
        for _ in 0..count / 2 {
            task::yield_now().await;
        }
    };
    let both = [task::spawn(turns()), task::spawn(turns())];
    for task in both {
        task.join().expect("not aborted");
    }
}

fn spawns(count: u32) {
    task::block_on(async move {
        for n in 0..count {
            assert_eq!(task::spawn(async move { n }).await, Ok(n));
        }
    });
}

async fn sum(rx: Receiver<u64>) -> u64 {
    let mut sum = 0;
    while let Some(value) = rx.recv_async().await {
        sum += value;
    }
    sum
}

fn between_tasks(capacity: usize, count: u32) {
    let (tx, rx) = channel(capacity);
    task::spawn(async move {
        for n in 0..u64::from(count) {
            tx.send_async(n).await.expect("it receives");
        }
    });
    let sum = task::spawn(sum(rx)).join();
    assert_eq!(sum, Ok(u64::from(count) * u64::from(count - 1) / 2));
}

/// Over nine idle channels and one that is used.
fn selects(count: u32) {
    let idle: Vec<_> = (0..9).map(|_| channel::<u64>(0)).collect();
    let (tx, rx) = channel::<u64>(0);
    task::spawn(async move {
        for n in 0..u64::from(count) {
            tx.send_async(n).await.expect("it receives");
        }
    });
    task::block_on(async move {
        let [a, b, c, d, e, f, g, h, i] = std::array::from_fn(|at| &idle[at].1);
        for n in 0..u64::from(count) {
            let got = select_async! {
                value = a.recv() => value,
                value = b.recv() => value,
                value = c.recv() => value,
                value = d.recv() => value,
                value = e.recv() => value,
                value = f.recv() => value,
                value = g.recv() => value,
                value = h.recv() => value,
                value = i.recv() => value,
                value = rx.recv() => value,
            };
            assert_eq!(got, Some(n));
        }
    });
}

fn daisy(count: u32) {
    let (first, mut right) = channel::<u32>(0);
    for _ in 0..count {
        let (left, next) = channel(0);
        let before = std::mem::replace(&mut right, next);
        task::spawn(async move {
            let n = before.recv_async().await.expect("the one before sends");
            left.send_async(n + 1).await
        });
    }
    task::spawn(async move { first.send_async(1).await });
    assert_eq!(right.recv(), Some(count + 1));
}

/// Values of 16 bytes, in one loop each.
fn between_actors(capacity: usize, count: u32) {
    fn send(tx: Sender<[u64; 2]>, count: u32) {
        tx.send_all((0..u64::from(count)).map(|n| [n, n << 56])).expect("it receives");
    }
    let (tx, rx) = channel(capacity);
    spawn(send, (tx.binary(), count));
    let sum: u64 = rx.iter().map(|[n, _]| n).sum();
    assert_eq!(sum, u64::from(count) * u64::from(count - 1) / 2);
}

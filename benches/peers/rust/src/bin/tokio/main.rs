//! Floor: tokio tasks with unbounded mpsc mailboxes, no actor library.

mod channels;

use peers::{Workload, distribution, mark, report};
use std::{
    task::Poll,
    time::{Duration, Instant},
};
use tokio::{
    sync::{
        mpsc::{UnboundedSender, unbounded_channel},
        oneshot,
    },
    time::sleep,
};

struct Ball {
    from: UnboundedSender<Ball>,
    payload: Vec<u8>,
}

fn main() {
    let workload = Workload::from_args();
    if let Workload::Local { capacity, values } = workload {
        return channels::local(capacity, values);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async { tokio::spawn(run(workload)).await.unwrap() });
}

async fn run(workload: Workload) {
    match workload {
        Workload::Spawn { n } => spawn(n).await,
        Workload::Ring { n } => ring(n).await,
        Workload::PingPong { bytes, rounds } => pairs(1, bytes, rounds).await,
        Workload::Pairs { pairs: count, rounds } => pairs(count, 16, rounds).await,
        Workload::Fan { senders, each } => fan(senders, each).await,
        Workload::Churn { total, window } => churn(total, window).await,
        Workload::Call { calls } => call(calls).await,
        Workload::Timers { n } => timers(n).await,
        Workload::Drift { period, ticks } => drift(period, ticks).await,
        Workload::Neighbour { hogs, probes, period } => neighbour(hogs, probes, period).await,
        Workload::Echo { connections, rounds } => echo(connections, rounds).await,
        Workload::Stream { capacity, values } => channels::stream(capacity, values).await,
        Workload::Select { rounds } => channels::select(rounds).await,
        Workload::Daisy { n } => channels::daisy(n).await,
        Workload::Local { .. } => workload.unknown(),
    }
}

async fn echo(connections: usize, rounds: usize) {
    peers::echo::drive(connections, rounds, |mut stream| async {
        tokio::spawn(async move { peers::echo::connection(&mut stream).await });
    })
    .await;
}

async fn spawn(n: usize) {
    mark("base");
    let start = Instant::now();
    let (ready, mut all_ready) = unbounded_channel();
    let mut mailboxes = Vec::with_capacity(n);
    for _ in 0..n {
        let (tx, mut rx) = unbounded_channel::<()>();
        let ready = ready.clone();
        tokio::spawn(async move {
            ready.send(()).unwrap();
            rx.recv().await;
        });
        mailboxes.push(tx);
    }
    for _ in 0..n {
        all_ready.recv().await;
    }
    report(start);
    mark("full");
}

async fn ring(n: usize) {
    let start = Instant::now();
    let (mut next, mut answer) = unbounded_channel();
    for _ in 0..n {
        let (tx, mut rx) = unbounded_channel::<usize>();
        tokio::spawn(async move {
            let x = rx.recv().await.unwrap();
            next.send(x + 1).unwrap();
        });
        next = tx;
    }
    next.send(0).unwrap();
    assert_eq!(answer.recv().await, Some(n));
    report(start);
}

async fn pairs(count: usize, bytes: usize, rounds: usize) {
    let start = Instant::now();
    let players: Vec<_> = (0..count).map(|_| tokio::spawn(play(bytes, rounds))).collect();
    for player in players {
        player.await.unwrap();
    }
    report(start);
}

async fn play(bytes: usize, rounds: usize) {
    let (pong, mut pong_in) = unbounded_channel::<Ball>();
    let (ping, mut ping_in) = unbounded_channel::<Ball>();
    let me = pong.clone();
    tokio::spawn(async move {
        while let Some(ball) = pong_in.recv().await {
            let back = Ball { from: me.clone(), payload: ball.payload };
            if ball.from.send(back).is_err() {
                break;
            }
        }
    });
    let mut payload = vec![7; bytes];
    for _ in 0..rounds {
        pong.send(Ball { from: ping.clone(), payload }).ok().unwrap();
        payload = ping_in.recv().await.unwrap().payload;
    }
}

async fn fan(senders: usize, each: usize) {
    let start = Instant::now();
    let (sink, mut inbox) = unbounded_channel();
    for _ in 0..senders {
        let sink = sink.clone();
        tokio::spawn(async move {
            for i in 0..each {
                sink.send(i).unwrap();
            }
        });
    }
    for _ in 0..senders * each {
        inbox.recv().await.unwrap();
    }
    report(start);
}

async fn churn(total: usize, window: usize) {
    let start = Instant::now();
    let (main, mut inbox) = unbounded_channel();
    for i in 0..total {
        if i >= window {
            inbox.recv().await.unwrap();
        }
        let main = main.clone();
        tokio::spawn(async move { main.send(i).unwrap() });
    }
    for _ in 0..window.min(total) {
        inbox.recv().await.unwrap();
    }
    report(start);
}

type Question = (usize, oneshot::Sender<usize>);

/// Answers every number with the next one.
fn server() -> UnboundedSender<Question> {
    let (server, mut inbox) = unbounded_channel::<Question>();
    tokio::spawn(async move {
        while let Some((x, reply)) = inbox.recv().await {
            reply.send(x + 1).unwrap();
        }
    });
    server
}

async fn ask(server: &UnboundedSender<Question>, x: usize) -> usize {
    let (reply, answer) = oneshot::channel();
    server.send((x, reply)).unwrap();
    answer.await.unwrap()
}

async fn call(calls: usize) {
    let server = server();
    let start = Instant::now();
    for i in 0..calls {
        assert_eq!(ask(&server, i).await, i + 1);
    }
    report(start);
}

// A timer is a future here, and somebody has to wait for it.
async fn timers(n: usize) {
    mark("base");
    let start = Instant::now();
    let (ready, mut all_ready) = unbounded_channel();
    for _ in 0..n {
        let ready = ready.clone();
        tokio::spawn(async move {
            let mut timer = std::pin::pin!(sleep(Duration::from_secs(3600)));
            std::future::poll_fn(|context| {
                assert!(timer.as_mut().poll(context).is_pending());
                Poll::Ready(())
            })
            .await;
            ready.send(()).unwrap();
            timer.await;
        });
    }
    for _ in 0..n {
        all_ready.recv().await;
    }
    report(start);
    mark("full");
}

// A tick that was left out is not waited for.
async fn drift(period: Duration, ticks: u32) {
    let start = tokio::time::Instant::now();
    let mut timer = tokio::time::interval_at(start + period, period);
    let mut due = period;
    let mut late = Vec::new();
    for _ in 0..ticks {
        timer.tick().await;
        let elapsed = start.elapsed();
        late.push(elapsed.saturating_sub(due));
        due = period * (elapsed.div_duration_f64(period) as u32 + 1);
    }
    distribution(late);
}

async fn neighbour(hogs: usize, probes: usize, period: Duration) {
    let server = server();
    assert_eq!(ask(&server, 0).await, 1);
    for _ in 0..hogs {
        tokio::spawn(async {
            let mut sum = 0_u64;
            loop {
                sum = std::hint::black_box(sum.wrapping_mul(31) + 1);
            }
        });
    }
    let mut late = Vec::new();
    for i in 0..probes {
        let due = Instant::now() + period;
        sleep(period).await;
        ask(&server, i).await;
        late.push(due.elapsed());
    }
    distribution(late);
}

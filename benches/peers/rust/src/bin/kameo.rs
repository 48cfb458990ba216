//! kameo: default mailboxes (bounded, 64) except the fan-in receiver's, which is unbounded.

use kameo::{
    actor::{Recipient, Spawn},
    error::Infallible,
    mailbox,
    prelude::*,
};
use peers::{Workload, mark, report};
use std::time::Instant;
use tokio::sync::{
    mpsc::{UnboundedSender, unbounded_channel},
    oneshot,
};

#[tokio::main]
async fn main() {
    let workload = Workload::from_args();
    tokio::spawn(run(workload)).await.unwrap();
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
        Workload::Echo { connections, rounds } => echo(connections, rounds).await,
        other => other.unknown(),
    }
}

#[derive(Actor)]
struct Connection;

impl Message<tokio::net::TcpStream> for Connection {
    type Reply = ();
    async fn handle(&mut self, mut stream: tokio::net::TcpStream, ctx: &mut Context<Self, ()>) {
        peers::echo::connection(&mut stream).await;
        ctx.stop();
    }
}

async fn echo(connections: usize, rounds: usize) {
    peers::echo::drive(connections, rounds, |stream| async {
        Connection::spawn(Connection).tell(stream).await.unwrap();
    })
    .await;
}

struct Idle;

impl Actor for Idle {
    type Args = UnboundedSender<()>;
    type Error = Infallible;
    async fn on_start(ready: Self::Args, _: ActorRef<Self>) -> Result<Self, Infallible> {
        ready.send(()).unwrap();
        Ok(Idle)
    }
}

async fn spawn(n: usize) {
    mark("base");
    let start = Instant::now();
    let (ready, mut all_ready) = unbounded_channel();
    let actors: Vec<_> = (0..n).map(|_| Idle::spawn(ready.clone())).collect();
    for _ in 0..n {
        all_ready.recv().await;
    }
    report(start);
    mark("full");
    drop(actors);
}

struct Hop(usize);

#[derive(Actor)]
struct Forward(Recipient<Hop>);

impl Message<Hop> for Forward {
    type Reply = ();
    async fn handle(&mut self, Hop(x): Hop, ctx: &mut Context<Self, ()>) {
        self.0.tell(Hop(x + 1)).await.unwrap();
        ctx.stop();
    }
}

#[derive(Actor)]
struct Answer(UnboundedSender<usize>);

impl Message<Hop> for Answer {
    type Reply = ();
    async fn handle(&mut self, Hop(x): Hop, _: &mut Context<Self, ()>) {
        self.0.send(x).unwrap();
    }
}

async fn ring(n: usize) {
    let start = Instant::now();
    let (tx, mut answer) = unbounded_channel();
    let mut next = Answer::spawn(Answer(tx)).recipient();
    for _ in 0..n {
        next = Forward::spawn(Forward(next)).recipient();
    }
    next.tell(Hop(0)).await.unwrap();
    assert_eq!(answer.recv().await, Some(n));
    report(start);
}

struct Ball {
    from: ActorRef<Player>,
    payload: Vec<u8>,
}

#[derive(Actor)]
struct Player {
    left: usize,
    done: Option<oneshot::Sender<()>>,
}

impl Message<Ball> for Player {
    type Reply = ();
    async fn handle(&mut self, ball: Ball, ctx: &mut Context<Self, ()>) {
        if let Some(done) = self.done.take_if(|_| self.left == 0) {
            done.send(()).unwrap();
        } else {
            self.left -= 1;
            let from = ctx.actor_ref().clone();
            ball.from.tell(Ball { from, payload: ball.payload }).await.unwrap();
        }
    }
}

async fn pairs(count: usize, bytes: usize, rounds: usize) {
    let start = Instant::now();
    let mut played = Vec::new();
    for _ in 0..count {
        let (tx, done) = oneshot::channel();
        let ping = Player::spawn(Player { left: rounds - 1, done: Some(tx) });
        let pong = Player::spawn(Player { left: rounds, done: None });
        pong.tell(Ball { from: ping, payload: vec![7; bytes] }).await.unwrap();
        played.push(done);
    }
    for done in played {
        done.await.unwrap();
    }
    report(start);
}

#[derive(Actor)]
struct Sink {
    left: usize,
    done: Option<oneshot::Sender<()>>,
}

impl Message<usize> for Sink {
    type Reply = ();
    async fn handle(&mut self, _: usize, _: &mut Context<Self, ()>) {
        self.left -= 1;
        if self.left == 0 {
            self.done.take().unwrap().send(()).unwrap();
        }
    }
}

#[derive(Actor)]
struct Source(ActorRef<Sink>);

impl Message<usize> for Source {
    type Reply = ();
    async fn handle(&mut self, each: usize, _: &mut Context<Self, ()>) {
        for i in 0..each {
            self.0.tell(i).await.unwrap();
        }
    }
}

async fn fan(senders: usize, each: usize) {
    let start = Instant::now();
    let (tx, done) = oneshot::channel();
    let sink = Sink { left: senders * each, done: Some(tx) };
    let sink = Sink::spawn_with_mailbox(sink, mailbox::unbounded());
    for _ in 0..senders {
        Source::spawn(Source(sink.clone())).tell(each).await.unwrap();
    }
    done.await.unwrap();
    report(start);
}

#[derive(Actor)]
struct Mayfly(UnboundedSender<usize>);

impl Message<usize> for Mayfly {
    type Reply = ();
    async fn handle(&mut self, i: usize, ctx: &mut Context<Self, ()>) {
        self.0.send(i).unwrap();
        ctx.stop();
    }
}

async fn churn(total: usize, window: usize) {
    let start = Instant::now();
    let (main, mut inbox) = unbounded_channel();
    for i in 0..total {
        if i >= window {
            inbox.recv().await.unwrap();
        }
        Mayfly::spawn(Mayfly(main.clone())).tell(i).await.unwrap();
    }
    for _ in 0..window.min(total) {
        inbox.recv().await.unwrap();
    }
    report(start);
}

#[derive(Actor)]
struct Server;

impl Message<usize> for Server {
    type Reply = usize;
    async fn handle(&mut self, x: usize, _: &mut Context<Self, usize>) -> usize {
        x + 1
    }
}

async fn call(calls: usize) {
    let server = Server::spawn(Server);
    let start = Instant::now();
    for i in 0..calls {
        assert_eq!(server.ask(i).await.unwrap(), i + 1);
    }
    report(start);
}

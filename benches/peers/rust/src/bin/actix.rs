//! actix: every actor on the system's one arbiter thread, as `Actor::start` does.

use actix::prelude::*;
use peers::{Workload, mark, report};
use std::time::Instant;
use tokio::sync::{
    mpsc::{UnboundedSender, unbounded_channel},
    oneshot,
};

#[actix::main]
async fn main() {
    match Workload::from_args() {
        Workload::Spawn { n } => spawn(n).await,
        Workload::Ring { n } => ring(n).await,
        Workload::PingPong { bytes, rounds } => ping_pong(bytes, rounds).await,
        Workload::Fan { senders, each } => fan(senders, each).await,
        Workload::Churn { total, window } => churn(total, window).await,
        Workload::Call { calls } => call(calls).await,
        other => other.unknown(),
    }
}

macro_rules! actor {
    ($($name:ident),*) => {
        $(impl Actor for $name { type Context = Context<Self>; })*
    };
}

actor!(Forward, Answer, Player, Sink, Source, Mayfly, Server);

struct Idle(UnboundedSender<()>);

impl Actor for Idle {
    type Context = Context<Self>;
    fn started(&mut self, _: &mut Context<Self>) {
        self.0.send(()).unwrap();
    }
}

async fn spawn(n: usize) {
    mark("base");
    let start = Instant::now();
    let (ready, mut all_ready) = unbounded_channel();
    let actors: Vec<_> = (0..n).map(|_| Idle(ready.clone()).start()).collect();
    for _ in 0..n {
        all_ready.recv().await;
    }
    report(start);
    mark("full");
    drop(actors);
}

#[derive(Message)]
#[rtype(result = "()")]
struct Hop(usize);

struct Forward(Recipient<Hop>);

impl Handler<Hop> for Forward {
    type Result = ();
    fn handle(&mut self, Hop(x): Hop, ctx: &mut Context<Self>) {
        self.0.do_send(Hop(x + 1));
        ctx.stop();
    }
}

struct Answer(UnboundedSender<usize>);

impl Handler<Hop> for Answer {
    type Result = ();
    fn handle(&mut self, Hop(x): Hop, _: &mut Context<Self>) {
        self.0.send(x).unwrap();
    }
}

async fn ring(n: usize) {
    let start = Instant::now();
    let (tx, mut answer) = unbounded_channel();
    let mut next = Answer(tx).start().recipient();
    for _ in 0..n {
        next = Forward(next).start().recipient();
    }
    next.do_send(Hop(0));
    assert_eq!(answer.recv().await, Some(n));
    report(start);
}

#[derive(Message)]
#[rtype(result = "()")]
struct Ball {
    from: Addr<Player>,
    payload: Vec<u8>,
}

struct Player {
    left: usize,
    done: Option<oneshot::Sender<()>>,
}

impl Handler<Ball> for Player {
    type Result = ();
    fn handle(&mut self, ball: Ball, ctx: &mut Context<Self>) {
        if let Some(done) = self.done.take_if(|_| self.left == 0) {
            done.send(()).unwrap();
        } else {
            self.left -= 1;
            ball.from.do_send(Ball { from: ctx.address(), payload: ball.payload });
        }
    }
}

async fn ping_pong(bytes: usize, rounds: usize) {
    let (tx, done) = oneshot::channel();
    let ping = Player { left: rounds - 1, done: Some(tx) }.start();
    let pong = Player { left: rounds, done: None }.start();
    let start = Instant::now();
    pong.do_send(Ball { from: ping, payload: vec![7; bytes] });
    done.await.unwrap();
    report(start);
}

#[derive(Message)]
#[rtype(result = "usize")]
struct Num(usize);

struct Sink {
    left: usize,
    done: Option<oneshot::Sender<()>>,
}

impl Handler<Hop> for Sink {
    type Result = ();
    fn handle(&mut self, _: Hop, _: &mut Context<Self>) {
        self.left -= 1;
        if self.left == 0 {
            self.done.take().unwrap().send(()).unwrap();
        }
    }
}

struct Source(Addr<Sink>);

impl Handler<Hop> for Source {
    type Result = ();
    fn handle(&mut self, Hop(each): Hop, _: &mut Context<Self>) {
        for i in 0..each {
            self.0.do_send(Hop(i));
        }
    }
}

async fn fan(senders: usize, each: usize) {
    let start = Instant::now();
    let (tx, done) = oneshot::channel();
    let sink = Sink { left: senders * each, done: Some(tx) }.start();
    for _ in 0..senders {
        Source(sink.clone()).start().do_send(Hop(each));
    }
    done.await.unwrap();
    report(start);
}

struct Mayfly(UnboundedSender<usize>);

impl Handler<Hop> for Mayfly {
    type Result = ();
    fn handle(&mut self, Hop(i): Hop, ctx: &mut Context<Self>) {
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
        Mayfly(main.clone()).start().do_send(Hop(i));
    }
    for _ in 0..window.min(total) {
        inbox.recv().await.unwrap();
    }
    report(start);
}

struct Server;

impl Handler<Num> for Server {
    type Result = usize;
    fn handle(&mut self, Num(x): Num, _: &mut Context<Self>) -> usize {
        x + 1
    }
}

async fn call(calls: usize) {
    let server = Server.start();
    let start = Instant::now();
    for i in 0..calls {
        assert_eq!(server.send(Num(i)).await.unwrap(), i + 1);
    }
    report(start);
}

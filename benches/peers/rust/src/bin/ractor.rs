//! ractor: `Actor::spawn` (waits for the actor's start), unbounded mailboxes.

use peers::{Workload, mark, report};
use ractor::{Actor, ActorProcessingErr, ActorRef, RpcReplyPort, call};
use std::time::Instant;
use tokio::sync::{
    mpsc::{UnboundedSender, unbounded_channel},
    oneshot,
};

type Done = Result<(), ActorProcessingErr>;

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
        Workload::Call { calls } => serve_calls(calls).await,
        Workload::Echo { connections, rounds } => echo(connections, rounds).await,
        other => other.unknown(),
    }
}

async fn start<A: Actor>(actor: A, state: A::Arguments) -> ActorRef<A::Msg> {
    Actor::spawn(None, actor, state).await.unwrap().0
}

/// An actor whose state is what it is spawned with.
macro_rules! actor {
    ($name:ident, $state:ty, $msg:ty, |$me:ident, $message:pat_param, $s:ident| $body:expr) => {
        struct $name;
        impl Actor for $name {
            type Msg = $msg;
            type State = $state;
            type Arguments = $state;
            async fn pre_start(
                &self,
                _: ActorRef<$msg>,
                state: $state,
            ) -> Result<$state, ActorProcessingErr> {
                Ok(state)
            }
            async fn handle(&self, $me: ActorRef<$msg>, $message: $msg, $s: &mut $state) -> Done {
                $body;
                Ok(())
            }
        }
    };
}

struct Serve(tokio::net::TcpStream);

actor!(Connection, (), Serve, |me, Serve(mut stream), _state| {
    peers::echo::connection(&mut stream).await;
    me.stop(None);
});

async fn echo(connections: usize, rounds: usize) {
    peers::echo::drive(connections, rounds, |stream| async {
        start(Connection, ()).await.send_message(Serve(stream)).unwrap();
    })
    .await;
}

struct Idle;

impl Actor for Idle {
    type Msg = ();
    type State = UnboundedSender<()>;
    type Arguments = UnboundedSender<()>;
    async fn pre_start(
        &self,
        _: ActorRef<()>,
        ready: UnboundedSender<()>,
    ) -> Result<Self::State, ActorProcessingErr> {
        Ok(ready)
    }
    async fn post_start(&self, _: ActorRef<()>, ready: &mut Self::State) -> Done {
        Ok(ready.send(())?)
    }
}

async fn spawn(n: usize) {
    mark("base");
    let begin = Instant::now();
    let (ready, mut all_ready) = unbounded_channel();
    let mut actors = Vec::with_capacity(n);
    for _ in 0..n {
        actors.push(start(Idle, ready.clone()).await);
    }
    for _ in 0..n {
        all_ready.recv().await;
    }
    report(begin);
    mark("full");
}

actor!(Forward, ActorRef<usize>, usize, |me, x, next| {
    next.cast(x + 1)?;
    me.stop(None)
});

actor!(Answer, UnboundedSender<usize>, usize, |_me, x, answer| answer.send(x)?);

async fn ring(n: usize) {
    let begin = Instant::now();
    let (tx, mut answer) = unbounded_channel();
    let mut next = start(Answer, tx).await;
    for _ in 0..n {
        next = start(Forward, next).await;
    }
    next.cast(0).unwrap();
    assert_eq!(answer.recv().await, Some(n));
    report(begin);
}

struct Ball {
    from: ActorRef<Ball>,
    payload: Vec<u8>,
}

actor!(Player, (usize, Option<oneshot::Sender<()>>), Ball, |me, ball, state| {
    let (left, done) = state;
    if let Some(done) = done.take_if(|_| *left == 0) {
        done.send(()).unwrap();
    } else {
        *left -= 1;
        ball.from.cast(Ball { from: me, payload: ball.payload }).ok().unwrap();
    }
});

async fn pairs(count: usize, bytes: usize, rounds: usize) {
    let begin = Instant::now();
    let mut played = Vec::new();
    for _ in 0..count {
        let (tx, done) = oneshot::channel();
        let ping = start(Player, (rounds - 1, Some(tx))).await;
        let pong = start(Player, (rounds, None)).await;
        pong.cast(Ball { from: ping, payload: vec![7; bytes] }).ok().unwrap();
        played.push(done);
    }
    for done in played {
        done.await.unwrap();
    }
    report(begin);
}

actor!(Sink, (usize, Option<oneshot::Sender<()>>), usize, |_me, _, state| {
    state.0 -= 1;
    if state.0 == 0 {
        state.1.take().unwrap().send(()).unwrap();
    }
});

actor!(Source, ActorRef<usize>, usize, |_me, each, sink| {
    for i in 0..each {
        sink.cast(i)?;
    }
});

async fn fan(senders: usize, each: usize) {
    let begin = Instant::now();
    let (tx, done) = oneshot::channel();
    let sink = start(Sink, (senders * each, Some(tx))).await;
    for _ in 0..senders {
        start(Source, sink.clone()).await.cast(each).unwrap();
    }
    done.await.unwrap();
    report(begin);
}

actor!(Mayfly, UnboundedSender<usize>, usize, |me, i, main| {
    main.send(i)?;
    me.stop(None)
});

async fn churn(total: usize, window: usize) {
    let begin = Instant::now();
    let (main, mut inbox) = unbounded_channel();
    for i in 0..total {
        if i >= window {
            inbox.recv().await.unwrap();
        }
        start(Mayfly, main.clone()).await.cast(i).unwrap();
    }
    for _ in 0..window.min(total) {
        inbox.recv().await.unwrap();
    }
    report(begin);
}

enum Ask {
    Add(usize, RpcReplyPort<usize>),
}

actor!(Server, (), Ask, |_me, Ask::Add(x, reply), _state| reply.send(x + 1)?);

async fn serve_calls(calls: usize) {
    let server = start(Server, ()).await;
    let begin = Instant::now();
    for i in 0..calls {
        assert_eq!(call!(server, |reply| Ask::Add(i, reply)).unwrap(), i + 1);
    }
    report(begin);
}

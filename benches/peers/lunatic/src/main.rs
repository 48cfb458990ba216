//! Lunatic guest: function processes; an abstract process for the call workload.
//!
//! With `bare` as the last argument, processes that are created in numbers get an empty
//! configuration (no directory, environment or rights) and not their parent's.

use lunatic::{
    abstract_process,
    ap::{AbstractProcess, Config},
    sleep, Mailbox, Process, ProcessConfig,
};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use std::time::{Duration, Instant};

macro_rules! spawn {
    ($config:expr, $capture:expr, $entry:expr) => {
        match $config {
            Some(config) => Process::spawn_config(config, $capture, $entry),
            None => Process::spawn($capture, $entry),
        }
    };
}

#[lunatic::main]
fn main(inbox: Mailbox<u64>) {
    let args: Vec<String> = std::env::args().collect();
    let num = |i: usize| -> u64 { args[i + 1].parse().expect("a number") };
    let bare = args.last().is_some_and(|a| a == "bare");
    let config = bare.then(|| ProcessConfig::new().unwrap());
    match args[1].as_str() {
        "spawn" => spawn(inbox, config.as_ref(), num(1)),
        "ring" => ring(inbox, config.as_ref(), num(1)),
        "pingpong" => {
            let start = Instant::now();
            Process::spawn((inbox.this(), num(1) as usize, num(2)), ping_pong);
            inbox.receive();
            report(start);
        }
        "pairs" => pairs(inbox, num(1), num(2)),
        "fan" => fan(inbox, num(1), num(2)),
        "churn" => churn(inbox, config.as_ref(), num(1), num(2)),
        "call" => call(num(1)),
        other => panic!("no workload {other}"),
    }
}

fn mark(name: &str) {
    println!("mark {name}");
    sleep(Duration::from_millis(300));
}

fn report(start: Instant) {
    println!("secs {}", start.elapsed().as_secs_f64());
}

fn spawn(inbox: Mailbox<u64>, config: Option<&ProcessConfig>, n: u64) {
    mark("base");
    let start = Instant::now();
    for _ in 0..n {
        spawn!(config, inbox.this(), |main: Process<u64>, mailbox: Mailbox<u64>| {
            main.send(0);
            mailbox.receive();
        });
    }
    for _ in 0..n {
        inbox.receive();
    }
    report(start);
    mark("full");
}

fn ring(inbox: Mailbox<u64>, config: Option<&ProcessConfig>, n: u64) {
    let start = Instant::now();
    let mut next = inbox.this();
    for _ in 0..n {
        next = spawn!(config, next, |next: Process<u64>, mailbox: Mailbox<u64>| {
            next.send(mailbox.receive() + 1);
        });
    }
    next.send(0);
    assert_eq!(inbox.receive(), n);
    report(start);
}

#[derive(Serialize, Deserialize)]
struct Ball {
    from: Process<Ball>,
    payload: ByteBuf,
}

fn ping_pong((main, bytes, rounds): (Process<u64>, usize, u64), mailbox: Mailbox<Ball>) {
    let pong = Process::spawn((), |(), mailbox: Mailbox<Ball>| loop {
        let ball = mailbox.receive();
        ball.from.send(Ball { from: mailbox.this(), payload: ball.payload });
    });
    let mut payload = ByteBuf::from(vec![7; bytes]);
    for _ in 0..rounds {
        pong.send(Ball { from: mailbox.this(), payload });
        payload = mailbox.receive().payload;
    }
    main.send(0);
}

fn pairs(inbox: Mailbox<u64>, pairs: u64, rounds: u64) {
    let start = Instant::now();
    for _ in 0..pairs {
        Process::spawn((inbox.this(), 16, rounds), ping_pong);
    }
    for _ in 0..pairs {
        inbox.receive();
    }
    report(start);
}

fn fan(inbox: Mailbox<u64>, senders: u64, each: u64) {
    let start = Instant::now();
    for _ in 0..senders {
        let args = (inbox.this(), each);
        Process::spawn(args, |(sink, each): (Process<u64>, u64), _: Mailbox<()>| {
            for i in 0..each {
                sink.send(i);
            }
        });
    }
    for _ in 0..senders * each {
        inbox.receive();
    }
    report(start);
}

fn churn(inbox: Mailbox<u64>, config: Option<&ProcessConfig>, total: u64, window: u64) {
    let start = Instant::now();
    for i in 0..total {
        if i >= window {
            inbox.receive();
        }
        let args = (inbox.this(), i);
        spawn!(config, args, |(main, i): (Process<u64>, u64), _: Mailbox<()>| main.send(i));
    }
    for _ in 0..window.min(total) {
        inbox.receive();
    }
    report(start);
}

struct Server;

#[abstract_process]
impl Server {
    #[init]
    fn init(_: Config<Self>, _: ()) -> Result<Self, ()> {
        Ok(Server)
    }

    #[handle_request]
    fn add(&self, x: u64) -> u64 {
        x + 1
    }
}

fn call(calls: u64) {
    let server = Server::start(()).unwrap();
    let start = Instant::now();
    for i in 0..calls {
        assert_eq!(server.add(i), i + 1);
    }
    report(start);
}

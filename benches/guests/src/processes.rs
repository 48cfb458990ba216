//! The workloads in the process style, once for every form that messages can have on their way.

use std::time::Duration;

use flower::{
    Instant, JoinHandle, Message, Pid, SendError, after, call, parent, receive, receive_request, self_pid,
    send, send_wait, sleep, spawn, spawn_join,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::echo::echo;
use crate::{PATIENCE, UNHEARD_MAX, Workload, distribution, figure, mark, report, slices, spin};

/// The form of messages.
pub trait Wire: 'static {
    /// A value in this form.
    type Of<T: Serialize + DeserializeOwned>: Message;

    /// Brings a value into the form.
    fn wrap<T: Serialize + DeserializeOwned>(value: T) -> Self::Of<T>;

    /// Takes it out again.
    fn open<T: Serialize + DeserializeOwned>(wrapped: Self::Of<T>) -> T;

    /// Sends the first ball of a ping-pong, with a payload of so many bytes.
    fn serve(to: Pid, bytes: u64);

    /// Receives a ball and sends it back; false once the other is gone.
    fn give_back() -> bool;
}

/// What there is much of in the mailbox.
#[derive(Serialize, Deserialize)]
struct Unmatched(u64);

/// What is looked for behind them.
#[derive(Serialize, Deserialize)]
struct Wanted(u64);

/// Runs the workload that the command line asks for.
pub fn run<W: Wire>() {
    let workload = Workload::from_args();
    let number = |at| workload.number(at);
    match workload.name() {
        "spawn" => spawn_idle::<W>(number(0)),
        "ring" => ring::<W>(number(0), number(1)),
        "pingpong" => ping_pong::<W>(number(0), number(1)),
        "pairs" => pairs::<W>(number(0), number(1)),
        "fan" => fan::<W>(number(0), number(1)),
        "churn" => churn::<W>(number(0), number(1)),
        "call" => calls::<W>(number(0)),
        "echo" => echo(number(0), number(1) / number(0)),
        "selective" => selective::<W>(number(0), number(1)),
        "timers" => timers(number(0)),
        "drift" => drift(number(0), number(1)),
        "neighbour" => neighbour::<W>(number(0), number(1), number(2)),
        "slice" => slice(number(0), number(1)),
        _ => workload.unknown(),
    }
}

fn next<T: Serialize + DeserializeOwned>() -> T {
    receive().expect("a message of this type")
}

fn tell<W: Wire, T: Serialize + DeserializeOwned>(to: Pid, value: T) {
    send(to, &W::wrap(value)).expect("it has room");
}

fn up<W: Wire>() {
    tell::<W, ()>(parent().expect("somebody spawned it"), ());
}

fn spawn_idle<W: Wire>(count: u64) {
    mark("base");
    let start = Instant::now();
    for n in 0..count {
        if n >= UNHEARD_MAX {
            next::<()>();
        }
        spawn(idle::<W>, ());
    }
    (0..count.min(UNHEARD_MAX)).for_each(|_| next());
    report(start);
    mark("full");
}

fn idle<W: Wire>() {
    up::<W>();
    next::<()>();
}

fn ring<W: Wire>(count: u64, laps: u64) {
    for lap in 0..laps {
        let start = Instant::now();
        let first = (0..count).fold(self_pid(), |next, _| spawn(forward::<W>, W::wrap(next)));
        tell::<W, u64>(first, 0);
        assert_eq!(next::<u64>(), count);
        figure(if lap == 0 { "secs" } else { "warm" }, start.elapsed());
    }
}

fn forward<W: Wire>(to: W::Of<Pid>) {
    tell::<W, u64>(W::open(to), next::<u64>() + 1);
}

fn ping_pong<W: Wire>(bytes: u64, rounds: u64) {
    let pong = spawn(pong::<W>, ());
    let start = Instant::now();
    ping::<W>(pong, bytes, rounds);
    report(start);
}

fn ping<W: Wire>(pong: Pid, bytes: u64, rounds: u64) {
    W::serve(pong, bytes);
    (1..rounds).for_each(|_| assert!(W::give_back()));
    receive::<flower::Envelope>().expect("an envelope holds any message");
}

fn pong<W: Wire>() {
    while W::give_back() {}
}

fn pairs<W: Wire>(pairs: u64, rounds: u64) {
    let play = |rounds: W::Of<u64>| ping::<W>(spawn(pong::<W>, ()), 16, W::open(rounds));
    let start = Instant::now();
    let pairs: Vec<JoinHandle<()>> = (0..pairs).map(|_| spawn_join(play, W::wrap(rounds))).collect();
    pairs.into_iter().for_each(|pair| pair.join().expect("it plays to the end"));
    report(start);
}

fn fan<W: Wire>(senders: u64, each: u64) {
    let start = Instant::now();
    for _ in 0..senders {
        spawn(source::<W>, W::wrap(each));
    }
    for _ in 0..senders * each {
        next::<u64>();
    }
    report(start);
}

fn source<W: Wire>(each: W::Of<u64>) {
    let sink = parent().expect("somebody spawned it");
    for n in 0..W::open(each) {
        send_wait(sink, &W::wrap(n), PATIENCE).expect("there is room in time");
    }
}

fn churn<W: Wire>(total: u64, window: u64) {
    let start = Instant::now();
    for n in 0..total {
        if n >= window {
            next::<()>();
        }
        spawn(up::<W>, ());
    }
    (0..total.min(window)).for_each(|_| next());
    report(start);
}

fn calls<W: Wire>(count: u64) {
    let server = spawn(add_one::<W>, ());
    let start = Instant::now();
    for n in 0..count {
        assert_eq!(ask::<W>(server, n), n + 1);
    }
    report(start);
}

fn ask<W: Wire>(server: Pid, n: u64) -> u64 {
    call(server, &W::wrap(n), PATIENCE).expect("an answer")
}

fn add_one<W: Wire>() {
    while let Ok((n, reply)) = receive_request::<u64>() {
        if reply.send(&W::wrap(n + 1)).is_err() {
            break;
        }
    }
}

fn selective<W: Wire>(unmatched: u64, rounds: u64) {
    (0..unmatched).for_each(|n| tell::<W, _>(self_pid(), Unmatched(n)));
    let echo = spawn(wanted::<W>, ());
    let start = Instant::now();
    for n in 0..rounds {
        tell::<W, u64>(echo, n);
        let answer = flower::receive! { Wanted(answer): Wanted => answer };
        assert_eq!(answer, Ok(n));
    }
    report(start);
}

fn wanted<W: Wire>() {
    let caller = parent().expect("somebody spawned it");
    loop {
        tell::<W, Wanted>(caller, Wanted(next()));
    }
}

fn timers(count: u64) {
    mark("base");
    let start = Instant::now();
    let armed: Result<Vec<_>, SendError> = (0..count).map(|_| after(Duration::from_secs(3600))).collect();
    report(start);
    mark("full");
    armed.expect("a timer is free");
}

/// A tick that was left out is not waited for: the next is compared with when itself was due.
fn drift(period_us: u64, ticks: u64) {
    let start = Instant::now();
    flower::tick(Duration::from_micros(period_us)).expect("a timer is free");
    let mut due = period_us;
    let late = |_| {
        flower::receive_any();
        let elapsed = start.elapsed().as_micros() as u64;
        let late = elapsed.saturating_sub(due);
        due = (elapsed / period_us + 1) * period_us;
        Duration::from_micros(late)
    };
    distribution((0..ticks).map(late).collect());
}

fn neighbour<W: Wire>(hogs: u64, probes: u64, period_us: u64) {
    let server = spawn(add_one::<W>, ());
    assert_eq!(ask::<W>(server, 0), 1);
    for _ in 0..hogs {
        spawn(|| spin(), ());
    }
    let probe = |n| {
        let due = Instant::now() + Duration::from_micros(period_us);
        sleep(Duration::from_micros(period_us));
        ask::<W>(server, n);
        Instant::now() - due
    };
    distribution((0..probes).map(probe).collect());
}

fn slice(hogs: u64, millis: u64) {
    let hogs: Vec<_> =
        (0..hogs).map(|_| spawn_join(|time: u64| slices(Duration::from_millis(time)), millis)).collect();
    let slices = hogs.into_iter().flat_map(|hog| hog.join().expect("it comes to its end"));
    distribution(slices.map(Duration::from_nanos).collect());
}

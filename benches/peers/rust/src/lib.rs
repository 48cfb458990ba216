//! What the Rust peers share: the workload they are asked for, and the report.
//!
//! `../README.md` tells what the workloads are and what a program prints.

pub mod echo;

use std::time::{Duration, Instant};

#[derive(Clone, Copy, Debug)]
pub enum Workload {
    /// Spawn `n` actors that announce themselves and then wait.
    Spawn { n: usize },
    /// Chain `n` actors; each adds one to the number it gets, passes it on and dies.
    Ring { n: usize },
    /// Two actors return a payload to each other.
    PingPong { bytes: usize, rounds: usize },
    /// Several such pairs at once.
    Pairs { pairs: usize, rounds: usize },
    /// `senders` actors send `each` numbers to one receiver.
    Fan { senders: usize, each: usize },
    /// Create `total` actors that send one message and die, `window` at a time.
    Churn { total: usize, window: usize },
    /// One caller, one server.
    Call { calls: usize },
    /// Arm `n` timers that are due in an hour.
    Timers { n: usize },
    /// How late each tick of a periodic timer is.
    Drift { period: Duration, ticks: u32 },
    /// How late the answer to a question is that is asked beside busy loops.
    Neighbour { hogs: usize, probes: usize, period: Duration },
    /// 64 bytes back and forth over TCP, with an actor for each connection.
    Echo { connections: usize, rounds: usize },
    /// One sends values of 16 bytes over a channel, another receives them.
    Stream { capacity: usize, values: usize },
    /// The same on one thread.
    Local { capacity: usize, values: usize },
    /// Who answers selects over ten channels, of which nine are idle.
    Select { rounds: usize },
    /// A number goes through a chain of `n`, each of which adds one.
    Daisy { n: usize },
}

impl Workload {
    pub fn from_args() -> Workload {
        let args: Vec<String> = std::env::args().skip(1).collect();
        let num = |i: usize| -> usize { args[i].parse().expect("a number") };
        let micros = |i: usize| Duration::from_micros(num(i) as u64);
        match args[0].as_str() {
            "spawn" => Workload::Spawn { n: num(1) },
            "ring" => Workload::Ring { n: num(1) },
            "pingpong" => Workload::PingPong { bytes: num(1), rounds: num(2) },
            "pairs" => Workload::Pairs { pairs: num(1), rounds: num(2) },
            "fan" => Workload::Fan { senders: num(1), each: num(2) },
            "churn" => Workload::Churn { total: num(1), window: num(2) },
            "call" => Workload::Call { calls: num(1) },
            "timers" => Workload::Timers { n: num(1) },
            "drift" => Workload::Drift { period: micros(1), ticks: num(2) as u32 },
            "neighbour" => Workload::Neighbour { hogs: num(1), probes: num(2), period: micros(3) },
            "echo" => Workload::Echo { connections: num(1), rounds: num(2) / num(1) },
            "stream" => Workload::Stream { capacity: num(1), values: num(2) },
            "local" => Workload::Local { capacity: num(1), values: num(2) },
            "select" => Workload::Select { rounds: num(1) },
            "daisy" | "daisy_tasks" => Workload::Daisy { n: num(1) },
            other => panic!("there is no workload {other}"),
        }
    }

    /// Ends a program that has no form of this workload.
    pub fn unknown(self) -> ! {
        panic!("{self:?} is not written for this peer")
    }
}

pub fn mark(name: &str) {
    println!("mark {name}");
    std::thread::sleep(Duration::from_millis(300));
}

pub fn report(start: Instant) {
    figure("secs", start);
}

pub fn figure(name: &str, start: Instant) {
    println!("{name} {}", start.elapsed().as_secs_f64());
}

/// Reports the middle, the tail and the longest of many times.
pub fn distribution(mut times: Vec<Duration>) {
    times.sort_unstable();
    for (name, percent) in [("p50", 50), ("p99", 99), ("max", 100)] {
        println!("{name} {:.9}", times[(times.len() - 1) * percent / 100].as_secs_f64());
    }
}

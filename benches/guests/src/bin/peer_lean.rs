//! The rows `flower-wat` and `flower-wat-handler`: actors of a few hundred bytes, written by hand.
//!
//! This program spawns them out of `benches/guests/lean.wat`, which it is given as the module `lean`.

use flower::{Binary, Envelope, Instant, Pid, Spawn, channel, receive, self_pid, send_bytes, task};
use flower_bench_guests::{UNHEARD_MAX, Workload, figure, mark, report};

/// A number as the lean actors read it: eight bytes.
type Number = [u8; 8];

fn main() {
    let workload = Workload::from_args();
    let number = |at| workload.number(at);
    match workload.name() {
        "spawn" => idle("idle", number(0)),
        "spawn-handler" => idle("handle_idle", number(0)),
        "ring" => ring("forward", number(0), number(1)),
        "ring-handler" => ring("handle_forward", number(0), number(1)),
        "daisy" => daisy("link", number(0)),
        _ => workload.unknown(),
    }
}

fn next() -> Envelope {
    receive().expect("an envelope holds any message")
}

fn idle(entry: &str, count: u64) {
    mark("base");
    let start = Instant::now();
    for n in 0..count {
        if n >= UNHEARD_MAX {
            next();
        }
        Spawn::entry(entry, ()).module("lean").spawn().expect("there is room for it");
    }
    (0..count.min(UNHEARD_MAX)).for_each(|_| drop(next()));
    report(start);
    mark("full");
}

fn ring(entry: &str, count: u64, laps: u64) {
    let linked =
        |to: Pid| Spawn::entry(entry, Binary(to)).module("lean").spawn().expect("there is room for it");
    for lap in 0..laps {
        let start = Instant::now();
        let first = (0..count).fold(self_pid(), |to, _| linked(to));
        send_bytes(first, &0_u64.to_le_bytes()).expect("it waits");
        assert_eq!(next().bytes(), count.to_le_bytes());
        figure(if lap == 0 { "secs" } else { "warm" }, start.elapsed());
    }
}

/// As `daisy` of the actors in Rust.
fn daisy(entry: &str, count: u64) {
    for lap in ["secs", "warm"] {
        let start = Instant::now();
        let (left, leftmost) = channel::<Number>(0);
        let mut left = left.binary();
        for _ in 0..count {
            let (next, right) = channel::<Number>(0);
            let link = Spawn::entry(entry, Binary((left, right))).module("lean");
            link.spawn().expect("there is room for it");
            left = next.binary();
        }
        task::spawn(async move { left.send_async(1_u64.to_le_bytes()).await });
        assert_eq!(leftmost.recv(), Some((count + 1).to_le_bytes()));
        figure(lap, start.elapsed());
    }
}

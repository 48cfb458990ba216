//! Measures one promise of `docs/SPECIFICATION.md` once: `spec ROW GUESTS`, where GUESTS is the folder of the guests. Prints one
//! number, in the unit of the row. `FLOWER_SPEC_COUNT` makes the rows of the network small, to see that they run.
//!
//! Each measurement is a process of its own, on a host with every default unless the row says otherwise. `cargo xtask
//! spec` takes the best of three, and compares it with the bound.

mod latency;
mod load;
mod network;
mod share;
mod size;
mod wat;

use std::path::Path;
use std::process::ExitCode;

type Failure = Box<dyn std::error::Error>;

/// What a measurement gets: the folder of the guests.
type Measure = fn(&Path) -> Result<f64, Failure>;

/// The rows, by name.
const ROWS: &[(&str, Measure)] = &[
    ("idle-process", |guests| size::idle(guests, "process")),
    ("idle-handler", |guests| size::idle(guests, "handler")),
    ("idle-connection", network::idle),
    ("http-hello", network::http_hello),
    ("hog-slice", |_| latency::beside(&[("busy", 1)], 1)),
    ("beside-hogs", |_| latency::beside(&[("busy", 8), ("busy_handler", 8)], 2)),
    ("beside-bulk", |_| latency::beside(&[("fill", 4)], 2)),
    ("beside-flood", |_| latency::beside(&[("flood", 4)], 2)),
    ("beside-spawns", |_| latency::beside(&[("spawns", 2)], 2)),
    ("beside-timers", |_| latency::beside(&[("ticks", 4)], 2)),
    ("beside-traps", |_| latency::beside(&[("traps", 2)], 2)),
    ("beside-recursion", |_| latency::beside(&[("dives", 2)], 2)),
    ("beside-memory", |_| latency::beside(&[("bombs", 2)], 2)),
    ("beside-webs", |_| latency::beside(&[("webs", 2)], 2)),
    ("beside-huge", |_| latency::beside(&[("huge", 4)], 2)),
    ("beside-names", |_| latency::beside(&[("names", 4)], 2)),
    ("beside-channels", |_| latency::beside(&[("channels", 4)], 2)),
    ("beside-sockets", |_| latency::beside(&[("sockets", 4)], 2)),
    ("beside-prints", |_| latency::beside(&[("prints", 4)], 2)),
    ("beside-compiler", |_| latency::beside_compiler()),
    ("cpu-shares", |_| share::fairness()),
    ("spawn-and-die", |_| load::spawn_and_die()),
    ("reclaim", |_| load::reclaim()),
    ("balance", |_| load::balance()),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, what, address, count] = &arguments[..] {
        return match network::be_client(what, address, count) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => failed(&*error),
        };
    }
    let measured = match &arguments[..] {
        [_, row, guests] => match ROWS.iter().find(|(name, _)| name == row) {
            Some((_, measure)) => measure(Path::new(guests)),
            None => Err(format!("there is no row {row:?}").into()),
        },
        _ => Err("say `spec ROW GUESTS`".into()),
    };
    match measured {
        Ok(number) => {
            println!("{number:.3}");
            ExitCode::SUCCESS
        }
        Err(error) => failed(&*error),
    }
}

fn failed(error: &dyn std::error::Error) -> ExitCode {
    eprintln!("spec: {error}");
    ExitCode::FAILURE
}

/// How many of something a measurement takes: fewer where somebody only wants to see that it runs.
fn count(usual: u32) -> u32 {
    let tried = std::env::var("FLOWER_SPEC_COUNT").ok().and_then(|count| count.parse().ok());
    tried.map_or(usual, |tried: u32| tried.min(usual))
}

/// Runs a measurement in a tokio program of one thread.
fn run<T>(measure: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(measure)
}

//! Who takes part: flower in its styles, and what it is compared with.

use super::cell::Cell;

/// A row of the tables.
pub(super) struct Peer {
    /// What `--peers` and the tables call it.
    pub(super) name: &'static str,
    /// What it is, in a line.
    pub(super) what: &'static str,
    /// What is run.
    pub(super) program: Program,
    /// The workloads that are written for it.
    workloads: &'static [&'static [&'static str]],
    /// How many actors of it fit on an ordinary machine.
    actors_max: u64,
    /// The share of a cell's operations that it does in about the same time, where their number is free.
    pub(super) pace: f64,
    /// The same for those that spawn.
    pub(super) spawn_pace: f64,
}

/// How a peer is run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Program {
    /// A guest under `flower-host run`.
    Flower { guest: &'static str },
    /// A program that loads modules with the library.
    Loader,
    /// Actors out of `lean.wat`; the suffix chooses their style.
    Lean { suffix: &'static str },
    /// The module `bench` under `erl`.
    Erlang,
    /// A guest under Lunatic; `bare` gives its processes an empty configuration.
    Lunatic { bare: bool },
    /// A program in Go.
    Go,
    /// A binary of `benches/peers/rust`.
    Rust { binary: &'static str },
    /// A script of `benches/peers/python`.
    Python { script: &'static str },
}

const ACTORS: &[&str] = &["spawn", "ring", "pingpong", "pairs", "fan", "churn", "call"];
const NETWORKED: &[&str] = &["spawn", "ring", "pingpong", "pairs", "fan", "churn", "call", "echo"];
const PROCESSES: &[&str] = &[
    "spawn",
    "ring",
    "pingpong",
    "pairs",
    "fan",
    "churn",
    "call",
    "echo",
    "selective",
    "timers",
    "drift",
    "neighbour",
    "slice",
];
const HANDLERS: &[&str] =
    &["spawn", "ring", "pingpong", "pairs", "fan", "churn", "call", "neighbour", "slice"];
const TASKS: &[&str] =
    &["spawn", "ring", "pingpong", "pairs", "fan", "churn", "call", "echo", "timers", "drift", "neighbour"];
const GOROUTINES: &[&str] =
    &["spawn", "ring", "pingpong", "pairs", "fan", "churn", "call", "timers", "drift", "neighbour", "slice"];
const ONE_THREAD: &[&str] = &["spawn", "ring", "pingpong", "fan", "churn", "call"];
const LEAN: &[&str] = &["spawn", "ring", "daisy"];
const LEAN_HANDLERS: &[&str] = &["spawn", "ring"];
const CHANNELS: &[&str] = &["rendezvous", "stream", "local", "handover", "select", "daisy", "daisy_tasks"];
/// Those of them that need no rendezvous.
const BUFFERED: &[&str] = &["stream", "local", "select", "daisy", "daisy_tasks"];

const MILLION: u64 = 1_000_000;

const fn peer(
    name: &'static str,
    what: &'static str,
    program: Program,
    workloads: &'static [&'static [&'static str]],
    actors_max: u64,
) -> Peer {
    Peer { name, what, program, workloads, actors_max, pace: 1.0, spawn_pace: 1.0 }
}

impl Peer {
    const fn paced(self, pace: f64, spawn_pace: f64) -> Peer {
        Peer { pace, spawn_pace, ..self }
    }

    /// Whether the cell is for it.
    pub(super) fn takes_part(&self, cell: &Cell) -> bool {
        let populates = matches!(cell.workload(), "spawn" | "ring" | "daisy");
        self.workloads.iter().any(|some| some.contains(&cell.workload()))
            && !(populates && cell.operations > self.actors_max)
    }

    /// How many operations it does in a cell.
    pub(super) fn operations(&self, cell: &Cell, scale: f64) -> u64 {
        let pace = if cell.workload() == "churn" { self.spawn_pace } else { self.pace };
        let operations = cell.operations as f64 * scale * pace;
        if cell.free { (operations as u64).max(1) } else { cell.operations }
    }
}

/// Everybody, flower first.
pub(super) const PEERS: &[Peer] = &[
    peer(
        "flower",
        "process style",
        Program::Flower { guest: "peer_process" },
        &[PROCESSES, CHANNELS],
        100_000,
    ),
    peer("flower-handler", "handler style", Program::Flower { guest: "peer_handler" }, &[HANDLERS], 100_000),
    peer("flower-json", "typed JSON messages", Program::Flower { guest: "peer_json" }, &[PROCESSES], 100_000)
        .paced(0.4, 1.0),
    peer("flower-wat", "lean actors, process style", Program::Lean { suffix: "" }, &[LEAN], MILLION),
    peer(
        "flower-wat-handler",
        "lean actors, handler style",
        Program::Lean { suffix: "-handler" },
        &[LEAN_HANDLERS],
        MILLION,
    ),
    peer("flower-host", "the library, which loads a module", Program::Loader, &[&["load"]], 0),
    peer("erlang", "Erlang/OTP: processes, gen_server", Program::Erlang, &[PROCESSES], MILLION),
    peer("lunatic", "Lunatic: WebAssembly processes", Program::Lunatic { bare: false }, &[ACTORS], 10_000)
        .paced(0.4, 0.1),
    peer(
        "lunatic-bare",
        "the same, created with an empty configuration",
        Program::Lunatic { bare: true },
        &[&["spawn", "ring", "churn"]],
        10_000,
    )
    .paced(0.4, 0.1),
    peer("go", "Go: goroutines and channels", Program::Go, &[GOROUTINES, CHANNELS], MILLION),
    peer(
        "tokio",
        "tokio: tasks and channels",
        Program::Rust { binary: "tokio" },
        &[TASKS, BUFFERED],
        MILLION,
    ),
    peer("kameo", "kameo, on tokio", Program::Rust { binary: "kameo" }, &[NETWORKED], MILLION),
    peer("ractor", "ractor, on tokio", Program::Rust { binary: "ractor" }, &[NETWORKED], MILLION),
    peer("actix", "actix, on one thread", Program::Rust { binary: "actix" }, &[ONE_THREAD], MILLION),
    peer("pykka", "Pykka: threads", Program::Python { script: "bench_pykka.py" }, &[ONE_THREAD], 10_000)
        .paced(0.1, 0.05),
    peer(
        "gevent",
        "gevent: greenlets",
        Program::Python { script: "bench_gevent.py" },
        &[ONE_THREAD],
        100_000,
    )
    .paced(0.4, 0.4),
];

#[cfg(test)]
mod tests {
    use super::super::cell::CELLS;
    use super::*;

    fn named(name: &str) -> &'static Peer {
        PEERS.iter().find(|peer| peer.name == name).expect("it is there")
    }

    fn cell(name: &str) -> &'static Cell {
        CELLS.iter().find(|cell| cell.name == name).expect("it is there")
    }

    #[test]
    fn every_cell_has_a_row_of_flower() {
        let of_flower =
            |cell: &Cell| PEERS.iter().any(|peer| peer.name.starts_with("flower") && peer.takes_part(cell));
        let without: Vec<&str> = CELLS.iter().filter(|cell| !of_flower(cell)).map(|cell| cell.name).collect();
        assert!(without.is_empty(), "{without:?}");
    }

    #[test]
    fn a_peer_takes_part_in_what_it_knows_and_can_hold() {
        assert!(named("flower-wat").takes_part(cell("spawn_1m")));
        assert!(!named("flower").takes_part(cell("spawn_1m")));
        assert!(!named("go").takes_part(cell("selective")));
    }

    #[test]
    fn a_slow_peer_does_less_where_it_may() {
        let pykka = named("pykka");
        assert_eq!(pykka.operations(cell("pingpong_16"), 1.0), 50_000);
        assert_eq!(pykka.operations(cell("churn"), 1.0), 10_000);
        assert_eq!(pykka.operations(cell("spawn_10k"), 0.5), 10_000);
    }
}

//! What is measured: the workloads with their numbers, and the figures that come out.

/// One workload with its numbers.
pub(super) struct Cell {
    /// What `--cells` calls it.
    pub(super) name: &'static str,
    /// What the tables call it.
    pub(super) title: &'static str,
    /// The program's arguments; `N` stands for the number of operations.
    pub(super) arguments: &'static str,
    /// Operations in one run.
    pub(super) operations: u64,
    /// Whether a slow peer may do fewer.
    pub(super) free: bool,
    /// Worker threads to run with, one run for each; empty for the peer's own default.
    pub(super) workers: &'static [u32],
    /// The line after which there is nothing to wait for.
    pub(super) last_line: &'static str,
    /// What comes out.
    pub(super) figures: &'static [Figure],
}

/// One of the things that a cell tells.
pub(super) struct Figure {
    /// What the tables call it.
    pub(super) title: &'static str,
    /// Where it stands in a run's figures.
    pub(super) key: &'static str,
    /// How it is read.
    pub(super) unit: Unit,
}

/// How a figure is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Unit {
    /// Operations per second: more is better.
    PerSecond,
    /// Less is better.
    Seconds,
    /// Less is better.
    Bytes,
    /// How many times: more is better.
    Times,
}

impl Cell {
    /// The first word of the arguments.
    pub(super) fn workload(&self) -> &'static str {
        self.arguments.split(' ').next().unwrap_or_default()
    }
}

const fn figure(title: &'static str, key: &'static str, unit: Unit) -> Figure {
    Figure { title, key, unit }
}

const RATE: &[Figure] = &[figure("per second", "rate", Unit::PerSecond)];

const POPULATION: &[Figure] = &[
    figure("per second", "rate", Unit::PerSecond),
    figure("memory of each", "bytes", Unit::Bytes),
    figure("resident part", "resident", Unit::Bytes),
];

const TIME: &[Figure] = &[figure("time", "secs", Unit::Seconds)];

const LAPS: &[Figure] = &[
    figure("time, cold memory", "secs", Unit::Seconds),
    figure("time, memory touched before", "warm", Unit::Seconds),
];

const LATENCY: &[Figure] = &[
    figure("median", "p50", Unit::Seconds),
    figure("p99", "p99", Unit::Seconds),
    figure("longest", "max", Unit::Seconds),
];

const LOADING: &[Figure] = &[
    figure("compiled anew", "compile", Unit::Seconds),
    figure("from the cache, checked", "cache", Unit::Seconds),
    figure("from an artifact, checked", "checked", Unit::Seconds),
    figure("from an artifact, trusted", "artifact", Unit::Seconds),
];

const SCALING: &[Figure] = &[
    figure("per second, 1 worker", "rate/1", Unit::PerSecond),
    figure("per second, 2 workers", "rate/2", Unit::PerSecond),
    figure("2 workers against 1", "scaling", Unit::Times),
];

const fn cell(
    name: &'static str,
    title: &'static str,
    arguments: &'static str,
    operations: u64,
    figures: &'static [Figure],
) -> Cell {
    Cell { name, title, arguments, operations, free: false, workers: &[], last_line: "secs", figures }
}

impl Cell {
    const fn free(self) -> Cell {
        Cell { free: true, ..self }
    }

    const fn workers(self, workers: &'static [u32]) -> Cell {
        Cell { workers, ..self }
    }

    const fn until(self, last_line: &'static str) -> Cell {
        Cell { last_line, ..self }
    }
}

/// Everything that is measured.
pub(super) const CELLS: &[Cell] = &[
    cell("spawn_10k", "spawn 10,000", "spawn N", 10_000, POPULATION).until("mark full"),
    cell("spawn_100k", "spawn 100,000", "spawn N", 100_000, POPULATION).until("mark full"),
    cell("spawn_1m", "spawn 1,000,000", "spawn N", 1_000_000, POPULATION).until("mark full"),
    cell("ring_10k", "ring of 10,000", "ring N 1", 10_000, TIME),
    cell("ring_100k", "ring of 100,000", "ring N 2", 100_000, LAPS).until("warm"),
    cell("pingpong_16", "ping-pong, 16 bytes", "pingpong 16 N", 500_000, RATE).free(),
    cell("pingpong_1k", "ping-pong, 1 KiB", "pingpong 1024 N", 500_000, RATE).free(),
    cell("pingpong_64k", "ping-pong, 64 KiB", "pingpong 65536 N", 50_000, RATE).free(),
    cell("pairs", "8 ping-pongs at once", "pairs 8 N", 100_000, SCALING).free().workers(&[1, 2]),
    cell("fan", "many to one: 100 send 10,000 each", "fan 100 10000", 1_000_000, RATE),
    cell("fan_workers", "many to one, by workers", "fan 100 10000", 1_000_000, SCALING).workers(&[1, 2]),
    cell("churn", "spawn and die, 64 at a time", "churn N 64", 200_000, RATE).free(),
    cell("churn_workers", "spawn and die, by workers", "churn N 64", 200_000, SCALING)
        .free()
        .workers(&[1, 2]),
    cell("call", "call", "call N", 500_000, RATE).free(),
    cell("echo", "TCP echo of 64 bytes, 50 connections", "echo 50 N", 500_000, RATE).free(),
    cell("rendezvous", "there and back over channels without room", "rendezvous N", 500_000, RATE).free(),
    cell("stream", "channel with room for 1024", "stream 1024 N", 5_000_000, RATE).free(),
    cell("local", "the same within one actor or thread", "local 1024 N", 5_000_000, RATE)
        .free()
        .workers(&[1]),
    cell("handover", "the same without room", "handover N", 2_000_000, RATE).free().workers(&[1]),
    cell("select", "there and back, by a select over 10 channels", "select N", 500_000, RATE).free(),
    cell("daisy_tasks", "daisy chain of 100,000 tasks in one actor", "daisy_tasks N", 100_000, LAPS)
        .until("warm"),
    cell("daisy", "daisy chain of 100,000", "daisy N", 100_000, LAPS).until("warm"),
    cell("selective", "receive behind 10,000 unmatched messages", "selective 10000 N", 2_000, RATE).free(),
    cell("timers", "1,000,000 timers armed", "timers N", 1_000_000, POPULATION).until("mark full"),
    cell("drift", "lateness of a tick of 5 ms", "drift 5000 N", 400, LATENCY).until("max"),
    cell("neighbour", "answer beside 8 busy loops, 2 workers", "neighbour 8 N 5000", 200, LATENCY)
        .workers(&[2])
        .until("max"),
    cell("load", "load of a module of 200 KB", "load", 1, LOADING).until("artifact"),
    cell("slice_1", "slice of a busy loop, one of 2 on 1 worker", "slice 2 1000", 1, LATENCY)
        .workers(&[1])
        .until("max"),
    cell("slice_2", "slice of a busy loop, one of 4 on 2 workers", "slice 4 1000", 1, LATENCY)
        .workers(&[2])
        .until("max"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_given_once() {
        let mut names: Vec<&str> = CELLS.iter().map(|cell| cell.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), CELLS.len());
    }

    #[test]
    fn what_scales_is_run_with_two_numbers_of_workers() {
        let scaling = |cell: &Cell| cell.figures.iter().any(|figure| figure.key == "scaling");
        assert!(CELLS.iter().all(|cell| scaling(cell) == (cell.workers.len() == 2)));
    }
}

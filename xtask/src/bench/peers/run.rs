//! One run of one peer: a fresh process, its lines, its memory, and its end.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::cell::Cell;
use super::install::Built;
use super::peer::{Peer, Program};
use super::results::Figures;

/// How many lines of a program's complaints are kept.
const COMPLAINTS_MAX: usize = 4;

/// How long and how large a run may be.
pub(super) struct Limits {
    /// After which a run has failed.
    pub(super) seconds: u64,
    /// Multiplies the operations.
    pub(super) scale: f64,
}

/// Runs a cell once, with each of its numbers of workers.
pub(super) fn run(cell: &Cell, peer: &Peer, built: &Built, limits: &Limits) -> Result<Figures> {
    let operations = peer.operations(cell, limits.scale);
    let timeout = Duration::from_secs(limits.seconds);
    let once = |workers: Option<u32>| {
        let mut command = command(cell, peer, built, operations, workers);
        let mut figures = watch(&mut command, cell.last_line, timeout)?;
        derive(&mut figures, operations as f64);
        Ok(figures)
    };
    match *cell.workers {
        [] => once(None),
        [workers] => once(Some(workers)),
        [few, many, ..] => Ok(compared(few, &once(Some(few))?, many, &once(Some(many))?)),
    }
}

/// What follows from what a program reports.
fn derive(figures: &mut Figures, operations: f64) {
    if let Some(seconds) = figures.get("secs").copied() {
        figures.insert("rate".into(), operations / seconds);
    }
    for (key, base, full) in
        [("bytes", "base.bytes", "full.bytes"), ("resident", "base.resident", "full.resident")]
    {
        if let (Some(base), Some(full)) = (figures.get(base).copied(), figures.get(full).copied()) {
            figures.insert(key.into(), (full - base) / operations);
        }
    }
}

/// The figures of two runs side by side.
fn compared(few: u32, with_few: &Figures, many: u32, with_many: &Figures) -> Figures {
    let of = |workers: u32, figures: &Figures| -> Vec<(String, f64)> {
        figures.iter().map(|(key, value)| (format!("{key}/{workers}"), *value)).collect()
    };
    let mut both: Figures = of(few, with_few).into_iter().chain(of(many, with_many)).collect();
    if let (Some(few), Some(many)) = (with_few.get("rate"), with_many.get("rate")) {
        both.insert("scaling".into(), many / few);
    }
    both
}

fn command(cell: &Cell, peer: &Peer, built: &Built, operations: u64, workers: Option<u32>) -> Command {
    let mut command = Command::new(&built.program);
    command.args(&built.arguments);
    if let Some(workers) = workers {
        set_workers(&mut command, peer.program, workers);
    }
    command.args(&built.file);
    if peer.program == Program::Loader {
        return command;
    }
    for (at, word) in cell.arguments.split(' ').enumerate() {
        let word = word.replace('N', &operations.to_string());
        match (at, peer.program) {
            (0, Program::Lean { suffix }) => command.arg(format!("{word}{suffix}")),
            _ => command.arg(word),
        };
    }
    if peer.program == (Program::Lunatic { bare: true }) {
        command.arg("bare");
    }
    command
}

fn set_workers(command: &mut Command, program: Program, workers: u32) {
    let number = workers.to_string();
    match program {
        Program::Flower { .. } | Program::Lean { .. } => command.args(["--workers", &number]),
        Program::Erlang => command.args(["+S", &number]),
        Program::Go => command.env("GOMAXPROCS", number),
        Program::Rust { .. } | Program::Lunatic { .. } => command.env("TOKIO_WORKER_THREADS", number),
        Program::Loader | Program::Python { .. } => command,
    };
}

/// A child that does not outlive the run.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts a program and takes what it prints, up to its last line.
fn watch(command: &mut Command, last_line: &str, timeout: Duration) -> Result<Figures> {
    let end = Instant::now() + timeout;
    // Some copy their environment into every process that they create.
    let kept = ["PATH", "HOME", "GOMAXPROCS", "TOKIO_WORKER_THREADS"];
    let kept: Vec<_> = kept.iter().filter_map(|name| Some((name, std::env::var_os(name)?))).collect();
    let own: Vec<_> =
        command.get_envs().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned()))).collect();
    command.env_clear().envs(kept).envs(own);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().with_context(|| format!("cannot start {:?}", command.get_program()))?;
    let mut running = Running(child);
    let lines = lines_of(running.0.stdout.take().expect("it is piped"));
    let complaints = lines_of(running.0.stderr.take().expect("it is piped"));
    let mut figures = Figures::new();
    loop {
        match lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
            Ok(line) => {
                take(&mut figures, &line, running.0.id())?;
                if line.starts_with(last_line) {
                    return Ok(figures);
                }
            }
            Err(RecvTimeoutError::Timeout) => bail!("nothing within {} s", timeout.as_secs()),
            Err(RecvTimeoutError::Disconnected) => {
                let status = running.0.wait()?;
                if status.success() && !figures.is_empty() {
                    return Ok(figures);
                }
                bail!("{status}: {}", said(&complaints));
            }
        }
    }
}

/// Reads one line: `mark NAME`, or `NAME NUMBER`.
fn take(figures: &mut Figures, line: &str, process: u32) -> Result<()> {
    match line.split_once(' ') {
        Some(("mark", name)) => {
            let status = fs::read_to_string(format!("/proc/{process}/status"));
            let (resident, tables) = memory(&status.unwrap_or_default());
            figures.insert(format!("{name}.resident"), resident);
            figures.insert(format!("{name}.bytes"), resident + tables);
        }
        Some((name, number)) => {
            let number = number.trim().parse().with_context(|| format!("{line:?} is no figure"))?;
            figures.insert(name.to_owned(), number);
        }
        None => bail!("{line:?} is neither a mark nor a figure"),
    }
    Ok(())
}

/// Bytes of resident pages and of page tables, as the kernel reports them.
fn memory(status: &str) -> (f64, f64) {
    let bytes = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        let kibibytes: f64 = line.split_whitespace().next()?.parse().ok()?;
        Some(kibibytes * 1024.0)
    };
    (bytes("VmRSS:").unwrap_or_default(), bytes("VmPTE:").unwrap_or_default())
}

/// The lines of a pipe as they come.
fn lines_of(pipe: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, lines) = channel();
    thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    lines
}

/// The first and the last complaints in one line.
fn said(complaints: &Receiver<String>) -> String {
    let mut all: Vec<String> = Vec::new();
    while let Ok(line) = complaints.recv_timeout(Duration::from_millis(200)) {
        if !line.trim().is_empty() {
            all.push(line.trim().to_owned());
        }
        if all.len() > COMPLAINTS_MAX {
            all.remove(COMPLAINTS_MAX / 2);
        }
    }
    if all.is_empty() { "it said nothing".to_owned() } else { all.join(" | ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    fn watched(script: &str, last_line: &str) -> Result<Figures> {
        watch(&mut shell(script), last_line, Duration::from_secs(20))
    }

    #[test]
    fn figures_are_read_up_to_the_last_line() {
        let figures = watched("echo mark base; echo secs 2.5; echo max 3; exec sleep 1000", "max").unwrap();
        assert_eq!((figures["secs"], figures["max"]), (2.5, 3.0));
        assert!(figures["base.bytes"] >= figures["base.resident"]);
    }

    #[test]
    fn an_end_by_itself_is_good_if_there_are_figures() {
        assert_eq!(watched("echo secs 1", "warm").unwrap()["secs"], 1.0);
        assert!(watched("true", "secs").is_err());
    }

    #[test]
    fn a_failure_tells_what_the_program_said() {
        let error = watched("echo too many >&2; exit 3", "secs").unwrap_err().to_string();
        assert!(error.contains('3') && error.contains("too many"), "{error}");
        let error = watched("for n in a b c d e f; do echo $n >&2; done; exit 1", "secs").unwrap_err();
        assert!(error.to_string().ends_with("a | b | e | f"), "{error}");
        assert!(watched("echo hello", "secs").unwrap_err().to_string().contains("hello"));
    }

    #[test]
    fn silence_is_a_failure() {
        let error = watch(&mut shell("exec sleep 1000"), "secs", Duration::ZERO).unwrap_err();
        assert_eq!(error.to_string(), "nothing within 0 s");
    }

    #[test]
    fn memory_is_what_the_kernel_counts() {
        let status = "Name:\tx\nVmRSS:\t    1000 kB\nVmPTE:\t      24 kB\n";
        assert_eq!(memory(status), (1_024_000.0, 24_576.0));
    }

    #[test]
    fn rates_and_sizes_follow_from_the_report() {
        let mut figures = Figures::from(
            [("secs", 2.0), ("base.bytes", 100.0), ("full.bytes", 500.0)].map(|(k, v)| (k.to_owned(), v)),
        );
        derive(&mut figures, 4.0);
        assert_eq!((figures["rate"], figures["bytes"]), (2.0, 100.0));
    }

    #[test]
    fn two_runs_are_compared() {
        let one = Figures::from([("rate".to_owned(), 10.0)]);
        let two = Figures::from([("rate".to_owned(), 19.0)]);
        let both = compared(1, &one, 2, &two);
        assert_eq!((both["rate/1"], both["rate/2"], both["scaling"]), (10.0, 19.0, 1.9));
    }
}

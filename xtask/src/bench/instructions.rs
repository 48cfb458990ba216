//! `cargo xtask bench instructions`: machine instructions of each hot path, counted by callgrind.
//!
//! A row is run twice, the second time with twice as many operations; the difference, divided by
//! their number, is what one operation costs, without the start of the host. The count hardly moves
//! from run to run, so that a change of it in `benches/instructions.txt` is a change of the code. It
//! is no time: a cache miss and an addition count the same.
//!
//! It is the shipped program with one worker. Valgrind runs one thread at a time, and so leaves the
//! ticker next to nothing to do. It reads modules compiled under valgrind, where the processor has
//! fewer features than it has outside.

mod table;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::workspace::{self, output, probe, root, run, say};
use crate::{guests, host};
use table::{Row, Table};

/// Count the instructions of the hot paths, and compare them with the committed figures.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Write the figures to benches/instructions.txt.
    #[arg(long)]
    write: bool,
    /// Fail when a figure is more than so many percent above the committed one.
    #[arg(long, value_name = "PERCENT")]
    check: Option<f64>,
    /// Which rows; all of them if none is named.
    rows: Vec<String>,
}

/// What a row runs.
enum Guest {
    /// An export of `benches/instructions/rows.wat`.
    Wat,
    /// A function of the guest `instructions`, written with the SDK.
    Sdk,
}

/// How a row is counted.
struct Plan {
    name: &'static str,
    what: &'static str,
    guest: Guest,
    /// Rounds of the shorter run.
    rounds: u64,
    /// Operations in a round.
    operations: u64,
}

const fn wat(name: &'static str, rounds: u64, operations: u64, what: &'static str) -> Plan {
    Plan { name, what, guest: Guest::Wat, rounds, operations }
}

const fn sdk(name: &'static str, rounds: u64, operations: u64, what: &'static str) -> Plan {
    Plan { name, what, guest: Guest::Sdk, rounds, operations }
}

const PLANS: [Plan; 22] = [
    wat("host_call", 50_000, 1, "self_pid"),
    wat("enqueue", 20_000, 1, "16 bytes into the own mailbox, which is emptied now and then"),
    wat("fiber_switch", 10_000, 1, "yield_now, alone"),
    wat("handler_call", 10_000, 1, "a handler sends 16 bytes to itself and is called with them"),
    wat("process_hop", 5_000, 2, "16 bytes from a process to another, which was parked"),
    wat("rendezvous", 5_000, 2, "16 bytes over a channel from a process to another, which waits"),
    wat("select_10", 5_000, 2, "the same, but every other time the waiting one selects among ten channels"),
    wat("buffered", 100, 1024, "16 bytes through a channel of 1,024, many at once"),
    wat("handler_hop", 5_000, 2, "16 bytes from a handler to another"),
    wat("call", 5_000, 1, "a process asks a process and gets 16 bytes"),
    wat("call_handler", 5_000, 1, "a process asks a handler and gets 16 bytes"),
    wat("many_to_one", 8_000, 1, "one of four processes sends 16 bytes, one receives them"),
    wat("spawn_and_die", 2_000, 1, "spawn in a warm slot, run, end, and the `Down`"),
    wat("selective_receive", 200, 1, "send to oneself, receive from behind 1,000 unmatched"),
    wat("timer", 5_000, 1, "arm a timer that is due, park, and its message"),
    wat("timer_cancel", 5_000, 1, "arm a timer and cancel it"),
    sdk("spawn_and_die_sdk", 500, 1, "the same as spawn_and_die with the SDK, and join"),
    sdk("json_hop", 2_000, 2, "a struct as JSON from a process to another, with the SDK"),
    sdk("binary_hop", 2_000, 2, "the same in the binary codec"),
    sdk("supervisor_restart", 500, 1, "a child says that it runs, ends, and is started again, with the SDK"),
    sdk("binary_call", 2_000, 1, "a process asks a handler with that struct, and gets it back"),
    sdk("typed_call", 2_000, 1, "the same with a typed actor and its client"),
];

/// Runs the command.
pub(crate) fn main(args: &Args) -> Result<()> {
    let plans = plans(&args.rows)?;
    let machine = machine()?;
    let valgrind = Valgrind::new(host::build(true)?)?;
    let wat = valgrind.compile(&root().join("benches/instructions/rows.wat"))?;
    let guest = guests::build(&["instructions".to_owned()], guests::PROFILE)?.join("instructions.wasm");
    let sdk = valgrind.compile(&guest)?;
    let committed = Table::read()?;
    let mut counted = Table::read()?;
    say!("counting {} rows; the profiles go to {}", plans.len(), valgrind.folder.display());
    let mut worst = None;
    for plan in plans {
        let file = match plan.guest {
            Guest::Wat => &wat,
            Guest::Sdk => &sdk,
        };
        let row = Row { name: plan.name, count: valgrind.count(plan, file)?, what: plan.what };
        println!("{}", committed.compare(&row));
        worst = committed.change(&row).into_iter().chain(worst).reduce(f64::max);
        counted.note(&row);
    }
    if args.write {
        counted.write(&machine)?;
    }
    match (args.check, worst) {
        (Some(allowed), Some(worst)) if worst > allowed => {
            bail!("a path takes {worst:+.1} % more instructions than committed: mend it, or use --write")
        }
        _ => Ok(()),
    }
}

fn plans(names: &[String]) -> Result<Vec<&'static Plan>> {
    if let Some(unknown) = names.iter().find(|name| PLANS.iter().all(|plan| plan.name != **name)) {
        let known: Vec<&str> = PLANS.iter().map(|plan| plan.name).collect();
        bail!("there is no row `{unknown}`: there are {}", known.join(", "));
    }
    let wanted = |plan: &&Plan| names.is_empty() || names.iter().any(|name| name == plan.name);
    Ok(PLANS.iter().filter(wanted).collect())
}

/// What else than the source the figures depend on.
fn machine() -> Result<String> {
    let rustc = output(Command::new("rustc").arg("--version"))?;
    let valgrind = probe(Command::new("valgrind").arg("--version"))
        .context("`valgrind` is missing: install it (apt-get install valgrind)")?;
    Ok(format!("{}, {}, {}", rustc.trim(), valgrind.trim(), std::env::consts::ARCH))
}

/// The host under valgrind.
struct Valgrind {
    host: PathBuf,
    /// Where artifacts and profiles go.
    folder: PathBuf,
}

impl Valgrind {
    fn new(host: PathBuf) -> Result<Valgrind> {
        let folder = workspace::target_dir()?.join("instructions");
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(Valgrind { host, folder })
    }

    /// Code is generated while the host runs, hence the check for changed code.
    fn command(&self, tool: &str) -> Command {
        let mut command = Command::new("valgrind");
        // Errors of the engine would each take a backtrace.
        command.env_remove("RUST_BACKTRACE").env_remove("RUST_LIB_BACKTRACE");
        command.args([&format!("--tool={tool}"), "--smc-check=all-non-file"]);
        command
    }

    /// Compiles a module for the processor that valgrind shows.
    fn compile(&self, module: &Path) -> Result<PathBuf> {
        let artifact = self.folder.join(module.file_name().unwrap_or_default()).with_extension("cwasm");
        say!("compiling {} under valgrind", module.display());
        let mut command = self.command("none");
        command.args(["--quiet"]).arg(&self.host).arg("compile").arg(module).arg("--output").arg(&artifact);
        run(&mut command, "the message of the host is above")?;
        Ok(artifact)
    }

    /// Instructions for each operation of a row.
    fn count(&self, plan: &Plan, artifact: &Path) -> Result<f64> {
        let once = self.collect(plan, artifact, plan.rounds)?;
        let twice = self.collect(plan, artifact, 2 * plan.rounds)?;
        Ok((twice as f64 - once as f64) / (plan.rounds * plan.operations) as f64)
    }

    /// Instructions of one run.
    fn collect(&self, plan: &Plan, artifact: &Path, rounds: u64) -> Result<u64> {
        let profile = self.folder.join(plan.name).with_extension("out");
        let mut command = self.command("callgrind");
        command.arg(format!("--callgrind-out-file={}", profile.display()));
        command.arg(&self.host).args(["run", "--workers", "1", "--no-cache", "--allow-precompiled"]);
        match plan.guest {
            Guest::Wat => command.args(["--entry", plan.name]).arg(artifact),
            Guest::Sdk => command.arg(artifact).arg(plan.name),
        };
        let run = command.arg(rounds.to_string()).output().context("cannot start valgrind")?;
        let messages = String::from_utf8_lossy(&run.stderr);
        if !run.status.success() {
            bail!("the row `{}` failed ({}):\n{messages}", plan.name, run.status);
        }
        collected(&messages).with_context(|| format!("callgrind says no number:\n{messages}"))
    }
}

/// The number in callgrind's line `Collected : 123`.
fn collected(messages: &str) -> Option<u64> {
    let line = messages.lines().find(|line| line.contains("Collected :"))?;
    line.rsplit(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callgrinds_number_is_found() {
        let messages = "==12== Events    : Ir\n==12== Collected : 51812873\n==12== \n";
        assert_eq!(collected(messages), Some(51_812_873));
        assert_eq!(collected("==12== Events    : Ir\n"), None);
    }

    #[test]
    fn an_unknown_row_is_refused_by_name() {
        let error = plans(&["no_such_row".into()]).err().expect("it is unknown");
        assert!(error.to_string().contains("`no_such_row`"));
        assert_eq!(plans(&[]).expect("all are known").len(), PLANS.len());
    }

    #[test]
    fn a_typed_call_costs_at_most_a_third_more_than_a_raw_one() {
        let committed = Table::read().expect("it can be read");
        let count = |name| committed.count(name).expect("it is committed");
        assert!(count("typed_call") <= 1.3 * count("binary_call"));
    }

    #[test]
    fn every_row_is_committed() {
        let committed = Table::read().expect("it can be read");
        for Plan { name, .. } in &PLANS {
            assert!(
                committed.count(name).is_some(),
                "`{name}`: type `cargo xtask bench instructions --write`"
            );
        }
    }
}

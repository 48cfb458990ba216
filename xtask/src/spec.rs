//! `cargo xtask spec`: measures what `docs/SPECIFICATION.md` promises, and fails when a bound is broken.
//!
//! Each row is measured three times, in a process of its own on a host as it is shipped, and the best counts: a busy
//! machine makes figures worse, and never better. Then every attack of the tests runs some times in a process of its
//! own, which has to be after the last what it was after those before.

mod attacks;
mod document;
mod rows;

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::workspace::{output, say};
use crate::{guests, host};
use rows::{ROWS, Row};

/// Runs of each row.
const RUNS: usize = 3;

/// What stands among the rows for the attacks of the tests.
const ATTACKS: &str = "attacks";

/// The guests that are measured.
const GUESTS: [&str; 3] = ["echo_tcp", "http_hello", "idle"];

/// Measure the promises of docs/SPECIFICATION.md, and check their bounds.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Write the figures into docs/SPECIFICATION.md.
    #[arg(long)]
    write: bool,
    /// Leave out the attacks, and what they leave behind.
    #[arg(long)]
    no_attacks: bool,
    /// Which rows, by parts of their names, and `attacks`; all of it if nothing is named.
    rows: Vec<String>,
}

/// Runs the command.
pub(crate) fn main(args: &Args) -> Result<()> {
    say!("building the measurements (profile release)");
    let subjects = Subjects {
        guests: guests::build(&GUESTS.map(str::to_owned), guests::PROFILE)?,
        program: host::release("flower-tests", "spec")?,
        host: host::release("flower-host", "flower-host")?,
    };
    let asked = |row: &&Row| args.rows.is_empty() || args.rows.iter().any(|part| row.name.contains(part));
    let mut broken = Vec::new();
    for row in ROWS.iter().filter(asked) {
        let best = subjects.measure(row)?;
        let verdict = if row.holds(best) { "holds" } else { "BROKEN" };
        println!("{:<16} {best:>10.3} {:<22} {} {:<8} {verdict}", row.name, row.unit, row.sign(), row.bound);
        if !row.holds(best) {
            broken.push(row.name.to_owned());
        }
        if args.write {
            document::write(row, best)?;
        }
    }
    let named = args.rows.is_empty() || args.rows.iter().any(|part| part == ATTACKS);
    if named && !args.no_attacks {
        broken.extend(attacks::run(&subjects.host)?);
    }
    if !broken.is_empty() {
        bail!("these promises are broken: {}; docs/SPECIFICATION.md says what they are", broken.join(", "));
    }
    Ok(())
}

/// What is measured.
struct Subjects {
    /// The folder of the guests.
    guests: PathBuf,
    /// The program of the measurements.
    program: PathBuf,
    /// The program `flower-host`, which is a compiler apart too.
    host: PathBuf,
}

impl Subjects {
    /// The best of some runs.
    fn measure(&self, row: &Row) -> Result<f64> {
        let mut best: Option<f64> = None;
        for _ in 0..RUNS {
            let mut program = Command::new(&self.program);
            let text = output(program.arg(row.name).arg(&self.guests).env("FLOWER_HOST_BIN", &self.host))?;
            let figure: f64 =
                text.trim().parse().with_context(|| format!("{} printed {text:?}", row.name))?;
            best = Some(best.map_or(figure, |best| row.better(best, figure)));
        }
        best.context("a row is measured at least once")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guests_that_are_measured_are_there() {
        guests::refuse_unknown(&GUESTS.map(str::to_owned)).expect("all of them");
    }
}

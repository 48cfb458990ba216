//! `cargo xtask bench peers`: the same workloads through flower and through what it is compared with.
//!
//! Every run is a fresh process. Within a cell the peers take turns, so that the machine's noise hits all
//! alike. `benches/peers/README.md` tells the workloads and what a program prints.

#![expect(clippy::disallowed_methods, reason = "real time is what is measured")]

mod cell;
mod peer;

mod install;
mod run;

mod results;
mod statistics;

mod document;
mod machine;
mod table;

use anyhow::{Result, bail};

use crate::workspace::say;
use cell::{CELLS, Cell};
use install::{Builder, Built};
use peer::{PEERS, Peer};
use results::{Outcome, Results};
use run::Limits;

/// Measure flower beside its peers.
///
/// One cell of some peers: `cargo xtask bench peers --cells pingpong_16 --peers flower,erlang --runs 5`.
/// `--list` names all cells and peers. A peer that is not installed is skipped, with the reason.
///
/// The results are kept in the target folder: a cell that is measured again replaces what was there.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Which peers, with commas between them; all of them if none is named.
    #[arg(long, value_delimiter = ',')]
    peers: Vec<String>,
    /// Which cells, with commas between them; all of them if none is named.
    #[arg(long, value_delimiter = ',')]
    cells: Vec<String>,
    /// Runs of each peer in each cell; with 0, only what was measured before is shown.
    #[arg(long, default_value_t = 5)]
    runs: u32,
    /// Multiplies the operations of the cells that are free in it.
    #[arg(long, default_value_t = 1.0)]
    scale: f64,
    /// Seconds after which a run has failed.
    #[arg(long, default_value_t = 60)]
    timeout: u64,
    /// Build what is missing, and measure nothing.
    #[arg(long)]
    build: bool,
    /// Name cells and peers, and measure nothing.
    #[arg(long)]
    list: bool,
    /// Write the results to docs/BENCHMARKS.md and their headline to README.md.
    #[arg(long)]
    write: bool,
}

/// Runs the command.
pub(crate) fn main(args: &Args) -> Result<()> {
    if args.list {
        list();
        return Ok(());
    }
    let cells = chosen(CELLS, &args.cells, |cell| cell.name, "cell")?;
    let peers = chosen(PEERS, &args.peers, |peer| peer.name, "peer")?;
    let mut results = Results::load()?;
    if args.build {
        return build_all(&peers, &mut results).map(drop);
    }
    if args.runs > 0 {
        let peers = build_all(&peers, &mut results)?;
        for cell in &cells {
            measure(cell, &peers, args, &mut results)?;
        }
    }
    println!("{}", table::whole(&results, &cells, &peers));
    for skipped in table::failures(&results, &cells, &peers) {
        say!("{skipped}");
    }
    if args.write {
        document::write(&results)?;
    }
    Ok(())
}

fn list() {
    println!("cells:");
    CELLS.iter().for_each(|cell| println!("  {:16} {}", cell.name, cell.title));
    println!("peers:");
    PEERS.iter().for_each(|peer| println!("  {:20} {}", peer.name, peer.what));
}

/// Those of a list that are named, in the order of the list, or all.
fn chosen<T>(
    all: &'static [T],
    names: &[String],
    name_of: impl Fn(&T) -> &str,
    what: &str,
) -> Result<Vec<&'static T>> {
    if let Some(unknown) = names.iter().find(|name| !all.iter().any(|one| name_of(one) == *name)) {
        let known: Vec<&str> = all.iter().map(&name_of).collect();
        bail!("there is no {what} `{unknown}`: there are {}", known.join(", "));
    }
    let wanted = |one: &&T| names.is_empty() || names.iter().any(|name| name == name_of(one));
    Ok(all.iter().filter(wanted).collect())
}

/// Builds what is missing, and says which peers have to be left out.
fn build_all(peers: &[&'static Peer], results: &mut Results) -> Result<Vec<(&'static Peer, Built)>> {
    let mut builder = Builder::new()?;
    let mut ready = Vec::new();
    for peer in peers {
        match builder.build(peer) {
            Ok(built) => {
                results.note_version(peer.name, &built.version);
                ready.push((*peer, built));
            }
            Err(error) => say!("skipping {}: {error:#}", peer.name),
        }
    }
    Ok(ready)
}

/// Runs one cell, the peers in turn; each round begins with another one.
fn measure(cell: &Cell, peers: &[(&'static Peer, Built)], args: &Args, results: &mut Results) -> Result<()> {
    let taking_part: Vec<_> = peers.iter().filter(|(peer, _)| peer.takes_part(cell)).collect();
    let mut outcomes: Vec<Outcome> = taking_part.iter().map(|_| Outcome::begin()).collect();
    let limits = Limits { seconds: args.timeout, scale: args.scale };
    let mut order: Vec<usize> = (0..taking_part.len()).collect();
    for round in 1..=args.runs {
        for &at in &order {
            let ((peer, built), outcome) = (taking_part[at], &mut outcomes[at]);
            if outcome.failed.is_some() {
                continue;
            }
            say!("{}: {} (run {round} of {})", cell.name, peer.name, args.runs);
            outcome.add(run::run(cell, peer, built, &limits));
        }
        order.rotate_left(usize::from(!taking_part.is_empty()));
    }
    for ((peer, _), outcome) in taking_part.iter().zip(outcomes) {
        results.put(cell.name, peer.name, outcome);
    }
    results.save()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_cell_is_refused_by_name() {
        let error = chosen(CELLS, &["no_such_cell".into()], |cell| cell.name, "cell").err();
        assert!(error.is_some_and(|error| error.to_string().contains("`no_such_cell`")));
    }

    #[test]
    fn what_is_chosen_keeps_the_order_of_the_list() {
        let names = ["ring_10k".to_owned(), "spawn_10k".to_owned()];
        let cells = chosen(CELLS, &names, |cell| cell.name, "cell").expect("they are there");
        assert_eq!(cells.iter().map(|cell| cell.name).collect::<Vec<_>>(), ["spawn_10k", "ring_10k"]);
    }
}

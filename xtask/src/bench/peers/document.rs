//! `docs/BENCHMARKS.md` and the headline in the README: what stands between two marks is made from the results,
//! and the rest is written by hand.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result};

use super::cell::{CELLS, Cell};
use super::peer::{PEERS, Peer};
use super::results::Results;
use super::{machine, table};
use crate::workspace::{root, say};

const PATH: &str = "docs/BENCHMARKS.md";
const README: &str = "README.md";
const BEGIN: &str = "<!-- results: begin -->\n";
const END: &str = "<!-- results: end -->";

/// Puts the results into the documents.
pub(super) fn write(results: &Results) -> Result<()> {
    put(PATH, &generated(results))?;
    put(README, &format!("{}\n", table::headline(results)))?;
    say!("the results are in {PATH} and {README}");
    Ok(())
}

fn put(file: &str, inside: &str) -> Result<()> {
    let path = root().join(file);
    let before = fs::read_to_string(&path).with_context(|| format!("cannot read {file}"))?;
    let after = replaced(&before, inside)
        .with_context(|| format!("{file} lacks the marks {BEGIN:?} and {END:?}: put them back"))?;
    fs::write(&path, after).with_context(|| format!("cannot write {file}"))
}

/// The text with something else between its marks.
fn replaced(text: &str, inside: &str) -> Option<String> {
    let (head, rest) = text.split_once(BEGIN)?;
    let (_, tail) = rest.split_once(END)?;
    Some(format!("{head}{BEGIN}\n{inside}\n{END}{tail}"))
}

fn generated(results: &Results) -> String {
    let peers: Vec<&Peer> = PEERS.iter().collect();
    let cells: Vec<&Cell> = CELLS.iter().collect();
    let mut text = String::new();
    let mut line = |line: &str| {
        text.push_str(line);
        text.push('\n');
    };
    line(&format!("Machine: {}.", machine::describe()));
    if let (Some((first, last)), Some((fewest, most))) = (results.dates(), results.runs()) {
        let runs = if fewest == most { fewest.to_string() } else { format!("{fewest} to {most}") };
        line(&format!("Measured from {first} to {last}, {runs} runs of each."));
    }
    line(&format!("\nVersions: {}.", versions(&results.versions)));
    for cell in &cells {
        if let Some(table) = table::of_cell(results, cell, &peers) {
            line(&format!("\n### {}: `{}`\n\n{table}", capitalised(cell.title), cell.name));
        }
    }
    let failures = table::failures(results, &cells, &peers);
    if !failures.is_empty() {
        line("\n### What failed\n");
        failures.iter().for_each(|failure| line(&format!("- {}", shortened(&anywhere(failure)))));
    }
    text
}

/// Each version once, in the order of the peers.
fn versions(versions: &BTreeMap<String, String>) -> String {
    let mut known: Vec<&str> = Vec::new();
    for version in PEERS.iter().filter_map(|peer| versions.get(peer.name)) {
        if !known.contains(&version.as_str()) {
            known.push(version);
        }
    }
    known.join(", ")
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// A reason without the places of this machine.
fn anywhere(reason: &str) -> String {
    let root = root();
    let home = std::env::var("HOME").ok();
    let places = [root.to_str(), home.as_deref()];
    places.into_iter().flatten().fold(reason.to_owned(), |reason, place| reason.replace(place, "~"))
}

/// A reason that fits on a line.
fn shortened(reason: &str) -> String {
    const LENGTH_MAX: usize = 160;
    match reason.char_indices().nth(LENGTH_MAX) {
        Some((at, _)) => format!("{}...", &reason[..at]),
        None => reason.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_by_hand_is_kept() {
        let text = format!("# Title\n{BEGIN}old\n{END}\nWhy.\n");
        let new = replaced(&text, "new").expect("the marks are there");
        assert_eq!(new, format!("# Title\n{BEGIN}\nnew\n{END}\nWhy.\n"));
        assert_eq!(replaced(&new, "new"), Some(new.clone()));
        assert_eq!(replaced("no marks", "new"), None);
    }

    #[test]
    fn the_documents_have_their_marks() {
        for file in [PATH, README] {
            let text = fs::read_to_string(root().join(file)).expect("it is there");
            assert!(replaced(&text, "").is_some(), "{file}");
        }
    }

    #[test]
    fn places_of_this_machine_are_left_out() {
        let reason = format!("{}/benches/x.py: no", root().display());
        assert_eq!(anywhere(&reason), "~/benches/x.py: no");
    }

    #[test]
    fn a_long_reason_is_cut() {
        assert_eq!(shortened("short"), "short");
        assert!(shortened(&"é".repeat(500)).ends_with("..."));
    }
}

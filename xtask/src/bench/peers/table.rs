//! The results as tables, on the terminal and in the document.

use comfy_table::presets::ASCII_MARKDOWN;
use comfy_table::{CellAlignment, ContentArrangement, Table};

use super::cell::{CELLS, Cell, Figure, Unit};
use super::peer::Peer;
use super::results::Results;
use super::statistics::Summary;

/// What the others are compared with: the first that has the figure.
const BASES: [&str; 2] = ["flower", "flower-wat"];

/// The rows of the headline: a cell, one of its figures, and what the row is called.
const HEADLINE: [(&str, &str, &str); 7] = [
    ("pingpong_16", "rate", "ping-pong, 16 bytes"),
    ("call", "rate", "call and answer"),
    ("fan", "rate", "100 send to one"),
    ("churn", "rate", "spawn and die"),
    ("spawn_100k", "rate", "spawn 100,000"),
    ("spawn_100k", "bytes", "memory of an idle actor"),
    ("neighbour", "p99", "p99 of an answer beside 8 busy loops on 2 workers"),
];

/// The columns of the headline.
const HEADLINE_PEERS: [&str; 7] = ["flower", "flower-handler", "erlang", "lunatic", "go", "tokio", "ractor"];

/// A few rows and peers, with the medians alone.
pub(super) fn headline(results: &Results) -> String {
    let shown_by = |peer: &str| HEADLINE.iter().any(|row| !median(results, row, peer).is_empty());
    let peers: Vec<&str> = HEADLINE_PEERS.into_iter().filter(|peer| shown_by(peer)).collect();
    let mut table = empty(&[&[""], &peers[..]].concat(), 1);
    for row in &HEADLINE {
        let medians = peers.iter().map(|peer| median(results, row, peer));
        table.add_row([row.2.to_owned()].into_iter().chain(medians));
    }
    table.to_string()
}

/// One figure of the headline: empty for who takes no part.
fn median(results: &Results, &(cell, key, _): &(&str, &str, &str), peer: &str) -> String {
    let Some(outcome) = results.get(cell, peer) else { return String::new() };
    if outcome.failed.is_some() {
        return "fails".to_owned();
    }
    let figures = CELLS.iter().filter(|known| known.name == cell).flat_map(|cell| cell.figures);
    let figure = figures.into_iter().find(|figure| figure.key == key);
    let shown = |figure: &Figure| Some(shown(figure.unit, outcome.summary(key)?.median));
    figure.and_then(shown).unwrap_or_default()
}

/// One table of all these cells.
pub(super) fn whole(results: &Results, cells: &[&Cell], peers: &[&Peer]) -> String {
    let mut table = empty(&["workload", "figure", "peer", "median", "spread", "against flower"], 3);
    for cell in cells {
        for row in rows(results, cell, peers) {
            table.add_row([vec![cell.title.to_owned()], row].concat());
        }
    }
    table.to_string()
}

/// The table of one cell; `None` if nobody has a figure in it.
pub(super) fn of_cell(results: &Results, cell: &Cell, peers: &[&Peer]) -> Option<String> {
    let mut table = empty(&["figure", "peer", "median", "spread", "against flower"], 2);
    let rows = rows(results, cell, peers);
    (!rows.is_empty()).then(|| table.add_rows(rows).to_string())
}

/// A line for each peer that failed in one of these cells.
pub(super) fn failures(results: &Results, cells: &[&Cell], peers: &[&Peer]) -> Vec<String> {
    let failure = |cell: &Cell, peer: &Peer| {
        let reason = results.get(cell.name, peer.name)?.failed.as_ref()?;
        Some(format!("{} fails in {}: {reason}", peer.name, cell.name))
    };
    cells.iter().flat_map(|cell| peers.iter().filter_map(move |peer| failure(cell, peer))).collect()
}

fn empty(header: &[&str], words: usize) -> Table {
    let mut table = Table::new();
    table.load_preset(ASCII_MARKDOWN).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(header);
    for column in table.column_iter_mut().skip(words) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// Figure by figure, and peer by peer.
fn rows(results: &Results, cell: &Cell, peers: &[&Peer]) -> Vec<Vec<String>> {
    let row = |figure: &Figure, peer: &Peer| {
        let outcome = results.get(cell.name, peer.name)?;
        if outcome.failed.is_some() {
            return Some(vec![figure.title.into(), peer.name.into(), "fails".into(), "".into(), "".into()]);
        }
        let summary = outcome.summary(figure.key)?;
        let ratio = base(results, cell, figure).map(|base| better(figure.unit, summary.median, base));
        Some(vec![
            figure.title.into(),
            peer.name.into(),
            shown(figure.unit, summary.median),
            spread(&summary),
            ratio.map_or_else(String::new, times),
        ])
    };
    let of_figure = |figure| peers.iter().filter_map(move |peer| row(figure, peer));
    cell.figures.iter().flat_map(of_figure).collect()
}

fn base(results: &Results, cell: &Cell, figure: &Figure) -> Option<f64> {
    let of = |peer: &str| results.get(cell.name, peer)?.summary(figure.key);
    BASES.iter().find_map(|peer| of(peer)).map(|summary| summary.median)
}

/// How many times better one figure is than another: above 1 is better, whatever the unit.
fn better(unit: Unit, value: f64, base: f64) -> f64 {
    match unit {
        Unit::PerSecond | Unit::Times => value / base,
        Unit::Seconds | Unit::Bytes => base / value,
    }
}

fn spread(summary: &Summary) -> String {
    let (least, most) = summary.spread();
    format!("{least:+.0} {most:+.0} %")
}

fn times(ratio: f64) -> String {
    format!("{} x", three_digits(ratio))
}

/// A figure with three digits and its unit.
pub(super) fn shown(unit: Unit, value: f64) -> String {
    let scaled = |steps: &[(f64, &str)]| {
        let step = steps.iter().find(|(size, _)| value.abs() >= *size).or(steps.last());
        let (size, name) = step.expect("there are steps");
        format!("{}{name}", three_digits(value / size))
    };
    match unit {
        Unit::PerSecond => scaled(&[(1e6, " M/s"), (1e3, " k/s"), (1.0, " /s")]),
        Unit::Seconds => scaled(&[(1.0, " s"), (1e-3, " ms"), (1e-6, " us")]),
        Unit::Bytes => scaled(&[(1048576.0, " MiB"), (1024.0, " KiB"), (1.0, " B")]),
        Unit::Times => format!("{} x", three_digits(value)),
    }
}

fn three_digits(value: f64) -> String {
    match value.abs() {
        100.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        1.0.. => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::peer::PEERS;
    use super::super::results::{Figures, Outcome};
    use super::*;

    #[test]
    fn figures_have_three_digits_and_a_unit() {
        assert_eq!(shown(Unit::PerSecond, 1_234_567.0), "1.23 M/s");
        assert_eq!(shown(Unit::PerSecond, 12_345.0), "12.3 k/s");
        assert_eq!(shown(Unit::Seconds, 0.000_123), "123 us");
        assert_eq!(shown(Unit::Seconds, 2.5), "2.50 s");
        assert_eq!(shown(Unit::Bytes, 2048.0), "2.00 KiB");
    }

    #[test]
    fn above_one_is_better_in_every_unit() {
        assert_eq!(better(Unit::PerSecond, 20.0, 10.0), 2.0);
        assert_eq!(better(Unit::Seconds, 5.0, 10.0), 2.0);
        assert_eq!(better(Unit::Bytes, 20.0, 10.0), 0.5);
    }

    #[test]
    fn every_figure_of_the_headline_is_measured() {
        for (name, key, _) in HEADLINE {
            let cell = CELLS.iter().find(|cell| cell.name == name).expect("a cell of this name");
            assert!(cell.figures.iter().any(|figure| figure.key == key), "{name} has no {key}");
        }
        assert!(HEADLINE_PEERS.iter().all(|name| PEERS.iter().any(|peer| peer.name == *name)));
    }

    #[test]
    fn the_headline_leaves_out_who_was_not_measured() {
        let mut results = Results::default();
        let mut outcome = Outcome::begin();
        outcome.add(Ok(Figures::from([("rate".to_owned(), 2e6)])));
        results.put("call", "erlang", outcome);
        let table = headline(&results);
        assert!(table.contains("erlang") && !table.contains("tokio"), "{table}");
        assert!(table.lines().any(|line| line.contains("call and answer") && line.contains("2.00 M/s")));
    }

    #[test]
    fn a_table_has_a_row_for_each_peer_and_says_who_failed() {
        let mut results = Results::default();
        let mut good = Outcome::begin();
        good.add(Ok(Figures::from([("rate".to_owned(), 2e6)])));
        let mut better = Outcome::begin();
        better.add(Ok(Figures::from([("rate".to_owned(), 3e6)])));
        let mut bad = Outcome::begin();
        bad.add(Err(anyhow::anyhow!("no more mappings")));
        results.put("call", "flower", good);
        results.put("call", "tokio", better);
        results.put("call", "lunatic", bad);
        let cell = CELLS.iter().find(|cell| cell.name == "call").expect("it is there");
        let peers: Vec<&Peer> = PEERS.iter().collect();
        let table = of_cell(&results, cell, &peers).expect("there are figures");
        assert!(table.lines().any(|line| line.contains("tokio") && line.contains("1.50 x")), "{table}");
        assert!(table.lines().any(|line| line.contains("lunatic") && line.contains("fails")), "{table}");
        assert_eq!(failures(&results, &[cell], &peers), ["lunatic fails in call: no more mappings"]);
    }
}

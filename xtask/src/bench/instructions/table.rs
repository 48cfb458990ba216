//! The committed figures: `benches/instructions.txt`, a line for each row.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result};

use crate::workspace::{root, say};

/// Where the figures stand, from the root of the workspace.
const PATH: &str = "benches/instructions.txt";

/// Less than this may be the moment at which a tick came, and is not worth a changed line.
const NOISE_PERCENT: f64 = 1.0;

/// What was counted.
pub(super) struct Row {
    pub(super) name: &'static str,
    /// Instructions for each operation.
    pub(super) count: f64,
    pub(super) what: &'static str,
}

/// The figures of all rows, by name.
#[derive(Default)]
pub(super) struct Table {
    lines: BTreeMap<String, String>,
}

impl Table {
    /// The committed figures; none if there is no file.
    pub(super) fn read() -> Result<Table> {
        Ok(Table::parse(&fs::read_to_string(root().join(PATH)).unwrap_or_default()))
    }

    fn parse(text: &str) -> Table {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let named =
            lines.filter_map(|line| Some((line.split_whitespace().next()?.to_owned(), line.to_owned())));
        Table { lines: named.collect() }
    }

    /// Instructions for each operation of a row.
    pub(super) fn count(&self, name: &str) -> Option<f64> {
        self.lines.get(name)?.split_whitespace().nth(1)?.parse().ok()
    }

    /// By how many percent a row differs from the committed one.
    pub(super) fn change(&self, row: &Row) -> Option<f64> {
        Some((row.count / self.count(row.name)? - 1.0) * 100.0)
    }

    /// One line for a reader.
    pub(super) fn compare(&self, row: &Row) -> String {
        let change = match self.change(row) {
            None => "new".to_owned(),
            Some(change) => format!("{change:+.1} %"),
        };
        format!("{:<20} {:>8.0}  {change:>9}  {}", row.name, row.count, row.what)
    }

    /// Takes a row in, unless its figure is the committed one but for noise.
    pub(super) fn note(&mut self, row: &Row) {
        if self.change(row).is_none_or(|change| change.abs() >= NOISE_PERCENT) {
            let line = format!("{:<20} {:>8.0}  {}", row.name, row.count, row.what);
            self.lines.insert(row.name.to_owned(), line);
        }
    }

    /// Makes these the committed figures.
    pub(super) fn write(&self, machine: &str) -> Result<()> {
        say!("writing {PATH}");
        let lines: Vec<&str> = self.lines.values().map(String::as_str).collect();
        let text = format!(
            "# Machine instructions for each operation: `cargo xtask bench instructions --write`.\n\
             # {machine}\n{}\n",
            lines.join("\n")
        );
        fs::write(root().join(PATH), text).with_context(|| format!("cannot write {PATH}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(count: f64) -> Row {
        Row { name: "hop", count, what: "a hop" }
    }

    #[test]
    fn a_change_is_shown_in_percent() {
        let table = Table::parse("# about\nhop  200  a hop\n");
        assert!(table.compare(&row(210.0)).contains("+5.0 %"));
        assert!(Table::default().compare(&row(200.0)).contains("new"));
    }

    #[test]
    fn noise_leaves_the_committed_figure() {
        let mut table = Table::parse("hop  1000  a hop\n");
        table.note(&row(1009.0));
        assert_eq!(table.count("hop"), Some(1000.0));
        table.note(&row(1100.0));
        assert_eq!(table.count("hop"), Some(1100.0));
    }
}

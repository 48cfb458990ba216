//! `docs/SPECIFICATION.md`: a row of the table of figures is found by its name, and its last two columns are the figure
//! and the date. The rest is written by hand, and checked against the rows.

use std::fs;
use std::time::SystemTime;

use anyhow::{Context, Result};

use super::rows::Row;
use crate::workspace::root;

const PATH: &str = "docs/SPECIFICATION.md";

/// Puts a figure into the document, with the date of today.
pub(super) fn write(row: &Row, figure: f64) -> Result<()> {
    let path = root().join(PATH);
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {PATH}"))?;
    #[expect(clippy::disallowed_methods, reason = "a date for people")]
    let now = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
    let date = now.split('T').next().unwrap_or_default();
    let written = replaced(&text, row, figure, date)
        .with_context(|| format!("{PATH} has no row `{}`: add one", row.name))?;
    fs::write(&path, written).with_context(|| format!("cannot write {PATH}"))
}

/// The text with another figure and date in this row.
fn replaced(text: &str, row: &Row, figure: f64, date: &str) -> Option<String> {
    let begin = format!("| `{}` |", row.name);
    let mut found = false;
    let line = |line: &str| {
        if !line.starts_with(&begin) {
            return line.to_owned();
        }
        found = true;
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let kept = cells[..cells.len().saturating_sub(2)].join(" | ");
        format!("| {kept} | {figure:.2} {} | {date} |", row.unit)
    };
    let lines: Vec<String> = text.lines().map(line).collect();
    found.then(|| lines.join("\n") + "\n")
}

#[cfg(test)]
mod tests {
    use super::super::rows::ROWS;
    use super::*;

    #[test]
    fn a_figure_takes_the_place_of_the_last_one() {
        let row = &ROWS[0];
        let text = format!("a\n| `{}` | promise | bound | 1 | 2000-01-01 |\nb\n", row.name);
        let replaced = replaced(&text, row, 2.0, "2026-01-02").expect("it is there");
        assert_eq!(
            replaced,
            format!("a\n| `{}` | promise | bound | 2.00 {} | 2026-01-02 |\nb\n", row.name, row.unit)
        );
        assert_eq!(super::replaced("nothing", row, 2.0, ""), None);
    }

    #[test]
    fn every_row_stands_in_the_document_with_its_bound() {
        let text = fs::read_to_string(root().join(PATH)).expect("it is there");
        for row in ROWS {
            let begin = format!("| `{}` |", row.name);
            let line = text.lines().find(|line| line.starts_with(&begin));
            let line = line.unwrap_or_else(|| panic!("{PATH} has no row {}", row.name));
            let bound = format!("| {} {} {} |", row.sign(), row.bound, row.unit);
            assert!(line.contains(&bound), "{PATH}: {line} lacks {bound}");
        }
    }
}

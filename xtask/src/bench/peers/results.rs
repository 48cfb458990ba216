//! What was measured, kept in the target folder from call to call.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::SystemTime;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::statistics::Summary;
use crate::workspace;

/// The figures of one run by their names.
pub(super) type Figures = BTreeMap<String, f64>;

/// What one peer did in one cell.
#[derive(Serialize, Deserialize)]
pub(super) struct Outcome {
    /// When it was measured.
    pub(super) date: String,
    /// Run by run.
    runs: Vec<Figures>,
    /// Why there is no further one.
    pub(super) failed: Option<String>,
}

impl Outcome {
    /// Nothing yet.
    pub(super) fn begin() -> Outcome {
        let date = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
        Outcome { date, runs: Vec::new(), failed: None }
    }

    /// Adds a run, or the reason why there was none.
    pub(super) fn add(&mut self, run: Result<Figures>) {
        match run {
            Ok(figures) => self.runs.push(figures),
            Err(error) => self.failed = Some(format!("{error:#}")),
        }
    }

    /// What the runs say about a figure; nothing if one has failed.
    pub(super) fn summary(&self, key: &str) -> Option<Summary> {
        if self.failed.is_some() {
            return None;
        }
        Summary::of(self.runs.iter().filter_map(|figures| figures.get(key).copied()))
    }

    /// How many runs there are.
    pub(super) fn len(&self) -> usize {
        self.runs.len()
    }
}

/// All outcomes, by cell and peer, and the versions of the peers.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Results {
    pub(super) versions: BTreeMap<String, String>,
    cells: BTreeMap<String, BTreeMap<String, Outcome>>,
}

impl Results {
    /// What former calls left.
    pub(super) fn load() -> Result<Results> {
        let file = file()?;
        match fs::read_to_string(&file) {
            Ok(text) => serde_json::from_str(&text)
                .with_context(|| format!("{} is damaged: remove it", file.display())),
            Err(_) => Ok(Results::default()),
        }
    }

    /// Keeps them for later calls.
    pub(super) fn save(&self) -> Result<()> {
        let file = file()?;
        let folder = file.parent().expect("it stands in the target folder");
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let text = serde_json::to_string_pretty(self)?;
        fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))
    }

    /// Notes the version of a peer.
    pub(super) fn note_version(&mut self, peer: &str, version: &str) {
        self.versions.insert(peer.to_owned(), version.to_owned());
    }

    /// Puts an outcome in the place of what was there.
    pub(super) fn put(&mut self, cell: &str, peer: &str, outcome: Outcome) {
        self.cells.entry(cell.to_owned()).or_default().insert(peer.to_owned(), outcome);
    }

    /// What a peer did in a cell.
    pub(super) fn get(&self, cell: &str, peer: &str) -> Option<&Outcome> {
        self.cells.get(cell)?.get(peer)
    }

    /// The dates of the first and the last measurement.
    pub(super) fn dates(&self) -> Option<(&str, &str)> {
        let all = || self.cells.values().flat_map(BTreeMap::values).map(|outcome| outcome.date.as_str());
        Some((all().min()?, all().max()?))
    }

    /// How many runs the outcomes have, from the fewest to the most.
    pub(super) fn runs(&self) -> Option<(usize, usize)> {
        let good = || self.cells.values().flat_map(BTreeMap::values).filter(|one| one.failed.is_none());
        Some((good().map(Outcome::len).min()?, good().map(Outcome::len).max()?))
    }
}

fn file() -> Result<PathBuf> {
    Ok(workspace::target_dir()?.join("bench").join("peers.json"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::anyhow;

    fn figures(rate: f64) -> Figures {
        Figures::from([("rate".to_owned(), rate)])
    }

    #[test]
    fn an_outcome_with_a_failed_run_has_no_figures() {
        let mut outcome = Outcome::begin();
        outcome.add(Ok(figures(1.0)));
        outcome.add(Ok(figures(3.0)));
        assert_eq!(outcome.summary("rate").map(|summary| summary.median), Some(2.0));
        assert_eq!(outcome.summary("warm"), None);
        outcome.add(Err(anyhow!("it fell")));
        assert_eq!(outcome.summary("rate"), None);
        assert_eq!(outcome.failed.as_deref(), Some("it fell"));
    }

    #[test]
    fn results_survive_being_written() {
        let mut results = Results::default();
        let mut outcome = Outcome::begin();
        outcome.add(Ok(figures(1.5)));
        results.put("call", "erlang", outcome);
        results.note_version("erlang", "25");
        let text = serde_json::to_string(&results).expect("they are plain data");
        let read: Results = serde_json::from_str(&text).expect("it was just written");
        let summary = read.get("call", "erlang").and_then(|outcome| outcome.summary("rate"));
        assert_eq!(summary.map(|summary| summary.median), Some(1.5));
        assert_eq!((read.runs(), read.versions["erlang"].as_str()), (Some((1, 1)), "25"));
    }
}

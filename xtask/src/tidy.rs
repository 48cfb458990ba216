//! `cargo xtask tidy`: the habits of this repository that no compiler checks.
//!
//! Each check is a function from text to findings, so that a test can hand it a few lines. A
//! finding names the place, what is wrong and what to do. The same checks run as a test.

mod source;
mod tree;

mod clock;
mod docs;
mod length;
mod modules;
mod unsafety;
mod words;

use std::fmt;

use anyhow::{Result, bail};

use crate::workspace::{root, say};
use source::Source;
use tree::Tree;

/// Check the habits that no compiler checks.
#[derive(clap::Args)]
pub(crate) struct Args {}

/// Runs the command.
pub(crate) fn main(_: &Args) -> Result<()> {
    say!("checking tidiness");
    everything()
}

/// Prints every finding, and fails if there is one.
pub(crate) fn everything() -> Result<()> {
    let findings = findings(&Tree::read(&root())?);
    for finding in &findings {
        println!("{finding}");
    }
    if !findings.is_empty() {
        bail!("{} places are untidy: each line above says what to do", findings.len());
    }
    Ok(())
}

/// One place that is not as it should be.
#[derive(Debug, PartialEq, Eq)]
struct Finding {
    /// From the root of the workspace.
    path: String,
    /// The first line is 1.
    line: usize,
    /// What is wrong and what to do.
    text: String,
}

impl Finding {
    fn new(path: &str, line: usize, text: impl Into<String>) -> Finding {
        Finding { path: path.to_owned(), line, text: text.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.text)
    }
}

fn findings(tree: &Tree) -> Vec<Finding> {
    let sources: Vec<Source> = tree.rust().map(|(path, text)| Source::new(path, text)).collect();
    let mut findings = Vec::new();
    for (path, text) in tree.texts() {
        findings.extend(words::check(path, text));
    }
    for source in &sources {
        findings.extend(docs::check_header(source));
        findings.extend(length::check_file(source));
        findings.extend(clock::check(source));
        findings.extend(unsafety::check(source));
    }
    findings.extend(length::check_functions(&sources));
    findings.extend(modules::check(tree, &sources));
    findings.extend(docs::check_abi(tree));
    findings.extend(docs::check_examples(tree));
    findings.extend(words::check_lockfile(tree));
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workspace_is_tidy() {
        let tree = Tree::read(&root()).expect("the workspace can be read");
        let lines: Vec<String> = findings(&tree).iter().map(Finding::to_string).collect();
        assert!(lines.is_empty(), "untidy:\n{}", lines.join("\n"));
    }

    #[test]
    fn a_finding_prints_as_a_place_and_a_text() {
        assert_eq!(Finding::new("a/b.rs", 3, "bad: mend it").to_string(), "a/b.rs:3: bad: mend it");
    }
}

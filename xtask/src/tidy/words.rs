//! Words that must not be in the repository, and blanks that nobody sees.
//!
//! The words stand here in pieces, or this file would find itself.

use super::Finding;
use super::source::{line_of, words};
use super::tree::Tree;

/// What is left to be done belongs into an issue, not into the source.
const MARKERS: [&str; 3] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];

/// What ends a program where work is left.
const UNFINISHED: [&str; 2] = [concat!("todo", "!"), concat!("unimplemented", "!")];

/// Places that exist on one machine only.
const PLACES: [&str; 2] = [concat!("/wo", "rk/"), concat!("/ro", "ot/")];

/// The one registry that the lockfile may name.
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

const LOCKFILE: &str = "Cargo.lock";

/// Finds words and blanks that must not be there.
pub(super) fn check(path: &str, text: &str) -> Vec<Finding> {
    if path == LOCKFILE {
        return Vec::new();
    }
    let mut findings =
        find(path, text, &PLACES, "a place of one machine: name it in a way that holds everywhere");
    if is_prose_or_code(path) {
        findings.extend(check_markers(path, text));
        findings.extend(check_blanks(path, text));
    }
    findings
}

/// A lockfile that names a mirror cannot be used elsewhere.
pub(super) fn check_lockfile(tree: &Tree) -> Vec<Finding> {
    let lines = tree.get(LOCKFILE).unwrap_or_default().lines().enumerate();
    let foreign =
        lines.filter(|(_, line)| line.starts_with("source = \"registry") && !line.contains(REGISTRY));
    let text = "a registry that others may not reach: lock against crates.io";
    foreign.map(|(at, _)| Finding::new(LOCKFILE, at + 1, text)).collect()
}

fn is_prose_or_code(path: &str) -> bool {
    [".rs", ".md", ".toml"].iter().any(|end| path.ends_with(end))
}

fn check_markers(path: &str, text: &str) -> Vec<Finding> {
    let mut findings = find(path, text, &MARKERS, "unfinished: finish it or open an issue");
    if path.ends_with(".rs") {
        findings.extend(find(path, text, &UNFINISHED, "unfinished: write what is missing"));
    }
    findings
}

fn find(path: &str, text: &str, unwanted: &[&str], what: &str) -> Vec<Finding> {
    let places = unwanted.iter().flat_map(|word| places(text, word).into_iter().map(move |at| (at, word)));
    places.map(|(at, word)| Finding::new(path, line_of(text, at), format!("`{word}`: {what}"))).collect()
}

/// A path is found inside a longer one as well; a word only by itself.
fn places(text: &str, word: &str) -> Vec<usize> {
    match word.starts_with('/') {
        true => text.match_indices(word).map(|(at, _)| at).collect(),
        false => words(text, word),
    }
}

fn check_blanks(path: &str, text: &str) -> Vec<Finding> {
    let lines = text.lines().enumerate();
    let mut findings: Vec<Finding> =
        lines.filter_map(|(at, line)| Some(Finding::new(path, at + 1, blank(line)?))).collect();
    if !text.is_empty() && !text.ends_with('\n') {
        findings.push(Finding::new(path, text.lines().count(), "no newline at the end: add one"));
    }
    findings
}

fn blank(line: &str) -> Option<&'static str> {
    if line.contains('\t') {
        return Some("a tab: use spaces");
    }
    (line.trim_end() != line).then_some("blanks at the end of the line: remove them")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(path: &str, text: &str) -> Vec<String> {
        check(path, text).iter().map(Finding::to_string).collect()
    }

    #[test]
    fn markers_are_found_as_words() {
        let marker = MARKERS[0];
        assert_eq!(texts("a.rs", &format!("ok\n// {marker}: more\n")).len(), 1);
        assert!(texts("a.rs", &format!("{marker}S\n")).is_empty());
        assert_eq!(texts("a.rs", &format!("fn f() {{ {}() }}\n", UNFINISHED[0])).len(), 1);
    }

    #[test]
    fn places_of_one_machine_are_found_in_every_file() {
        let text = format!("cd {}main\n", PLACES[0]);
        assert_eq!(texts(".ci/run", &text).len(), 1);
        assert!(texts(".ci/run", "cd work/main\n").is_empty());
    }

    #[test]
    fn blanks_are_found() {
        assert_eq!(texts("a.md", "a \nb\n"), ["a.md:1: blanks at the end of the line: remove them"]);
        assert_eq!(texts("a.toml", "a\tb\n"), ["a.toml:1: a tab: use spaces"]);
        assert_eq!(texts("a.rs", "a"), ["a.rs:1: no newline at the end: add one"]);
        assert!(texts("Makefile", "a:\tb \n").is_empty());
    }

    #[test]
    fn a_lockfile_names_crates_io_only() {
        let good = format!("source = \"{REGISTRY}\"\n");
        assert!(check_lockfile(&Tree::of(&[(LOCKFILE, &good)])).is_empty());
        let bad = "source = \"registry+https://mirror.example/index\"\n";
        assert_eq!(check_lockfile(&Tree::of(&[(LOCKFILE, bad)])).len(), 1);
    }
}

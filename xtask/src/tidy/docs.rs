//! Documentation that must be there, and generated documentation that must be fresh.

use super::Finding;
use super::source::Source;
use super::tree::Tree;
use crate::abi;

const README: &str = "README.md";

/// Where examples live.
const EXAMPLES: &str = "examples/src/bin/";

/// Finds a file that does not say what it is for.
pub(super) fn check_header(source: &Source<'_>) -> Option<Finding> {
    let text = "no module documentation: begin the file with `//!` and its purpose";
    (!source.text.starts_with("//!")).then(|| Finding::new(source.path, 1, text))
}

/// Finds the document of the ABI out of date.
pub(super) fn check_abi(tree: &Tree) -> Option<Finding> {
    let text = "not what the table of host calls says: type `cargo xtask abi`";
    (tree.get(abi::PATH) != Some(&abi::abi_doc())).then(|| Finding::new(abi::PATH, 1, text))
}

/// Finds examples that the README does not mention.
pub(super) fn check_examples(tree: &Tree) -> Vec<Finding> {
    let readme = tree.get(README).unwrap_or_default();
    let examples = tree.rust().filter_map(|(path, _)| example_name(path));
    let unlisted = examples.filter(|name| !readme.contains(&format!("`{name}`")));
    unlisted
        .map(|name| Finding::new(README, 1, format!("the example `{name}` is not listed: add it")))
        .collect()
}

/// `NAME` for `examples/src/bin/NAME.rs` and for `examples/src/bin/NAME/main.rs`.
fn example_name(path: &str) -> Option<&str> {
    let rest = path.strip_prefix(EXAMPLES)?;
    let name = rest.strip_suffix("/main.rs").or_else(|| rest.strip_suffix(".rs"))?;
    (!name.contains('/')).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_begins_with_its_purpose() {
        assert!(check_header(&Source::new("a.rs", "//! Purpose.\n")).is_none());
        assert!(check_header(&Source::new("a.rs", "use std::fmt;\n")).is_some());
        assert!(check_header(&Source::new("a.rs", "")).is_some());
    }

    #[test]
    fn the_abi_document_is_compared() {
        assert!(check_abi(&Tree::of(&[(abi::PATH, "old\n")])).is_some());
        assert!(check_abi(&Tree::of(&[])).is_some());
        assert!(check_abi(&Tree::of(&[(abi::PATH, &abi::abi_doc())])).is_none());
    }

    #[test]
    fn every_example_is_listed() {
        let files = [
            (README, "See `ring`.\n"),
            ("examples/src/bin/ring.rs", ""),
            ("examples/src/bin/echo/main.rs", ""),
        ];
        let findings = check_examples(&Tree::of(&files));
        assert_eq!(findings.len(), 1);
        assert!(findings[0].text.contains("`echo`"));
    }
}

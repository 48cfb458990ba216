//! Dead files: Rust that no `mod` line, no target and no `include` reaches.
//!
//! The walk starts at the files that cargo compiles by itself or that a manifest names, and
//! follows `mod name;`, `#[path = ".."]` and the `include` macros from there.

use std::collections::{BTreeMap, BTreeSet};

use super::Finding;
use super::source::Source;
use super::tree::Tree;

/// Finds Rust files that nothing compiles.
pub(super) fn check(tree: &Tree, sources: &[Source<'_>]) -> Vec<Finding> {
    let by_path: BTreeMap<&str, &Source<'_>> = sources.iter().map(|source| (source.path, source)).collect();
    let mut open: Vec<String> = roots(tree);
    let mut reached: BTreeSet<String> = BTreeSet::new();
    while let Some(path) = open.pop() {
        let Some(source) = by_path.get(path.as_str()) else { continue };
        if reached.insert(path) {
            open.extend(children(source));
        }
    }
    let dead = by_path.keys().filter(|path| !reached.contains(**path));
    dead.map(|path| Finding::new(path, 1, "no `mod` reaches this file: name it or remove it")).collect()
}

/// What cargo compiles in every package, by its own rules and by the manifest's.
fn roots(tree: &Tree) -> Vec<String> {
    let manifests = tree.texts().filter_map(|(path, text)| Some((path.strip_suffix("Cargo.toml")?, text)));
    manifests.flat_map(|(package, manifest)| package_roots(tree, package, manifest)).collect()
}

fn package_roots(tree: &Tree, package: &str, manifest: &str) -> Vec<String> {
    let inside = tree.rust().filter_map(|(path, _)| Some((path, path.strip_prefix(package)?)));
    let by_rule = inside.filter(|(_, rest)| is_root(rest)).map(|(path, _)| path.to_owned());
    let named = manifest.lines().filter_map(|line| line.trim().strip_prefix("path = \"")?.split('"').next());
    by_rule.chain(named.map(|path| normal(&format!("{package}{path}")))).collect()
}

fn is_root(rest: &str) -> bool {
    let parts: Vec<&str> = rest.split('/').collect();
    let folders = match parts[..] {
        ["build.rs"] | ["src", "lib.rs" | "main.rs"] | ["tests", "ui", _] => return true,
        ["src", "bin", ref inside @ ..] => inside,
        ["tests" | "benches" | "examples", ref inside @ ..] => inside,
        _ => return false,
    };
    matches!(folders, [_] | [_, "main.rs"])
}

/// The files that a file brings in, whether they exist or not.
fn children(source: &Source<'_>) -> Vec<String> {
    let folder = source.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let declared = declared(source).into_iter().flat_map(|name| candidates(source.path, &name));
    let named = named_paths(source.text).into_iter().map(|path| normal(&format!("{folder}/{path}")));
    declared.chain(named).collect()
}

fn declared(source: &Source<'_>) -> Vec<String> {
    let declaration = |at: usize| {
        let (name, _) = source.masked[at + 3..].split_once(';')?;
        let name = name.trim();
        name.chars().all(|c| c.is_alphanumeric() || c == '_').then(|| name.to_owned())
    };
    source.words("mod").into_iter().filter_map(declaration).collect()
}

/// `mod name;` in `folder/file.rs` means a file beside it if it is a root or a `mod.rs`, else one
/// in the folder of its name. Both are tried: a wrong guess names no file.
fn candidates(path: &str, name: &str) -> Vec<String> {
    let stem = path.trim_end_matches(".rs");
    let beside = path.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
    let folder = if owns_its_folder(path) { beside } else { format!("{stem}/") };
    vec![format!("{folder}{name}.rs"), format!("{folder}{name}/mod.rs")]
}

/// Roots and `mod.rs`; a root under any other name is one that stands in `bin`, `tests` and so on.
fn owns_its_folder(path: &str) -> bool {
    let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
    let last = folder.rsplit('/').next().unwrap_or_default();
    matches!(file, "main.rs" | "lib.rs" | "mod.rs" | "build.rs")
        || matches!(last, "bin" | "tests" | "benches")
}

fn named_paths(text: &str) -> Vec<String> {
    let after = |mark: &'static str| text.split(mark).skip(1).filter_map(|rest| rest.split('"').next());
    let marks = ["#[path = \"", "include!(\"", "include_str!(\""];
    marks.into_iter().flat_map(after).filter(|path| path.ends_with(".rs")).map(str::to_owned).collect()
}

/// Takes `..` and `.` out of a path.
fn normal(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            ".." => drop(parts.pop()),
            "" | "." => {}
            other => parts.push(other),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dead(files: &[(&str, &str)]) -> Vec<String> {
        let tree = Tree::of(files);
        let sources: Vec<Source<'_>> = tree.rust().map(|(path, text)| Source::new(path, text)).collect();
        check(&tree, &sources).into_iter().map(|finding| finding.path).collect()
    }

    #[test]
    fn modules_are_followed_through_folders() {
        let files = [
            ("host/Cargo.toml", ""),
            ("host/src/lib.rs", "pub mod a;\n"),
            ("host/src/a.rs", "mod b; // mod c;\n"),
            ("host/src/a/b.rs", ""),
            ("host/src/a/c.rs", ""),
            ("host/src/b.rs", ""),
        ];
        assert_eq!(dead(&files), ["host/src/a/c.rs", "host/src/b.rs"]);
    }

    #[test]
    fn binaries_and_tests_are_roots() {
        let files = [
            ("guests/Cargo.toml", ""),
            ("guests/src/bin/one.rs", ""),
            ("guests/src/bin/two/main.rs", "mod part;\n"),
            ("guests/src/bin/two/part.rs", ""),
            ("guests/tests/all/main.rs", "mod link;\n"),
            ("guests/tests/all/link.rs", ""),
        ];
        assert!(dead(&files).is_empty());
    }

    #[test]
    fn a_manifest_may_name_a_root() {
        let files = [
            ("tests/Cargo.toml", "[[test]]\nname = \"all\"\npath = \"all/main.rs\"\n"),
            ("tests/all/main.rs", "mod spawn;\n"),
            ("tests/all/spawn.rs", ""),
        ];
        assert!(dead(&files).is_empty());
    }

    #[test]
    fn paths_and_includes_are_followed() {
        let files = [
            ("x/Cargo.toml", ""),
            (
                "x/src/lib.rs",
                "#[path = \"../other/a.rs\"]\nmod a;\nconst T: &str = include_str!(\"../t.rs\");\n",
            ),
            ("x/other/a.rs", ""),
            ("x/t.rs", ""),
        ];
        assert!(dead(&files).is_empty());
    }
}

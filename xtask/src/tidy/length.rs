//! Files and functions that have grown too long to be read.

use super::Finding;
use super::source::{Function, Source};

/// Past this, a file is asked what it holds.
const FILE_CODE_LINES_MAX: usize = 500;

/// Past this, a function is long.
const FUNCTION_LINES_MAX: usize = 70;

/// So many functions in a hundred may be long.
const LONG_FUNCTIONS_PERCENT_MAX: usize = 2;

/// Files that may be longer, each with the reason.
const LONG_FILES: &[(&str, &str)] = &[];

/// Finds a file that is too long.
pub(super) fn check_file(source: &Source<'_>) -> Option<Finding> {
    let lines = source.code_lines();
    if lines <= FILE_CODE_LINES_MAX || LONG_FILES.iter().any(|(path, _)| *path == source.path) {
        return None;
    }
    let text =
        format!("{lines} lines of code: split the file by noun, or explain it in xtask/src/tidy/length.rs");
    Some(Finding::new(source.path, 1, text))
}

/// Finds the long functions, if there are more of them than there may be.
pub(super) fn check_functions(sources: &[Source<'_>]) -> Vec<Finding> {
    let all: Vec<(&str, Function)> = sources.iter().flat_map(functions).collect();
    let long: Vec<_> = all.iter().filter(|(_, function)| function.lines > FUNCTION_LINES_MAX).collect();
    if long.len() * 100 <= all.len() * LONG_FUNCTIONS_PERCENT_MAX {
        return Vec::new();
    }
    long.into_iter().map(|(path, function)| too_long(path, function)).collect()
}

fn functions<'a>(source: &Source<'a>) -> Vec<(&'a str, Function)> {
    let functions = source.functions().into_iter().filter(|function| !source.is_test(function.line));
    functions.map(|function| (source.path, function)).collect()
}

fn too_long(path: &str, function: &Function) -> Finding {
    let Function { name, line, lines } = function;
    Finding::new(path, *line, format!("`{name}` has {lines} lines: take out what has a name of its own"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_file_is_found() {
        let text = "fn f() {}\n".repeat(FILE_CODE_LINES_MAX);
        assert!(check_file(&Source::new("a.rs", &text)).is_none());
        let text = format!("{text}\n// A comment.\nfn g() {{}}\n");
        assert!(check_file(&Source::new("a.rs", &text)).is_some());
    }

    #[test]
    fn long_functions_are_found_past_their_share() {
        let long = format!("fn long() {{\n{}}}\n", "x();\n".repeat(FUNCTION_LINES_MAX));
        let alone = [Source::new("a.rs", &long)];
        assert_eq!(check_functions(&alone).len(), 1);
        let short = "fn f() {}\n".repeat(99);
        let among = [Source::new("a.rs", &long), Source::new("b.rs", &short)];
        assert!(check_functions(&among).is_empty());
    }

    #[test]
    fn every_exception_is_explained() {
        assert!(LONG_FILES.iter().all(|(_, why)| why.len() > 20));
    }
}

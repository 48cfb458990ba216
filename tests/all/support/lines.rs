//! Comparing output: to the byte, or as lines in any order.

/// Whether two texts have the same lines, each as often, in any order.
pub(crate) fn same_lines(one: &str, other: &str) -> bool {
    sorted(one) == sorted(other)
}

/// Fails unless two texts have the same lines, in any order.
#[track_caller]
pub(crate) fn assert_same_lines(actual: &str, expected: &str) {
    assert!(same_lines(actual, expected), "the lines differ\n--- expected\n{expected}--- actual\n{actual}");
}

/// The lines with a certain beginning, in order: what one of several actors printed.
pub(crate) fn only<'a>(text: &'a str, start: &str) -> Vec<&'a str> {
    text.lines().filter(|line| line.starts_with(start)).collect()
}

fn sorted(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    lines
}

#[test]
fn lines_are_counted_and_not_ordered() {
    assert!(same_lines("a\nb\n", "b\na\n"));
    assert!(!same_lines("a\na\nb\n", "a\nb\nb\n"));
    assert_eq!(only("ab\nb\nac\n", "a"), ["ab", "ac"]);
}

//! Every `unsafe` block and `unsafe impl` stands below a comment that says why it is sound.

use super::Finding;
use super::source::Source;

/// Finds unsafe code without its reason.
pub(super) fn check(source: &Source<'_>) -> Vec<Finding> {
    let lines: Vec<(&str, &str)> = source.text.lines().zip(source.masked.lines()).collect();
    let places = source.words("unsafe").into_iter().filter(|at| needs_reason(&source.masked[at + 6..]));
    let unexplained = places.map(|at| source.line_of(at)).filter(|line| !is_explained(&lines, *line));
    let text = "unsafe without its reason: put a `// SAFETY:` comment above";
    unexplained.map(|line| Finding::new(source.path, line, text)).collect()
}

/// A block or an implementation; an `unsafe fn` states its contract in its documentation.
fn needs_reason(after: &str) -> bool {
    after.trim_start().starts_with('{') || after.trim_start().starts_with("impl")
}

/// Looks upwards from the statement's first line through attributes and comments.
fn is_explained(lines: &[(&str, &str)], line: usize) -> bool {
    let above = lines[..line].iter().rev().enumerate();
    for (distance, (text, masked)) in above {
        if text.contains("SAFETY:") {
            return true;
        }
        let code = masked.trim();
        let is_statement_before = !code.starts_with("#[") && code.ends_with([';', '{', '}', ',']);
        if distance > 0 && (text.trim().is_empty() || is_statement_before) {
            return false;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(text: &str) -> usize {
        check(&Source::new("a.rs", text)).len()
    }

    #[test]
    fn a_block_needs_its_reason_above() {
        assert_eq!(findings("fn f() {\n    unsafe { g() }\n}\n"), 1);
        assert_eq!(findings("fn f() {\n    // SAFETY: g is fine.\n    unsafe { g() }\n}\n"), 0);
        assert_eq!(
            findings(
                "fn f() {\n    // SAFETY: long\n    // reason.\n    let x =\n        unsafe { g() };\n}\n"
            ),
            0
        );
    }

    #[test]
    fn a_reason_serves_one_statement() {
        assert_eq!(findings("// SAFETY: once.\nlet a = unsafe { g() };\nlet b = unsafe { g() };\n"), 1);
    }

    #[test]
    fn an_implementation_needs_its_reason_too() {
        assert_eq!(findings("struct S;\nunsafe impl Send for S {}\n"), 1);
        assert_eq!(findings("// SAFETY: no pointers.\n#[cfg(x)]\nunsafe impl Send for S {}\n"), 0);
    }

    #[test]
    fn declarations_and_prose_need_none() {
        assert_eq!(findings("unsafe fn f() {}\nunsafe extern \"C\" { fn g(); }\n// unsafe { }\n"), 0);
    }
}

//! The log: one line on the standard error for each thing that happens to children.

use std::io::Write as _;

/// Characters that one line may have: a reason may bring 64 KiB.
const LENGTH_MAX: usize = 1000;

/// Writes one line, whole: lines of several actors do not mix.
pub(super) fn write(text: &str) {
    // A supervisor goes on when nobody reads what it writes.
    let _ = std::io::stderr().write_all(line(text).as_bytes());
}

/// What a child said when it ended may hold anything; here it is one line of bounded length.
fn line(text: &str) -> String {
    let mut line = String::with_capacity(text.len() + 1);
    for (at, c) in text.chars().enumerate() {
        if at == LENGTH_MAX {
            line.push('…');
            break;
        }
        match c.is_control() {
            true => line.extend(c.escape_default()),
            false => line.push(c),
        }
    }
    line.push('\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_becomes_one_line() {
        assert_eq!(line("a\nb\x1b[0m"), "a\\nb\\u{1b}[0m\n");
        assert_eq!(line(&"é".repeat(LENGTH_MAX)), format!("{}\n", "é".repeat(LENGTH_MAX)));
        assert_eq!(line(&"x".repeat(LENGTH_MAX + 5)), format!("{}…\n", "x".repeat(LENGTH_MAX)));
    }
}

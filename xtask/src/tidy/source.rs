//! A Rust file with a second view in which only code is left.
//!
//! The masked view has the same length and the same lines: comments become spaces, and what is
//! inside string and character literals becomes `_`. A check that looks for code searches there
//! and is not misled by prose; offsets and line numbers are valid in both views.

/// One Rust file.
pub(super) struct Source<'a> {
    /// From the root of the workspace.
    pub(super) path: &'a str,
    /// As it is written.
    pub(super) text: &'a str,
    /// The same without comments and literals.
    pub(super) masked: String,
    /// For each line, whether it belongs to a test.
    test_lines: Vec<bool>,
}

/// A function with a body.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Function {
    /// Its name.
    pub(super) name: String,
    /// The line of its `fn`, from 1.
    pub(super) line: usize,
    /// From its `fn` to its closing brace.
    pub(super) lines: usize,
}

impl<'a> Source<'a> {
    /// Reads a file's text.
    pub(super) fn new(path: &'a str, text: &'a str) -> Source<'a> {
        let masked = mask(text);
        let test_lines = test_lines(path, &masked);
        Source { path, text, masked, test_lines }
    }

    /// The line of an offset, from 1.
    pub(super) fn line_of(&self, offset: usize) -> usize {
        line_of(&self.masked, offset)
    }

    /// Whether a line (from 1) is part of a test.
    pub(super) fn is_test(&self, line: usize) -> bool {
        self.test_lines[line - 1]
    }

    /// Lines that hold code and no test.
    pub(super) fn code_lines(&self) -> usize {
        let code = self.masked.lines().map(|line| !line.trim().is_empty());
        code.zip(&self.test_lines).filter(|(is_code, is_test)| *is_code && !**is_test).count()
    }

    /// Where a word stands in the code, as a word of its own.
    pub(super) fn words(&self, word: &str) -> Vec<usize> {
        words(&self.masked, word)
    }

    /// Every function with a body, tests among them.
    pub(super) fn functions(&self) -> Vec<Function> {
        self.words("fn").into_iter().filter_map(|at| self.function_at(at)).collect()
    }

    fn function_at(&self, at: usize) -> Option<Function> {
        let rest = &self.masked[at + 2..];
        let name: String = rest.trim_start().chars().take_while(|c| is_word(*c)).collect();
        if name.is_empty() {
            return None;
        }
        let body = body_start(rest)?;
        let end = at + 2 + body + block_length(&rest[body..]);
        let line = self.line_of(at);
        Some(Function { name, line, lines: self.line_of(end) - line + 1 })
    }
}

/// Where a word stands in a text, as a word of its own.
pub(super) fn words(text: &str, word: &str) -> Vec<usize> {
    let alone = |at: usize| {
        let before = text[..at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        !before.is_some_and(is_word) && !after.is_some_and(is_word)
    };
    text.match_indices(word).map(|(at, _)| at).filter(|at| alone(*at)).collect()
}

/// The line of an offset, from 1.
pub(super) fn line_of(text: &str, offset: usize) -> usize {
    text.as_bytes()[..offset].iter().filter(|byte| **byte == b'\n').count() + 1
}

/// The length of the block that a text starts with, its braces included.
pub(super) fn block_length(text: &str) -> usize {
    let mut depth = 0_usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' if depth <= 1 => return at,
            b'}' => depth -= 1,
            _ => {}
        }
    }
    text.len()
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The opening brace of a function's body; `None` for a declaration without one.
fn body_start(signature: &str) -> Option<usize> {
    let mut depth = 0_i32;
    for (at, byte) in signature.bytes().enumerate() {
        match byte {
            b'(' | b'[' => depth += 1,
            b')' | b']' => depth -= 1,
            b'{' if depth == 0 => return Some(at),
            b';' if depth == 0 => return None,
            _ => {}
        }
    }
    None
}

/// A file under a `tests` or `benches` folder is test from end to end; elsewhere `#[cfg(test)]` says so.
fn test_lines(path: &str, masked: &str) -> Vec<bool> {
    let mut lines = vec![is_test_path(path); masked.lines().count().max(1)];
    let marks = ["#[cfg(test)", "#[cfg(all(test"];
    for (at, _) in marks.iter().flat_map(|mark| masked.match_indices(mark)) {
        let last = line_of(masked, at + item_length(&masked[at..])).min(lines.len());
        lines[line_of(masked, at) - 1..last].fill(true);
    }
    lines
}

/// The length of an attribute and of the item that it belongs to.
fn item_length(text: &str) -> usize {
    let attribute = text.find(']').unwrap_or(text.len());
    let item = text[attribute..].strip_prefix(']').unwrap_or_default();
    let length = match body_start(item) {
        Some(body) => body + block_length(&item[body..]),
        None => item.find(';').unwrap_or(item.len()),
    };
    text.len() - item.len() + length
}

fn is_test_path(path: &str) -> bool {
    path.ends_with("/tests.rs") || path.split('/').any(|part| part == "tests" || part == "benches")
}

fn mask(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let (length, kind) = token(rest, masked.chars().next_back());
        push_masked(&mut masked, &rest[..length], kind);
        rest = &rest[length..];
    }
    masked
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Code,
    Comment,
    Literal,
}

/// Replaces byte for byte, so that offsets stay; what is between a literal's quotes is hidden.
fn push_masked(masked: &mut String, token: &str, kind: Kind) {
    match kind {
        Kind::Code => masked.push_str(token),
        Kind::Comment => masked.extend(token.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' })),
        Kind::Literal => masked.extend(token.bytes().map(|byte| match byte {
            b'\n' | b'"' => char::from(byte),
            _ => '_',
        })),
    }
}

/// The length in bytes and the kind of what a text starts with.
fn token(rest: &str, before: Option<char>) -> (usize, Kind) {
    if rest.starts_with("//") {
        return (rest.find('\n').unwrap_or(rest.len()), Kind::Comment);
    }
    if rest.starts_with("/*") {
        return (block_comment(rest), Kind::Comment);
    }
    if let Some(length) = raw_string(rest, before).or_else(|| string(rest)).or_else(|| character(rest)) {
        return (length, Kind::Literal);
    }
    (rest.chars().next().map_or(0, char::len_utf8), Kind::Code)
}

/// Block comments nest.
fn block_comment(rest: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < rest.len() {
        match rest.as_bytes()[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] if depth == 1 => return at + 2,
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
    }
    rest.len()
}

/// `r"..."`, `br#"..."#` and so on; `None` if the text does not start with one.
fn raw_string(rest: &str, before: Option<char>) -> Option<usize> {
    if before.is_some_and(is_word) {
        return None;
    }
    let after_r = rest.strip_prefix(['b', 'c']).unwrap_or(rest).strip_prefix('r')?;
    let hashes = after_r.len() - after_r.trim_start_matches('#').len();
    let content = after_r[hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let length = content.find(&end).map_or(content.len(), |at| at + end.len());
    Some(rest.len() - content.len() + length)
}

fn string(rest: &str) -> Option<usize> {
    let content = rest.strip_prefix('"')?;
    let mut escaped = false;
    for (at, byte) in content.bytes().enumerate() {
        match byte {
            b'"' if !escaped => return Some(at + 2),
            _ => escaped = byte == b'\\' && !escaped,
        }
    }
    Some(rest.len())
}

/// A character, but not a lifetime: that has no quote at its end.
fn character(rest: &str) -> Option<usize> {
    let content = rest.strip_prefix('\'')?;
    if content.starts_with('\\') {
        return Some(2 + content.char_indices().skip(2).find(|(_, c)| *c == '\'')?.0);
    }
    let first = content.chars().next()?;
    content[first.len_utf8()..].starts_with('\'').then_some(first.len_utf8() + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_are_masked_in_place() {
        let text = "let a = \"x{\\\"y\"; // {\n/* { /* } */ */ 'b' '{' b'\\'' &'a str r#\"}\"{\"#\n";
        let masked = mask(text);
        assert_eq!(masked.len(), text.len());
        assert_eq!(masked.lines().count(), text.lines().count());
        assert!(!masked.contains(['{', '}']), "{masked}");
        assert!(masked.contains("&'a str"), "{masked}");
    }

    #[test]
    fn masking_keeps_offsets_behind_wide_characters() {
        let text = "// ü\nlet ä = 'ö'; fn f() {}";
        let masked = mask(text);
        assert_eq!(masked.find("fn f"), text.find("fn f"));
    }

    #[test]
    fn functions_are_measured_from_fn_to_brace() {
        let source = Source::new(
            "a.rs",
            "trait T { fn d(); }\nfn f<T>(x: [u8; 2])\nwhere T: Copy\n{\n  if x { }\n}\n",
        );
        assert_eq!(source.functions(), [Function { name: "f".into(), line: 2, lines: 5 }]);
    }

    #[test]
    fn function_pointers_are_no_functions() {
        assert!(Source::new("a.rs", "type F = fn(u8) -> u8; struct S { f: fn() }").functions().is_empty());
    }

    #[test]
    fn tests_are_no_code_lines() {
        let text = "//! Doc.\n\nfn f() {}\n\n#[cfg(test)]\nmod tests {\n    fn g() {}\n}\nfn h() {}\n";
        let source = Source::new("a.rs", text);
        assert_eq!(source.code_lines(), 2);
        assert!(source.is_test(7) && !source.is_test(9));
    }

    #[test]
    fn a_test_module_in_its_own_file_ends_at_the_semicolon() {
        let source = Source::new("a.rs", "#[cfg(test)]\nmod tests;\nfn f() {}\n");
        assert!(source.is_test(2) && !source.is_test(3));
        let source = Source::new("a.rs", "#[cfg(all(test, feature = \"x\"))]\nmod tests { }\nfn f() {}\n");
        assert!(source.is_test(2) && !source.is_test(3));
    }

    #[test]
    fn a_word_is_no_part_of_a_longer_one() {
        assert_eq!(words("fn_a fn afn fn", "fn"), [5, 12]);
    }
}

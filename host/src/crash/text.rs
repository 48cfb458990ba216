//! Texts of guests as people may see them, and reports as people read them.

use std::fmt::{self, Write};
use std::time::Duration;

use cpp_demangle::DemangleOptions;

use super::report::*;
use crate::limits::REPORT_TEXT_BYTES_MAX;

/// Frames that the log shows of a crash.
const BRIEF_FRAMES: usize = 6;

/// Bytes of a reason that the log shows.
const BRIEF_REASON_BYTES: usize = 1024;

/// What the names of the functions have in them that a panic of Rust goes through.
const PANICKING: [&str; 5] =
    ["::panicking::", "rust_panic", "begin_panic_handler", "::unwrap_failed", "::expect_failed"];

/// Hex digits that tell modules apart in a log.
const BRIEF_HASH: usize = 16;

/// A guest's bytes as a terminal may show them: what is not UTF-8, and what is not for the eye, is escaped.
/// At most `max` of them; what was cut off is an ellipsis.
pub(crate) fn shown(bytes: &[u8], max: usize) -> String {
    let mut text = String::new();
    for chunk in bytes[..cut(bytes, max)].utf8_chunks() {
        chunk.valid().chars().for_each(|c| push_shown(&mut text, c));
        for byte in chunk.invalid() {
            write!(text, "\\x{byte:02x}").expect("writing to a string does not fail");
        }
    }
    if bytes.len() > max {
        text.push('…');
    }
    text
}

/// The same of a text whose lines stay lines.
pub(crate) fn shown_lines(text: &str, max: usize) -> String {
    let end = cut(text.as_bytes(), max);
    let lines: Vec<String> = text[..end].lines().map(|line| shown(line.as_bytes(), line.len())).collect();
    let ellipsis = if end < text.len() { "…" } else { "" };
    lines.join("\n") + ellipsis
}

/// Where to cut so that no character falls apart.
fn cut(bytes: &[u8], max: usize) -> usize {
    if bytes.len() <= max {
        return bytes.len();
    }
    let is_start = |at: &usize| bytes[*at] & 0xc0 != 0x80;
    (max.saturating_sub(3)..=max).rev().find(is_start).unwrap_or(max)
}

fn push_shown(text: &mut String, c: char) {
    match c {
        '"' | '\'' | '\\' => text.push(c),
        _ => text.extend(c.escape_debug()),
    }
}

/// The name of a function without the hash that compilers put behind it.
pub(super) fn function_name(raw: &str) -> String {
    let demangled = demangled(raw).unwrap_or_else(|| raw.to_owned());
    let is_hash = |end: &str| end.len() == 17 && end[1..].bytes().all(|byte| byte.is_ascii_hexdigit());
    match demangled.rsplit_once("::") {
        Some((name, end)) if end.starts_with('h') && is_hash(end) => name.to_owned(),
        _ => demangled,
    }
}

/// The name as its author wrote it, if it is a symbol that stands for no more text than a report shows: parts of a symbol
/// can refer to one another, so that a few hundred bytes stand for more than there is memory.
fn demangled(raw: &str) -> Option<String> {
    if raw.len() > REPORT_TEXT_BYTES_MAX {
        return None;
    }
    let mut name = Bounded(String::new());
    match rustc_demangle::try_demangle(raw) {
        Ok(symbol) => write!(name, "{symbol:#}").ok()?,
        Err(_) => {
            let symbol = cpp_demangle::Symbol::new(raw).ok()?;
            symbol.structured_demangle(&mut name, &DemangleOptions::default()).ok()?;
        }
    }
    Some(name.0)
}

/// A text that takes no more than a report shows.
struct Bounded(String);

impl Write for Bounded {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        if self.0.len() + part.len() > REPORT_TEXT_BYTES_MAX {
            return Err(fmt::Error);
        }
        self.0.push_str(part);
        Ok(())
    }
}

impl fmt::Display for CrashReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self.kind.replace('_', " ");
        match &self.location {
            Some(location) => write!(f, "{kind} at {location}: {}", self.message),
            None => write!(f, "{kind}: {}", self.message),
        }
    }
}

impl fmt::Display for CrashFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at {}", self.function)?;
        let Some(file) = &self.file else { return Ok(()) };
        write!(f, " ({file}")?;
        self.line.map_or(Ok(()), |line| write!(f, ":{line}"))?;
        self.column.map_or(Ok(()), |column| write!(f, ":{column}"))?;
        f.write_char(')')
    }
}

impl fmt::Display for CrashMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let from = self.from.as_deref().unwrap_or("the host");
        write!(f, "{} from {from}, {} {} bytes", self.kind, self.len, self.codec)?;
        if self.body.is_empty() { Ok(()) } else { write!(f, ": {}", self.body) }
    }
}

impl fmt::Display for CrashAncestor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.label {
            Some(label) => write!(f, "{} {label}", self.pid),
            None => write!(f, "{} (ended)", self.pid),
        }
    }
}

/// The whole report, over as many lines as it takes.
impl fmt::Display for CrashReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} on {}", Date(self.time_ms), self.host)?;
        self.head(f, usize::MAX)?;
        self.facts(f, usize::MAX)?;
        for (what, peers) in self.peers() {
            if peers.len > 0 {
                write!(f, "\n    {what}: {}", peers.first.join(", "))?;
                let more = peers.len.saturating_sub(peers.first.len() as u64);
                if more > 0 { write!(f, " and {more} more") } else { Ok(()) }?;
            }
        }
        if let Some(message) = &self.last_message {
            write!(f, "\n    last message: {message}")?;
        }
        for message in &self.mailbox.first {
            write!(f, "\n    queued: {message}")?;
        }
        self.backtrace.iter().try_for_each(|frame| write!(f, "\n    {frame}"))?;
        let dump = self.coredump.as_ref().or(self.coredump_missing.as_ref());
        dump.map_or(Ok(()), |dump| write!(f, "\n    coredump: {dump}"))?;
        match self.unreported_before {
            0 => Ok(()),
            more => write!(f, "\n    {more} crashes like this before it left no report"),
        }
    }
}

/// A few lines of a report, for a log.
pub(super) struct Brief<'a>(pub(super) &'a CrashReport);

impl fmt::Display for Brief<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Brief(report) = self;
        report.head(f, BRIEF_REASON_BYTES)?;
        report.facts(f, BRIEF_HASH)?;
        let frames = report.own_frames();
        frames.iter().take(BRIEF_FRAMES).try_for_each(|frame| write!(f, "\n    {frame}"))?;
        match frames.len().saturating_sub(BRIEF_FRAMES) {
            0 => Ok(()),
            more => write!(f, "\n    and {more} more frames"),
        }
    }
}

impl CrashReport {
    /// Who, and why.
    fn head(&self, f: &mut fmt::Formatter<'_>, reason_max: usize) -> fmt::Result {
        write!(f, "actor {} {}", self.label, self.pid)?;
        if !self.names.is_empty() {
            write!(f, " ({})", self.names.join(", "))?;
        }
        // Indented, so that no line of a guest's looks like one of the host's.
        let reason = shown_lines(&self.reason.to_string(), reason_max);
        write!(f, " ended: {}", reason.replace('\n', "\n        "))
    }

    /// Where it came from, and what it had.
    fn facts(&self, f: &mut fmt::Formatter<'_>, hash_max: usize) -> fmt::Result {
        let hash = &self.module.hash[..self.module.hash.len().min(hash_max)];
        write!(f, "\n    {} of module {} ({hash})", self.style, self.module.name)?;
        for (ancestor, of) in
            self.ancestors.iter().zip(["spawned by"].into_iter().chain(std::iter::repeat("of")))
        {
            write!(f, ", {of} {ancestor}")?;
        }
        let lived = Duration::from_micros(self.lived_us);
        let (handled, queued) = (self.messages_handled, self.mailbox.len);
        write!(f, "\n    lived {lived:?}, handled {}, {queued} queued", counted(handled, "message"))?;
        write!(f, ", {} KiB of memory", self.memory_bytes / 1024)?;
        write!(f, ", {}", counted(self.links.len, "link"))?;
        write!(f, ", {}", counted(self.watchers.len, "watcher"))
    }

    fn peers(&self) -> [(&'static str, &CrashPeers); 4] {
        [
            ("links", &self.links),
            ("watchers", &self.watchers),
            ("monitors", &self.monitors),
            ("waits for replies of", &self.calls),
        ]
    }

    /// The frames without those of the panic itself, which are the same in every one.
    fn own_frames(&self) -> &[CrashFrame] {
        let of_panic = |frame: &CrashFrame| PANICKING.iter().any(|part| frame.function.contains(part));
        let is_panic = self.reason.kind == "panic";
        let last = self.backtrace.iter().rposition(|frame| is_panic && of_panic(frame));
        let own = &self.backtrace[last.map_or(0, |last| last + 1)..];
        if own.is_empty() { &self.backtrace } else { own }
    }
}

fn counted(number: u64, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

/// A point in time as ISO 8601 writes it, from milliseconds since 1970.
struct Date(u64);

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, ms) = (self.0 / 1000, self.0 % 1000);
        let (year, month, day) = civil(seconds / 86_400);
        let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z")
    }
}

/// Year, month and day of a number of days since 1970 (Howard Hinnant, "chrono-compatible low-level date
/// algorithms", `civil_from_days`).
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year_of_era + era * 400 + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_escaped() {
        assert_eq!(shown(b"\x1b[2J\x07bell", 99), r"\u{1b}[2J\u{7}bell");
        assert_eq!(shown(b"one\ntwo\r\n\0", 99), r"one\ntwo\r\n\0");
        assert_eq!(shown(b"\xff\xfe ok \xc3", 99), r"\xff\xfe ok \xc3");
        assert_eq!(shown("\u{202e}evil \u{9b}31m".as_bytes(), 99), r"\u{202e}evil \u{9b}31m");
        assert_eq!(shown(br#"{"a": 'b', "c": "\\"}"#, 99), r#"{"a": 'b', "c": "\\"}"#);
        assert_eq!(shown("größe 大".as_bytes(), 99), "größe 大");
    }

    #[test]
    fn a_cut_spares_characters() {
        assert_eq!(shown("aé".as_bytes(), 2), "a…");
        assert_eq!(shown("aé".as_bytes(), 3), "aé");
        assert_eq!(shown(&[0xff; 4], 2), r"\xff\xff…");
        assert_eq!(shown_lines("left: 1\n right: \u{1b}2", 99), "left: 1\n right: \\u{1b}2");
        assert_eq!(shown_lines("one\ntwo", 4), "one…");
    }

    #[test]
    fn names_of_functions_are_readable() {
        assert_eq!(function_name("_ZN3foo3bar17h0123456789abcdefE"), "foo::bar");
        assert_eq!(function_name("foo::bar::h0123456789abcdef"), "foo::bar");
        assert_eq!(function_name("_ZN3foo3barEv"), "foo::bar()");
        assert_eq!(function_name("plain"), "plain");
        assert_eq!(function_name("hello::ha"), "hello::ha");
    }

    #[test]
    fn a_name_that_stands_for_more_than_there_is_memory_stays_as_it_is() {
        // A tuple of the tuple before, and of that fifteen times more by its number.
        let symbol = |levels: u32| {
            let tuple = |inner, level| format!("S0_I{inner}{}E", format!("S{level}_").repeat(15));
            let inner = (1..levels).fold("S0_IiE".to_owned(), tuple);
            format!("_Z1fI{}Evv", inner.replacen("S0_", "St5tuple", 1))
        };
        let short = function_name(&symbol(2));
        assert_eq!(short.matches("std::tuple<int>").count(), 16, "{short}");
        let bomb = symbol(9);
        assert!(bomb.len() < REPORT_TEXT_BYTES_MAX);
        assert_eq!(function_name(&bomb), bomb);
    }

    #[test]
    fn dates_are_those_of_the_calendar() {
        assert_eq!(Date(0).to_string(), "1970-01-01T00:00:00.000Z");
        assert_eq!(Date(951_782_400_123).to_string(), "2000-02-29T00:00:00.123Z");
        assert_eq!(Date(1_767_225_599_999).to_string(), "2025-12-31T23:59:59.999Z");
    }
}

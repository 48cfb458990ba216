//! Configuration: command lines, what is logged, and the files that the program reads besides modules. The first byte
//! says which of them the rest is.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::sync::Arc;

use flower_host::{Host, Null, cli};

/// Reads the bytes as one of them: it is understood, or refused with a word.
pub fn run(bytes: &[u8]) {
    let Some((kind, rest)) = bytes.split_first() else { return };
    let refused = match kind {
        b'F' => cli::check_log_filter(&String::from_utf8_lossy(rest)),
        b'R' => crash_report(rest),
        b'T' => certificates(rest),
        _ => cli::check_command_line(words(bytes)),
    };
    assert!(refused.err().is_none_or(|word| !word.is_empty()), "refused without a word");
}

/// A line for each word.
fn words(bytes: &[u8]) -> impl Iterator<Item = OsString> {
    let words = bytes.split(|byte| *byte == b'\n').map(|word| OsString::from_vec(word.to_owned()));
    std::iter::once("flower-host".into()).chain(words)
}

/// Whoever wrote the file does not command the terminal.
fn crash_report(text: &[u8]) -> Result<(), String> {
    let shown = cli::show_crash_report(text)?;
    assert!(shown.chars().all(|c| c == '\n' || !c.is_control()), "{shown:?}");
    Ok(())
}

/// What `--tls-cert` and `--tls-roots` name.
fn certificates(pem: &[u8]) -> Result<(), String> {
    // Certificates are looked at first; a cache that cannot be keeps a host from being made.
    let builder = Host::builder().deterministic(true).output(Arc::new(Null)).cache("/dev/null/cache", 0);
    let built = builder.tls_identity(pem).tls_roots(pem).build();
    built.map(drop).map_err(|error| error.to_string())
}

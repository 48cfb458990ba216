//! The host's log: through the same sink as the actors' stderr, so that lines keep their order and no
//! worker waits for a terminal.

use std::env;
use std::io::{self, Write};
use std::str::FromStr;
use std::sync::Arc;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::{LevelFilter, ParseError};
use tracing_subscriber::fmt::MakeWriter;

use crate::{OutputSink, Stream};

/// The variable that says what is logged, as in `FLOWER_LOG=debug` or `FLOWER_LOG=wasmtime=debug`.
const FILTER: &str = "FLOWER_LOG";

/// Sends the log to a sink. Without `FLOWER_LOG` it shows warnings and errors.
pub(super) fn start(sink: Arc<dyn OutputSink>) {
    let wanted = env::var(FILTER).unwrap_or_default();
    let filter = filter(&wanted).unwrap_or_else(|_| EnvFilter::new("warn"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).without_time().with_target(false);
    log.with_ansi(false).with_writer(Lines(sink)).init();
}

/// What the variable says is logged.
pub(super) fn filter(wanted: &str) -> Result<EnvFilter, ParseError> {
    EnvFilter::try_new(directives(wanted))
}

/// A level alone is that of the host. The compiler says a gigabyte about a module to whoever wants to hear all,
/// and is heard where it is named.
fn directives(wanted: &str) -> String {
    let directive = |part: &str| match LevelFilter::from_str(part.trim()) {
        Ok(level) => format!("flower={level}"),
        Err(_) => part.trim().to_owned(),
    };
    let parts = wanted.split(',').filter(|part| !part.trim().is_empty()).map(directive);
    std::iter::once("warn".to_owned()).chain(parts).collect::<Vec<_>>().join(",")
}

#[derive(Clone)]
struct Lines(Arc<dyn OutputSink>);

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Lines;

    fn make_writer(&'a self) -> Lines {
        self.clone()
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(Stream::Stderr, bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::directives;

    #[test]
    fn a_level_alone_is_that_of_the_host() {
        assert_eq!(directives(""), "warn");
        assert_eq!(directives("trace"), "warn,flower=trace");
        assert_eq!(directives("info, wasmtime=debug"), "warn,flower=info,wasmtime=debug");
    }
}

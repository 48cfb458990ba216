//! The host's log: through the same sink as the actors' stderr, so that lines keep their order and no
//! worker waits for a terminal.

use std::io::{self, Write};
use std::sync::Arc;

use flower_host::{OutputSink, Stream};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// The variable that says what is logged, as in `FLOWER_LOG=flower=debug`.
const FILTER: &str = "FLOWER_LOG";

/// Sends the log to a sink. Without `FLOWER_LOG` it shows warnings and errors.
pub(super) fn start(sink: Arc<dyn OutputSink>) {
    let filter = EnvFilter::try_from_env(FILTER).unwrap_or_else(|_| EnvFilter::new("warn"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).without_time().with_target(false);
    log.with_ansi(false).with_writer(Lines(sink)).init();
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

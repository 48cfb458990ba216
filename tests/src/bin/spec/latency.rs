//! How long an actor waits for its turn beside others who want all there is.

use std::sync::Arc;
use std::time::{Duration, Instant};

use flower_host::{Codec, Host, Null};

use crate::wat::{load, spawn};
use crate::{Failure, run};

/// Questions that are asked.
const QUESTIONS: usize = 2000;

/// Between two questions; a neighbour that always has something to do would be one of the hogs.
const PAUSE: Duration = Duration::from_micros(500);

/// The 99th percentile of the time, in ms, that an actor takes to answer native code beside so many of each kind.
pub(crate) fn beside(hogs: &[(&str, usize)], workers: usize) -> Result<f64, Failure> {
    run(async {
        let host = Host::builder().workers(workers).output(Arc::new(Null)).build()?;
        let module = load(&host)?;
        let echo = spawn(&host, &module, "echo", &[])?;
        let sink = spawn(&host, &module, "sink", &[])?;
        for (entry, count) in hogs {
            for _ in 0..*count {
                spawn(&host, &module, entry, &sink.pid().to_bytes())?;
            }
        }
        let mut mailbox = host.mailbox()?;
        let mut times = Vec::with_capacity(QUESTIONS);
        for _ in 0..QUESTIONS {
            #[expect(clippy::disallowed_methods, reason = "this measures")]
            let asked = Instant::now();
            mailbox.send(echo.pid(), Codec::RAW, b"?")?;
            mailbox.receive().await;
            times.push(asked.elapsed());
            tokio::time::sleep(PAUSE).await;
        }
        times.sort_unstable();
        Ok(times[QUESTIONS * 99 / 100].as_secs_f64() * 1e3)
    })
}

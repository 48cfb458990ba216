//! A watchdog for each test: who hangs is named, and ends the run instead of blocking it.

use std::collections::BTreeSet;
use std::io::Write;
use std::process::Command;
use std::sync::Mutex;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

/// Seconds of real time that a test may take, unless `FLOWER_PATIENCE` says more.
const PATIENCE: u64 = 180;

/// Programs that tests have started, and which must not outlive an abort.
static CHILDREN: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());

/// Aborts the process, naming the test, unless it is dropped in time.
pub(crate) struct Watchdog {
    _dropped: Sender<()>,
}

impl Watchdog {
    /// Watches the test that runs on this thread.
    pub(crate) fn start() -> Watchdog {
        let test = thread::current().name().unwrap_or("a test").to_owned();
        let (dropped, ended) = channel::<()>();
        let asked = std::env::var("FLOWER_PATIENCE").ok().and_then(|seconds| seconds.parse().ok());
        let patience = Duration::from_secs(asked.unwrap_or(PATIENCE));
        thread::spawn(move || {
            if ended.recv_timeout(patience) == Err(RecvTimeoutError::Timeout) {
                abort(&test, patience);
            }
        });
        Watchdog { _dropped: dropped }
    }
}

/// Remembers a program until its end.
pub(super) fn child_started(id: u32) {
    CHILDREN.lock().expect("nobody panics with the lock").insert(id);
}

/// Forgets a program that has ended.
pub(super) fn child_ended(id: u32) {
    CHILDREN.lock().expect("nobody panics with the lock").remove(&id);
}

fn abort(test: &str, patience: Duration) -> ! {
    // Written directly: what is printed with macros is held back by the test harness.
    let text = format!("\nwatchdog: {test} has not ended after {patience:?}\n");
    let _ = std::io::stderr().write_all(text.as_bytes());
    for child in CHILDREN.lock().iter().flat_map(|children| children.iter()) {
        let _ = Command::new("sh").arg("-c").arg(format!("kill -9 {child}")).status();
    }
    std::process::abort()
}

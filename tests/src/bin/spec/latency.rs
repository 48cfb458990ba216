//! How long an actor waits for its turn beside others who want all there is.

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use flower_host::{ChildCompiler, Codec, Host, HostBuilder, Inherit, LoadError, Module, Policy, Spawn};

use crate::wat::{load, slow, spawn};
use crate::{Failure, run};

/// Questions that are asked.
const QUESTIONS: usize = 2000;

/// Between two questions; a neighbour that always has something to do would be one of the hogs.
const PAUSE: Duration = Duration::from_micros(500);

/// How long the compiler may work at a module that would take it longer.
const COMPILE_MAX: Duration = Duration::from_secs(3);

/// The 99th percentile of the time, in ms, that an actor takes to answer native code beside so many of each kind.
pub(crate) fn beside(hogs: &[(&str, usize)], workers: usize) -> Result<f64, Failure> {
    run(async {
        let host = builder(workers)?.build()?;
        let module = load(&host)?;
        let sink = spawn(&host, &module, "sink", &[])?;
        let policy = Policy::default().net("bind:127.0.0.1".parse()?);
        for (entry, count) in hogs {
            for _ in 0..*count {
                let hog = Spawn::entry(&module, entry).args(Codec::RAW, sink.pid().to_bytes());
                host.spawn(hog.policy(policy.clone()))?;
            }
        }
        answers(&host, &module).await
    })
}

/// The same beside a module that is given to the host again and again, and each time takes the compiler, a child process, too
/// long.
pub(crate) fn beside_compiler() -> Result<f64, Failure> {
    let program = std::env::var_os("FLOWER_HOST_BIN").ok_or("FLOWER_HOST_BIN names no program")?;
    run(async {
        let compiler = ChildCompiler::new(program).time_max(COMPILE_MAX).memory_max(1 << 40);
        let host = Arc::new(builder(2)?.compiler(compiler).build()?);
        let module = load(&host)?;
        let over = Arc::new(AtomicBool::new(false));
        let loads = {
            let (host, slow, over) = (host.clone(), slow()?, over.clone());
            tokio::task::spawn_blocking(move || {
                while !over.load(Ordering::Relaxed) {
                    let loaded = host.load("slow", &slow);
                    assert!(matches!(loaded, Err(LoadError::CompilerLimit { .. })), "{loaded:?}");
                }
            })
        };
        let figure = answers(&host, &module).await;
        over.store(true, Ordering::Relaxed);
        loads.await?;
        figure
    })
}

/// A host that writes what its actors print to where nothing is kept.
fn builder(workers: usize) -> Result<HostBuilder, Failure> {
    let nowhere = || File::options().write(true).open("/dev/null");
    Ok(Host::builder().workers(workers).output(Arc::new(Inherit::over(nowhere()?, nowhere()?)?)))
}

/// Asks, and waits for the answer, many times.
async fn answers(host: &Host, module: &Module) -> Result<f64, Failure> {
    let echo = spawn(host, module, "echo", &[])?;
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
}

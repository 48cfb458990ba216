//! How fast actors come and go, and whether everything is accounted for meanwhile.

use std::sync::Arc;
use std::time::Instant;

use flower_host::{Actor, ExitReason, Host, Null};

use crate::wat::{load, spawn};
use crate::{Failure, run};

/// Actors of a spawner that is measured.
const SPAWNED: u32 = 200_000;

/// Shapes of a tree of 100,000: generations, and children of each.
const TREES: [(u32, u32); 2] = [(1, 100_000), (5, 10)];

fn host() -> Result<Host, Failure> {
    Ok(Host::builder().output(Arc::new(Null)).build()?)
}

#[expect(clippy::disallowed_methods, reason = "this measures")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Thousands of actors a second that are spawned by one on each core, run, and end.
pub(crate) fn spawn_and_die() -> Result<f64, Failure> {
    run(async {
        let host = host()?;
        let module = load(&host)?;
        let start = now();
        let spawners: Vec<Actor> = (0..2)
            .map(|_| spawn(&host, &module, "spawn_and_die", &SPAWNED.to_le_bytes()))
            .collect::<Result<_, _>>()?;
        for spawner in spawners {
            spawner.join().await;
        }
        host.quiescent().await;
        let accounts = host.accounts();
        if accounts.ended != u64::from(2 * SPAWNED + 2) {
            return Err(format!("not all have lived and ended: {accounts:?}").into());
        }
        Ok(f64::from(2 * SPAWNED) / start.elapsed().as_secs_f64() / 1e3)
    })
}

/// Seconds from the end of the root of a linked tree of 100,000 to that of the last, for the slower of two shapes.
pub(crate) fn reclaim() -> Result<f64, Failure> {
    run(async {
        let mut slowest = 0.0_f64;
        for (generations, children) in TREES {
            let host = host()?;
            let module = load(&host)?;
            let args = [generations.to_le_bytes(), children.to_le_bytes()].concat();
            let root = spawn(&host, &module, "wide", &args)?;
            host.quiescent().await;
            if host.actor_count() < 100_000 {
                return Err(format!("the tree has {} actors", host.actor_count()).into());
            }
            let start = now();
            host.kill(root.pid())?;
            root.join().await;
            host.quiescent().await;
            slowest = slowest.max(start.elapsed().as_secs_f64());
            if host.actor_count() > 0 || host.memory_used() > 0 {
                return Err("something is left of the tree".into());
            }
        }
        Ok(slowest)
    })
}

/// Messages that are not accounted for after a flood in which receivers die: 0.
pub(crate) fn balance() -> Result<f64, Failure> {
    run(async {
        let host = host()?;
        let module = load(&host)?;
        for _ in 0..20 {
            let sink = spawn(&host, &module, "sink", &[])?;
            let floods: Vec<Actor> = (0..4)
                .map(|_| spawn(&host, &module, "flood", &sink.pid().to_bytes()))
                .collect::<Result<_, _>>()?;
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            host.kill(sink.pid())?;
            for flood in floods {
                host.kill(flood.pid())?;
                if *flood.join().await != ExitReason::Killed {
                    return Err("a flooder ended by itself".into());
                }
            }
            sink.join().await;
        }
        host.quiescent().await;
        let accounts = host.accounts();
        let dropped = accounts.dropped_dead_receiver + accounts.dropped_late_reply + accounts.dropped_flushed;
        let found =
            accounts.received + accounts.refused + accounts.queued + dropped + accounts.dropped_overflow;
        Ok(accounts.sent.abs_diff(found) as f64)
    })
}

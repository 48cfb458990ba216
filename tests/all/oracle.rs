//! The oracle of every attack: bystanders who exchange counted messages lose none beside it, the end of an
//! attacker has one reason that each of its monitors hears of once, every message is accounted for, and
//! the host's tables are afterwards what they were before.
//!
//! It looks at counts and reasons alone. How long things take and what they cost is for `cargo xtask spec`, which runs the
//! attacks too, each some times in a process of its own: after the last the process must be as it was after those
//! before ([`footprint`]).

mod bystanders;
mod footprint;
mod watched;

use std::cell::Cell;
use std::sync::Arc;

use flower_host::{Accounts, ExitReason, Host, HostBuilder, Limits, Module};

use crate::wat::{self, assert_alive, threads};
use bystanders::Bystanders;
use footprint::Footprint;
pub(crate) use watched::Watched;

/// Where an attack takes place: a host on threads, and a crowd that has nothing to do with it.
pub(crate) struct Arena {
    /// The host.
    pub(crate) host: Arc<Host>,
    /// An actor that watches another.
    watcher: Module,
    /// How many were there before the attack.
    crowd: usize,
    /// Rounds that the bystanders have finished.
    rounds: Cell<u64>,
}

/// Runs an attack, and fails unless the host and everybody else withstand it.
///
/// The attack returns when it is over and all its actors have ended.
pub(crate) fn withstand(attack: impl AsyncFn(&Arena)) {
    withstand_on(threads(), attack);
}

/// The same, with limits of its own.
pub(crate) fn withstand_within(set: impl Fn(&mut Limits), attack: impl AsyncFn(&Arena)) {
    let mut limits = Limits::default();
    set(&mut limits);
    withstand_on(threads().limits(limits), attack);
}

/// The same, on a host of its own.
pub(crate) fn withstand_on(builder: HostBuilder, attack: impl AsyncFn(&Arena)) {
    wat::run(async {
        let (mut bystanders, arena) = open(builder).await;
        let before = Tables::of(&arena.host);
        arena.beside(&mut bystanders, attack(&arena)).await;
        arena.expect_as_before(before).await;
        if footprint::is_asked_for() {
            let mut warm = Footprint::now();
            for _ in 1..footprint::WARM_UPS {
                arena.beside(&mut bystanders, attack(&arena)).await;
                arena.expect_as_before(before).await;
                warm = warm.max(Footprint::now());
            }
            arena.beside(&mut bystanders, attack(&arena)).await;
            arena.expect_as_before(before).await;
            warm.expect_back().await;
        }
        bystanders.leave(&arena.host).await;
        expect_empty(&arena.host).await;
    });
}

async fn open(builder: HostBuilder) -> (Bystanders, Arena) {
    let host = Arc::new(builder.build().expect("a host"));
    let watcher = watched::load_watcher(&host);
    let mut bystanders = Bystanders::gather(&host).await;
    bystanders.round().await;
    host.quiescent().await;
    let crowd = host.actor_count();
    (bystanders, Arena { host, watcher, crowd, rounds: Cell::new(0) })
}

impl Arena {
    /// Runs the attack while the bystanders go round, and lets them go round once more when it is over.
    async fn beside(&self, bystanders: &mut Bystanders, attack: impl Future<Output = ()>) {
        let over = Cell::new(false);
        let attack = async {
            attack.await;
            over.set(true);
        };
        let rounds = async {
            loop {
                let last = over.get();
                bystanders.round().await;
                self.rounds.set(self.rounds.get() + 1);
                if last {
                    return;
                }
            }
        };
        tokio::join!(attack, rounds);
    }

    /// Waits until the bystanders have gone round once more from beginning to end, whatever the attackers do.
    pub(crate) async fn round(&self) {
        let done = self.rounds.get() + 2;
        while self.rounds.get() < done {
            tokio::task::yield_now().await;
        }
    }

    /// Waits until nobody but the bystanders lives.
    pub(crate) async fn gone(&self) {
        while self.host.actor_count() > self.crowd {
            tokio::task::yield_now().await;
        }
    }

    async fn expect_as_before(&self, before: Tables) {
        self.host.quiescent().await;
        assert_eq!(Tables::of(&self.host), before, "the tables are not what they were before the attack");
        let accounts = self.host.accounts();
        assert!(accounts.balance() && accounts.queued == 0, "{accounts:?}");
    }
}

/// What the host keeps of its actors.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Tables {
    /// Who was spawned and has not ended, native mailboxes included.
    actors: u64,
    memory_bytes: u64,
    /// Slots of memories and stacks that belong to somebody.
    slots: usize,
}

impl Tables {
    fn of(host: &Host) -> Tables {
        let Accounts { spawned, ended, .. } = host.accounts();
        Tables {
            actors: spawned - ended,
            memory_bytes: host.memory_used(),
            slots: host.slots().iter().map(|slots| slots.live).sum(),
        }
    }
}

/// Fails unless a host from which everybody has gone is empty, and still works.
async fn expect_empty(host: &Host) {
    host.quiescent().await;
    assert_eq!(Tables::of(host), Tables { actors: 0, memory_bytes: 0, slots: 0 });
    assert_alive(host).await;
}

/// Fails unless the reason is as wanted.
#[track_caller]
pub(crate) fn expect(reason: &ExitReason, wanted: impl Fn(&ExitReason) -> bool) {
    assert!(wanted(reason), "an attacker ended: {reason:?}");
}

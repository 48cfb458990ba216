//! Worker threads: take a task, run it, look at the timers, sleep when there is nothing.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;

use flower_abi::NEVER;

use super::share::TreeId;
use super::{CORE, Core, Scheduler, Task, handoff, ticker};
use crate::observe;
use crate::outside::Outside;
use crate::run;
use crate::shared::Shared;

/// Starts one thread per core, and the ticker.
pub(crate) fn start(shared: &Arc<Shared>) {
    let cores = std::mem::take(&mut *shared.scheduler.cores.lock());
    for core in cores {
        let name = format!("flower-worker-{}", core.index);
        spawn_thread(shared, name, move || Some(core)).expect("a thread can be started");
    }
    if !shared.deterministic {
        let ticking = shared.clone();
        let ticker = thread::Builder::new().name("flower-ticker".into());
        let ticker = ticker.spawn(move || ticker::run(&ticking)).expect("a thread can be started");
        *shared.scheduler.ticker.lock() = Some(ticker);
    }
}

/// The tick that it is now.
pub(crate) fn tick(scheduler: &Scheduler) -> u64 {
    scheduler.ticks.load(Ordering::Relaxed)
}

/// Starts a thread that runs actors with the core that it comes by, if it does.
pub(super) fn spawn_thread(
    shared: &Arc<Shared>,
    name: String,
    core: impl FnOnce() -> Option<Core> + Send + 'static,
) -> std::io::Result<()> {
    let inside = shared.clone();
    let running = Running::new(shared);
    let thread =
        thread::Builder::new().name(name).stack_size(crate::limits::WORKER_STACK).spawn(move || {
            let _running = running;
            let _entered = inside.tokio.enter();
            if let Some(core) = core() {
                hold_core(core);
                work(&inside);
            }
        })?;
    shared.scheduler.threads.lock().push(thread);
    Ok(())
}

/// A thread that has not come to its end; it may not even have begun.
struct Running(Arc<Shared>);

impl Running {
    fn new(shared: &Arc<Shared>) -> Running {
        *shared.scheduler.running.0.lock() += 1;
        Running(shared.clone())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let (running, ended) = &self.0.scheduler.running;
        *running.lock() -= 1;
        ended.notify_all();
    }
}

/// Lets this thread have a core.
pub(super) fn hold_core(core: Core) {
    observe::set_shard(Some(core.index));
    CORE.with_borrow_mut(|held| *held = Some(core));
}

/// Takes this thread's core away.
pub(super) fn release_core() -> Core {
    observe::set_shard(None);
    CORE.with_borrow_mut(Option::take).expect("whoever runs an actor has a core")
}

/// Uses this thread's core, if it has one of this scheduler.
pub(super) fn with_core_of<R>(scheduler: &Scheduler, use_core: impl FnOnce(&mut Core) -> R) -> Option<R> {
    CORE.with_borrow_mut(|core| core.as_mut().filter(|core| core.owner == scheduler.id).map(use_core))
}

/// Whether anything waits for a core while this thread holds one.
pub(super) fn others_want_core(scheduler: &Scheduler) -> bool {
    scheduler.has_work() || with_core_of(scheduler, |core| core.has_work()).unwrap_or(false)
}

fn work(shared: &Arc<Shared>) {
    let scheduler = &shared.scheduler;
    while !scheduler.is_stopping() {
        match next_turn(scheduler, &*shared.outside) {
            Turn::Run(Task::Actor(slot), tree) => {
                scheduler.shares.begin(tree);
                run::run(shared, slot);
            }
            Turn::Run(Task::Thread(thread), _) => {
                if !handoff::give_way(scheduler, &thread) {
                    return;
                }
            }
            Turn::LookAtTimers => {
                shared.fire_timers();
                shared.look_at_sockets(tick(scheduler));
            }
            Turn::LookAtSockets => shared.look_at_sockets(tick(scheduler)),
            Turn::Rest => rest(shared),
        }
    }
}

/// What a worker does next.
enum Turn {
    Run(Task, TreeId),
    /// Fires what is due, once a tick; in deterministic mode the clock stands still while anybody runs.
    LookAtTimers,
    /// Takes in what has come to sockets meanwhile.
    LookAtSockets,
    Rest,
}

fn next_turn(scheduler: &Scheduler, outside: &dyn Outside) -> Turn {
    CORE.with_borrow_mut(|core| {
        let core = core.as_mut().expect("a worker has a core");
        let now = tick(scheduler);
        if std::mem::replace(&mut core.seen_tick, now) != now {
            return Turn::LookAtTimers;
        }
        if core.is_time_for_sockets() {
            return Turn::LookAtSockets;
        }
        scheduler.take(core, outside).map_or(Turn::Rest, |(task, tree)| Turn::Run(task, tree))
    })
}

/// Sleeps until there is work or a timer is due.
fn rest(shared: &Shared) {
    let scheduler = &shared.scheduler;
    shared.fire_timers();
    let Some(index) =
        CORE.with_borrow(|core| core.as_ref().filter(|core| !core.has_work()).map(|core| core.index))
    else {
        return;
    };
    let is_last = scheduler.idle.lie_down(index);
    if scheduler.has_work() || scheduler.is_stopping() {
        return scheduler.idle.get_up(index);
    }
    let next = shared.timers.next();
    let io_pending = shared.io_pending.load(Ordering::Acquire) > 0 || shared.reactor.is_awaited();
    if is_last && next != NEVER && !io_pending && shared.outside.jump_to(next) {
        return scheduler.idle.get_up(index);
    }
    if is_last && next == NEVER && !io_pending {
        scheduler.idle.note_quiet();
    }
    let until_next = if next == NEVER { NEVER } else { next.saturating_sub(shared.now()) };
    match shared.reactor.driver() {
        Some(mut driver) => {
            scheduler.idle.sleep_outside(index, || driver.wait(until_next));
            driver.dispatch(shared, tick(scheduler));
        }
        None => scheduler.idle.sleep(index, until_next),
    }
}

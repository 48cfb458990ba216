//! A handler past its slice hands its core to another thread, as Go hands off a processor.
//!
//! A handler runs as a plain call on its worker's stack, so it cannot be suspended by switching
//! fibers. Its thread is suspended instead: it gives its core to a spare thread, queues itself
//! among the preempted, and sleeps until a worker that has nothing better to do gives it a core again.
//! The number of such threads is bounded; past the bound a handler just goes on.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::{Condvar, Mutex};

use super::{Core, Scheduler, Task};
use super::{slice, worker};
use crate::limits::SPARE_THREADS_PER_WORKER;
use crate::shared::Shared;

/// A thread without a core, which waits to be given one.
#[derive(Default)]
pub(crate) struct WaitingThread {
    state: Mutex<Given>,
    changed: Condvar,
}

#[derive(Default)]
enum Given {
    #[default]
    Nothing,
    Core(Box<Core>),
    /// None will come: the host stops.
    Abandoned,
}

impl WaitingThread {
    /// Gives it a core; it runs at once.
    pub(super) fn give(&self, core: Core) {
        *self.state.lock() = Given::Core(Box::new(core));
        self.changed.notify_one();
    }

    /// Tells it that it will not be given one.
    pub(super) fn abandon(&self) {
        *self.state.lock() = Given::Abandoned;
        self.changed.notify_one();
    }

    fn wait(&self) -> Option<Core> {
        slice::shorten();
        let mut state = self.state.lock();
        self.changed.wait_while(&mut state, |state| matches!(state, Given::Nothing));
        slice::restore();
        match std::mem::take(&mut *state) {
            Given::Core(core) => Some(*core),
            _ => None,
        }
    }
}

/// Threads beyond the workers: those that rest, and how many there are at all.
pub(crate) struct SpareThreads {
    resting: Mutex<Vec<Arc<WaitingThread>>>,
    started: AtomicUsize,
    max: usize,
}

impl SpareThreads {
    pub(super) fn new(workers: usize) -> SpareThreads {
        let max = workers * SPARE_THREADS_PER_WORKER;
        SpareThreads { resting: Mutex::default(), started: AtomicUsize::new(0), max }
    }

    /// Lets the resting threads end.
    pub(super) fn stop(&self) {
        for thread in self.resting.lock().drain(..) {
            thread.abandon();
        }
    }

    /// Starts one more thread, which waits for a core; `None` when there are as many as may be.
    fn start(&self, shared: &Arc<Shared>) -> Option<Arc<WaitingThread>> {
        if !self.may_start() {
            return None;
        }
        let thread = Arc::new(WaitingThread::default());
        let waiting = thread.clone();
        let started = worker::spawn_thread(shared, "flower-spare".into(), move || waiting.wait());
        if started.is_err() {
            self.started.fetch_sub(1, Ordering::AcqRel);
        }
        started.is_ok().then_some(thread)
    }

    /// Whether one more thread may be started; counts it.
    fn may_start(&self) -> bool {
        let more = |started: usize| (started < self.max).then_some(started + 1);
        self.started.fetch_update(Ordering::AcqRel, Ordering::Acquire, more).is_ok()
    }
}

/// Called by a handler whose slice is over: lets others have the core, and returns when it is the
/// handler's turn again. False if the host stops meanwhile, so that the handler must end.
pub(crate) fn yield_thread(shared: &Arc<Shared>) -> bool {
    let scheduler = &shared.scheduler;
    shared.fire_timers();
    if !worker::others_want_core(scheduler) {
        return !scheduler.is_stopping();
    }
    let resting = scheduler.spares.resting.lock().pop();
    // A thread that cannot be had, for our bound or the system's, is gone without: the handler goes on.
    let Some(spare) = resting.or_else(|| scheduler.spares.start(shared)) else {
        return !scheduler.is_stopping();
    };
    let tree = scheduler.shares.end();
    let core = worker::release_core();
    let me = Arc::new(WaitingThread::default());
    scheduler.enqueue_preempted(Task::Thread(me.clone()), tree);
    spare.give(core);
    if scheduler.is_stopping() {
        // Whoever stops may have looked before this thread stood there.
        scheduler.abandon_waiting();
    }
    let Some(core) = me.wait() else { return false };
    worker::hold_core(core);
    scheduler.shares.begin(tree);
    !scheduler.is_stopping()
}

/// A worker that took a waiting thread as its task: gives it the core and rests. True with a core in
/// hand, once somebody hands one over; false when the host stops.
pub(super) fn give_way(scheduler: &Scheduler, thread: &WaitingThread) -> bool {
    thread.give(worker::release_core());
    let me = Arc::new(WaitingThread::default());
    scheduler.spares.resting.lock().push(me.clone());
    if scheduler.is_stopping() {
        scheduler.spares.stop();
    }
    let Some(core) = me.wait() else { return false };
    worker::hold_core(core);
    true
}

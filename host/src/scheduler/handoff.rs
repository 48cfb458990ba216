//! A handler past its slice hands its core to another thread, as Go hands off a processor.
//!
//! A handler runs as a plain call on its worker's stack, so it cannot be suspended by switching
//! fibers. Its thread is suspended instead: it gives its core to a spare thread, queues itself
//! among the preempted, and sleeps until a worker that has nothing better to do gives it a core again.
//! The number of such threads is bounded. While nearly all are taken no other handler begins, so that every worker has a thread
//! left for processes, and those that have computed for long are ended. Only where the system gives no thread a handler just goes on.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::{Condvar, Mutex};

use super::{Core, Scheduler, Task};
use super::{slice, worker};
use crate::limits::{HANDLER_CROWDED_TICKS, SPARE_THREADS_PER_WORKER};
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
    /// Threads in the middle of a handler that wait for a core.
    suspended: AtomicUsize,
    /// How many of those are a crowd.
    crowd: usize,
}

impl SpareThreads {
    pub(super) fn new(workers: usize) -> SpareThreads {
        let (max, crowd) = (workers * SPARE_THREADS_PER_WORKER, workers * (SPARE_THREADS_PER_WORKER - 1));
        let none = || AtomicUsize::new(0);
        SpareThreads { resting: Mutex::default(), started: none(), max, suspended: none(), crowd }
    }

    /// Whether no more handlers may begin: each worker may be running one already that needs a thread.
    pub(super) fn are_taken(&self) -> bool {
        self.suspended.load(Ordering::Acquire) >= self.crowd
    }

    /// The same, seen by a handler that runs: each worker may be running one of the crowd.
    fn are_nearly_taken(&self) -> bool {
        self.suspended.load(Ordering::Acquire) + self.max - self.crowd >= self.crowd
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

/// Whether a handler that has computed for so many ticks must make room for others.
pub(crate) fn must_make_room(shared: &Shared, ticks: u64) -> bool {
    ticks > HANDLER_CROWDED_TICKS && shared.scheduler.spares.are_nearly_taken()
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
    scheduler.spares.suspended.fetch_add(1, Ordering::AcqRel);
    scheduler.enqueue_preempted(Task::Thread(me.clone()), tree);
    spare.give(core);
    if scheduler.is_stopping() {
        // Whoever stops may have looked before this thread stood there.
        scheduler.abandon_waiting();
    }
    let given = me.wait();
    scheduler.spares.suspended.fetch_sub(1, Ordering::AcqRel);
    let Some(core) = given else { return false };
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

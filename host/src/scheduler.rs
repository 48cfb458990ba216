//! The scheduler: workers with run queues of their own, which poll actors directly.
//!
//! A [`Core`] is the right to run actors, with the queue that belongs to it (Go calls it a P); a
//! thread runs actors while it holds one. There are as many cores as workers. A thread whose handler
//! has used up its slice hands its core to a spare thread and waits, as a task among the preempted,
//! for one to come back (see [`handoff`]).
//!
//! Order: the actor woken last by the one that just ran, for a bounded number of runs; then the
//! core's own queue, first come first served; then what other threads queued; then a share of
//! another core's queue, never its last-woken slot nor a queue of one; then the preempted. Now and
//! then the later of these go first, so that nothing runnable waits without bound.

pub(crate) mod handoff;
mod idle;
pub(crate) mod share;
mod slice;
mod ticker;
mod worker;

use std::cell::RefCell;
use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread::JoinHandle;

use crossbeam_deque::{Injector, Steal, Stealer, Worker};
use parking_lot::{Condvar, Mutex};

use crate::check::WALKED_MAX;
use crate::limits::{
    INJECTOR_INTERVAL, LAST_WOKEN_RUNS_MAX, NET_INTERVAL, PREEMPTED_INTERVAL, STOP_PATIENCE,
};
use crate::outside::Outside;
use handoff::{SpareThreads, WaitingThread};
use idle::Idle;
use share::{NO_TREE, Shares, TreeId};

pub(crate) use worker::{start, tick};

/// Something to be run.
pub(crate) enum Task {
    /// The actor in this slot.
    Actor(u32),
    /// A thread in the middle of a handler that waits for a core.
    Thread(Arc<WaitingThread>),
}

/// The scheduler of one host, as all threads see it.
pub(crate) struct Scheduler {
    /// Actors woken by threads without a core.
    injector: Injector<u32>,
    stealers: Box<[Stealer<u32>]>,
    /// Those whose slice was over: they run when nobody else wants to.
    preempted: Mutex<VecDeque<Task>>,
    preempted_len: AtomicUsize,
    /// Those in trees with a weight.
    pub(crate) shares: Arc<Shares>,
    idle: Idle,
    spares: SpareThreads,
    /// Ticks since the start: advances while a core is in use.
    ticks: AtomicU64,
    stopping: AtomicBool,
    /// Every worker has ended.
    stopped: AtomicBool,
    threads: Mutex<Vec<JoinHandle<()>>>,
    /// Threads that have not come to their end, and what tells of an end.
    running: (Mutex<usize>, Condvar),
    /// The thread that advances the epoch.
    ticker: Mutex<Option<JoinHandle<()>>>,
    /// The cores before the workers are started.
    cores: Mutex<Vec<Core>>,
    deterministic: bool,
    id: u64,
}

/// The right to run actors, and the run queue that comes with it.
pub(crate) struct Core {
    /// Which scheduler it belongs to: two hosts in one process have cores of the same index.
    owner: u64,
    index: usize,
    queue: Worker<u32>,
    last_woken: Option<u32>,
    last_woken_runs: u32,
    runs: u32,
    seen_tick: u64,
    /// The run before which it looked at the sockets.
    looked: u32,
    /// In deterministic mode all runnable actors, in order of arrival.
    ordered: VecDeque<u32>,
}

thread_local! {
    /// The core that this thread holds, and the scheduler that it belongs to.
    static CORE: RefCell<Option<Core>> = const { RefCell::new(None) };
}

impl Scheduler {
    /// A scheduler with this many cores, not yet running. `id` tells it from others in the process.
    pub(crate) fn new(workers: usize, deterministic: bool, id: u64) -> Scheduler {
        let cores: Vec<Core> = (0..workers).map(|index| Core::new(id, index)).collect();
        Scheduler {
            injector: Injector::new(),
            stealers: cores.iter().map(|core| core.queue.stealer()).collect(),
            preempted: Mutex::default(),
            preempted_len: AtomicUsize::new(0),
            shares: Shares::new(),
            idle: Idle::new(workers),
            spares: SpareThreads::new(workers),
            ticks: AtomicU64::new(0),
            stopping: AtomicBool::new(false),
            stopped: AtomicBool::new(false),
            threads: Mutex::default(),
            running: Default::default(),
            ticker: Mutex::default(),
            cores: Mutex::new(cores),
            deterministic,
            id,
        }
    }

    /// Puts a woken actor where it will run soonest without a lock, or behind the others of its tree.
    pub(crate) fn enqueue(&self, slot: u32, tree: TreeId) {
        if self.is_shared_out(tree) {
            return self.enqueue_in_tree(tree, Task::Actor(slot));
        }
        let local = worker::with_core_of(self, |core| core.push_woken(slot, self.deterministic));
        match local {
            Some(shareable) if shareable => self.idle.wake_one(),
            Some(_) => {}
            None => {
                self.injector.push(slot);
                self.idle.wake_one();
            }
        }
    }

    /// Whether a handler may begin, so that it can be suspended when its slice is over.
    pub(crate) fn may_handle(&self) -> bool {
        !self.spares.are_taken()
    }

    /// Puts an actor that gave up its turn behind those that wait.
    pub(crate) fn enqueue_yielded(&self, slot: u32, tree: TreeId) {
        if self.is_shared_out(tree) {
            return self.enqueue_in_tree(tree, Task::Actor(slot));
        }
        let local = worker::with_core_of(self, |core| core.push_back(slot, self.deterministic));
        if local.is_none() {
            self.injector.push(slot);
        }
        self.idle.wake_one();
    }

    /// Puts a task whose slice was over behind everybody.
    pub(crate) fn enqueue_preempted(&self, task: Task, tree: TreeId) {
        if let (Task::Actor(slot), true) = (&task, self.deterministic) {
            return self.enqueue_yielded(*slot, tree);
        }
        if tree != NO_TREE {
            return self.enqueue_in_tree(tree, task);
        }
        let mut preempted = self.preempted.lock();
        preempted.push_back(task);
        self.preempted_len.store(preempted.len(), Ordering::Release);
        drop(preempted);
        self.idle.wake_one();
    }

    /// Whether actors of this tree wait in its queue: shares are of real time, which deterministic mode has not.
    fn is_shared_out(&self, tree: TreeId) -> bool {
        tree != NO_TREE && !self.deterministic
    }

    fn enqueue_in_tree(&self, tree: TreeId, task: Task) {
        self.shares.push(tree, task);
        // This thread's core will look for one task itself.
        if self.shares.queued() > 1 || worker::with_core_of(self, |_| ()).is_none() {
            self.idle.wake_one();
        }
    }

    /// Lets a sleeping worker look at the timers, because a nearer one was armed. A worker that armed it
    /// looks by itself, before it sleeps and at every tick.
    pub(crate) fn timers_changed(&self) {
        if worker::with_core_of(self, |_| ()).is_none() {
            self.idle.wake_one();
        }
    }

    /// Says how a core is got out of its wait for sockets.
    pub(crate) fn set_interrupt(&self, interrupt: impl Fn() + Send + Sync + 'static) {
        self.idle.set_interrupt(interrupt);
    }

    /// Lets a sleeping core look whether anything can still happen, because what might have come will not.
    pub(crate) fn look_again(&self) {
        self.idle.wake_one();
    }

    /// Waits until every core is idle, nothing can fire and no I/O is under way; false when the host
    /// stops first.
    pub(crate) async fn quiescent(&self) -> bool {
        self.idle.quiescent(|| self.is_stopping()).await;
        !self.is_stopping()
    }

    /// Whether the workers are to end.
    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    /// Ends the workers and waits for them; false if some are left. Actors stay as they are.
    ///
    /// A worker in code that is not interrupted cannot be ended: after a while it is left behind, and
    /// ends by itself if that code ever returns or waits.
    pub(crate) fn stop(&self) -> bool {
        self.stopping.store(true, Ordering::SeqCst);
        self.abandon_waiting();
        self.idle.wake_all();
        let left = self.wait_for_threads();
        // Whoever ran just now has put its actor back into the queue.
        self.abandon_waiting();
        for thread in std::mem::take(&mut *self.threads.lock()) {
            if left == 0 || thread.is_finished() {
                // A worker that panicked has said so; there is nothing left to do for it.
                let _ = thread.join();
            }
        }
        if left > 0 {
            tracing::warn!("{left} threads are left behind in actors that run without interruption");
        }
        // Until here it went on: only a tick gets a worker out of a guest's endless loop.
        self.stopped.store(true, Ordering::Release);
        if let Some(ticker) = self.ticker.lock().take() {
            let _ = ticker.join();
        }
        left == 0
    }

    /// Waits until every thread has come to its end, but not for ever; returns how many have not.
    fn wait_for_threads(&self) -> usize {
        let (running, ended) = &self.running;
        let mut running = running.lock();
        ended.wait_while_for(&mut running, |running| *running > 0, STOP_PATIENCE);
        *running
    }

    /// Tells the threads that wait for a core that none will come.
    fn abandon_waiting(&self) {
        self.spares.stop();
        for task in self.preempted.lock().drain(..).chain(self.shares.drain()) {
            if let Task::Thread(thread) = task {
                thread.abandon();
            }
        }
    }

    /// What to run next, and the tree that it is in.
    fn take(&self, core: &mut Core, outside: &dyn Outside) -> Option<(Task, TreeId)> {
        if self.shares.queued() > 0
            && let Some(taken) = self.shares.pop(core.has_work() || self.has_common_work())
        {
            return Some(taken);
        }
        self.take_common(core, outside).map(|task| (task, NO_TREE))
    }

    fn take_common(&self, core: &mut Core, outside: &dyn Outside) -> Option<Task> {
        core.runs = core.runs.wrapping_add(1);
        if cfg!(debug_assertions) {
            self.check(core);
        }
        if self.deterministic {
            return self.take_ordered(core, outside);
        }
        if core.runs.is_multiple_of(INJECTOR_INTERVAL)
            && let Some(slot) = self.take_injected(core)
        {
            return Some(Task::Actor(slot));
        }
        if core.runs.is_multiple_of(PREEMPTED_INTERVAL)
            && let Some(task) = self.take_preempted()
        {
            return Some(task);
        }
        let slot = core.pop().or_else(|| self.take_injected(core)).or_else(|| self.steal(core));
        slot.map(Task::Actor).or_else(|| self.take_preempted())
    }

    /// Fails unless the queues of a core, and the one of the preempted, are sound.
    fn check(&self, core: &Core) {
        assert_eq!(core.owner, self.id, "a core serves its own scheduler");
        assert!(core.last_woken_runs <= LAST_WOKEN_RUNS_MAX, "the last woken do not keep a core");
        let is_other_empty = match self.deterministic {
            true => core.last_woken.is_none() && core.queue.is_empty(),
            false => core.ordered.is_empty(),
        };
        assert!(is_other_empty, "a core has the queues of its mode");
        if core.ordered.len() <= WALKED_MAX {
            let different: HashSet<&u32> = core.ordered.iter().collect();
            assert_eq!(different.len(), core.ordered.len(), "an actor stands in a queue once");
        }
        let preempted = self.preempted.lock();
        let is_counted = self.preempted_len.load(Ordering::Acquire) == preempted.len();
        assert!(is_counted || self.is_stopping(), "the preempted are counted");
    }

    fn take_ordered(&self, core: &mut Core, outside: &dyn Outside) -> Option<Task> {
        while let Steal::Success(slot) = self.injector.steal() {
            core.ordered.push_back(slot);
        }
        let chosen = outside.choose(core.ordered.len()).unwrap_or(0);
        core.ordered.remove(chosen).map(Task::Actor)
    }

    fn take_injected(&self, core: &Core) -> Option<u32> {
        until_decided(|| self.injector.steal_batch_and_pop(&core.queue))
    }

    fn take_preempted(&self) -> Option<Task> {
        if self.preempted_len.load(Ordering::Acquire) == 0 {
            return None;
        }
        let mut preempted = self.preempted.lock();
        let task = preempted.pop_front();
        self.preempted_len.store(preempted.len(), Ordering::Release);
        task
    }

    fn steal(&self, core: &Core) -> Option<u32> {
        let others = (1..self.stealers.len()).map(|step| (core.index + step) % self.stealers.len());
        others
            .map(|index| &self.stealers[index])
            .filter(|stealer| stealer.len() > 1)
            .find_map(|stealer| until_decided(|| stealer.steal_batch_with_limit_and_pop(&core.queue, 32)))
    }

    /// Whether a worker without work would find some.
    fn has_work(&self) -> bool {
        self.shares.queued() > 0 || self.has_common_work()
    }

    /// The same for actors in no tree.
    fn has_common_work(&self) -> bool {
        !self.injector.is_empty()
            || self.preempted_len.load(Ordering::Acquire) > 0
            || self.stealers.iter().any(|stealer| stealer.len() > 1)
    }
}

impl Core {
    fn new(owner: u64, index: usize) -> Core {
        Core {
            owner,
            index,
            queue: Worker::new_fifo(),
            last_woken: None,
            last_woken_runs: 0,
            runs: 0,
            seen_tick: 0,
            looked: 0,
            ordered: VecDeque::new(),
        }
    }

    /// Puts a woken actor first; true if the queue now holds something another core may take.
    fn push_woken(&mut self, slot: u32, deterministic: bool) -> bool {
        if deterministic {
            return self.push_back(slot, true);
        }
        if let Some(before) = self.last_woken.replace(slot) {
            self.queue.push(before);
        }
        self.queue.len() > 1
    }

    fn push_back(&mut self, slot: u32, deterministic: bool) -> bool {
        if deterministic {
            self.ordered.push_back(slot);
            return false;
        }
        self.queue.push(slot);
        self.queue.len() > 1
    }

    fn pop(&mut self) -> Option<u32> {
        if self.last_woken_runs < LAST_WOKEN_RUNS_MAX
            && let Some(slot) = self.last_woken.take()
        {
            self.last_woken_runs += 1;
            return Some(slot);
        }
        self.last_woken_runs = 0;
        self.queue.pop().or_else(|| self.last_woken.take())
    }

    /// Whether so many have run that what has come to sockets has its turn.
    fn is_time_for_sockets(&mut self) -> bool {
        let is_time = self.runs.wrapping_sub(self.looked) >= NET_INTERVAL;
        if is_time {
            self.looked = self.runs;
        }
        is_time
    }

    fn has_work(&self) -> bool {
        self.last_woken.is_some() || !self.queue.is_empty() || !self.ordered.is_empty()
    }
}

fn until_decided<T>(mut steal: impl FnMut() -> Steal<T>) -> Option<T> {
    loop {
        match steal() {
            Steal::Success(value) => return Some(value),
            Steal::Empty => return None,
            Steal::Retry => std::hint::spin_loop(),
        }
    }
}

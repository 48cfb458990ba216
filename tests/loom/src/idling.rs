//! Cores that lie down while work comes.

use flower_abi::NEVER;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use loom::thread;

use crate::idle::Idle;
use crate::model;

/// A host as far as idling is concerned.
struct Host {
    idle: Idle,
    /// Pieces of work that nobody has taken, and that were taken.
    work: AtomicUsize,
    done: AtomicUsize,
    stopping: AtomicBool,
}

impl Host {
    fn new(cores: usize) -> Arc<Host> {
        Arc::new(Host {
            idle: Idle::new(cores),
            work: AtomicUsize::new(0),
            done: AtomicUsize::new(0),
            stopping: AtomicBool::new(false),
        })
    }

    /// Publishes work as a run queue does, and wakes somebody.
    fn push(&self) {
        self.work.fetch_add(1, Ordering::Release);
        self.idle.wake_one();
    }

    fn take(&self) -> bool {
        let less = |work: usize| work.checked_sub(1);
        self.work.fetch_update(Ordering::AcqRel, Ordering::Acquire, less).is_ok()
    }

    /// What a worker does until the host stops, which it does after so many pieces of work.
    fn work(&self, core: usize, all: usize) {
        while !self.stopping.load(Ordering::Acquire) {
            if !self.take() {
                self.rest(core);
            } else if self.done.fetch_add(1, Ordering::AcqRel) + 1 == all {
                self.stop();
            }
        }
    }

    fn rest(&self, core: usize) {
        self.idle.lie_down(core);
        if self.work.load(Ordering::Acquire) > 0 || self.stopping.load(Ordering::Acquire) {
            return self.idle.get_up(core);
        }
        self.idle.sleep(core, NEVER);
    }

    fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
        self.idle.wake_all();
    }
}

pub(crate) fn work_is_not_slept_over() {
    model(|| {
        let host = Host::new(1);
        let worker = thread::spawn({
            let host = host.clone();
            move || host.work(0, 1)
        });
        host.push();
        worker.join().expect("it works");
        assert_eq!(host.done.load(Ordering::Acquire), 1);
    });
}

pub(crate) fn two_cores_do_all_the_work_and_both_stop() {
    model(|| {
        let host = Host::new(2);
        let workers = [0, 1].map(|core| {
            let host = host.clone();
            thread::spawn(move || host.work(core, 2))
        });
        host.push();
        host.push();
        for worker in workers {
            worker.join().expect("it works");
        }
        assert_eq!(host.work.load(Ordering::Acquire), 0);
    });
}

/// A core whose timer comes up while somebody wakes it must leave the list of sleepers once.
pub(crate) fn a_core_that_gets_up_by_itself_is_not_counted_as_asleep() {
    model(|| {
        let idle = Arc::new(Idle::new(1));
        let core = thread::spawn({
            let idle = idle.clone();
            move || {
                for _ in 0..2 {
                    assert!(idle.lie_down(0), "it is the only one, and was awake");
                    idle.sleep(0, 1);
                }
            }
        });
        idle.wake_one();
        idle.wake_one();
        core.join().expect("it gets up");
        assert!(idle.lie_down(0), "it is awake");
    });
}

pub(crate) fn the_ticker_ticks_while_a_core_is_awake() {
    model(|| {
        let host = Host::new(1);
        let worker = thread::spawn({
            let host = host.clone();
            move || host.rest(0)
        });
        let ticker = thread::spawn({
            let host = host.clone();
            move || assert!(host.idle.wait_until_busy(None, || host.stopping.load(Ordering::Acquire)))
        });
        host.push();
        worker.join().expect("it is woken");
        ticker.join().expect("it is woken");
    });
}

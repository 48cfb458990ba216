//! The executor: tasks that take turns on the actor's one thread.
//!
//! Tasks stand in a vector, and those that can go on in a queue of their numbers. When the queue is empty the actor
//! parks in one host call, until what the tasks wait for outside of it has come ([`super::outside`]). A program
//! that starts no task has none of this.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::mem::ManuallyDrop;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use super::cell::Run;
use super::outside;
use super::waker::{NESTED, ROOT, waker};

/// Turns after which the outside is looked at although there are tasks that can go on.
const TURNS: u32 = 64;

/// No number: the end of the list of free slots.
const NONE: u32 = u32::MAX;

struct Executor {
    slots: RefCell<Vec<Slot>>,
    free: Cell<u32>,
    count: Cell<u32>,
    ready: RefCell<VecDeque<u32>>,
    root_queued: Cell<bool>,
    nested_woken: Cell<bool>,
    runs: Cell<Runs>,
    turns: Cell<u32>,
}

struct Slot {
    task: Option<Rc<dyn Run>>,
    queued: bool,
    next_free: u32,
}

/// What the thread does right now.
#[derive(Clone, Copy, PartialEq)]
enum Runs {
    /// Nothing of the executor's.
    Nothing,
    /// The future of `block_on`.
    Root,
    Task,
}

thread_local! {
    /// Without a destructor, so that a use is a plain load: an actor's memory goes with it.
    static EXECUTOR: ManuallyDrop<Executor> = const {
        ManuallyDrop::new(Executor {
            slots: RefCell::new(Vec::new()),
            free: Cell::new(NONE),
            count: Cell::new(0),
            ready: RefCell::new(VecDeque::new()),
            root_queued: Cell::new(false),
            nested_woken: Cell::new(false),
            runs: Cell::new(Runs::Nothing),
            turns: Cell::new(0),
        })
    };
}

/// Adds a task, which runs at its first turn, and returns its number.
pub(super) fn add(task: Rc<dyn Run>) -> u32 {
    EXECUTOR.with(|executor| executor.add(task))
}

/// Takes a task out of the executor.
pub(super) fn forget(number: u32) -> Option<Rc<dyn Run>> {
    EXECUTOR.with(|executor| executor.remove(number))
}

/// Lets a task have a turn.
pub(super) fn wake(number: u32) {
    EXECUTOR.with(|executor| executor.wake(number));
}

/// How many tasks there are that are not over.
pub fn count() -> usize {
    EXECUTOR.with(|executor| executor.count.get() as usize)
}

/// Whether a task runs right now.
pub(crate) fn in_task() -> bool {
    EXECUTOR.with(|executor| executor.runs.get() != Runs::Nothing)
}

/// Whether no task could run while a call parks the actor: there is none, or one makes this call.
pub(crate) fn is_alone() -> bool {
    in_task() || count() == 0
}

/// Runs a future and the tasks, until the future is ready.
pub(super) fn block_on<F: Future>(future: F) -> F::Output {
    EXECUTOR.with(|executor| {
        assert!(executor.runs.get() == Runs::Nothing, "`block_on` inside a task: use `.await`");
        executor.block_on(future)
    })
}

/// Polls a future inside a task until it is ready, while no task runs.
#[track_caller]
pub(super) fn block_task<F: Future>(future: F, instead: &str) -> F::Output {
    EXECUTOR.with(|executor| executor.block_task(future, instead))
}

impl Executor {
    fn add(&self, task: Rc<dyn Run>) -> u32 {
        let mut slots = self.slots.borrow_mut();
        let slot = Slot { task: Some(task), queued: true, next_free: NONE };
        let number = self.free.get();
        let number = if number == NONE {
            slots.push(slot);
            (slots.len() - 1) as u32
        } else {
            self.free.set(slots[number as usize].next_free);
            slots[number as usize] = slot;
            number
        };
        assert!(number < NESTED, "too many tasks");
        self.count.set(self.count.get() + 1);
        self.ready.borrow_mut().push_back(number);
        number
    }

    fn remove(&self, number: u32) -> Option<Rc<dyn Run>> {
        let mut slots = self.slots.borrow_mut();
        let slot = slots.get_mut(number as usize)?;
        slot.next_free = self.free.replace(number);
        self.count.set(self.count.get() - 1);
        slot.task.take()
    }

    fn wake(&self, number: u32) {
        match number {
            ROOT => {
                if self.root_queued.replace(true) {
                    return;
                }
            }
            NESTED => return self.nested_woken.set(true),
            _ => match self.slots.borrow_mut().get_mut(number as usize) {
                Some(slot) if !slot.queued => slot.queued = true,
                _ => return,
            },
        }
        self.ready.borrow_mut().push_back(number);
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        let mut future = pin!(future);
        let root = waker(ROOT);
        let mut cx = Context::from_waker(&root);
        self.wake(ROOT);
        loop {
            match self.next() {
                ROOT => {
                    self.root_queued.set(false);
                    let _runs = self.enter(Runs::Root);
                    if let Poll::Ready(value) = future.as_mut().poll(&mut cx) {
                        return value;
                    }
                }
                task => self.run(task),
            }
        }
    }

    /// Whose turn it is; parks the actor until there is one.
    fn next(&self) -> u32 {
        let turns = self.turns.get() + 1;
        self.turns.set(turns);
        if turns >= TURNS {
            self.turns.set(0);
            outside::look();
        }
        loop {
            if let Some(number) = self.ready.borrow_mut().pop_front() {
                return number;
            }
            self.turns.set(0);
            outside::park();
        }
    }

    fn run(&self, number: u32) {
        let task = {
            let mut slots = self.slots.borrow_mut();
            let slot = &mut slots[number as usize];
            slot.queued = false;
            slot.task.take()
        };
        let Some(task) = task else { return };
        let waker = waker(number);
        let _runs = self.enter(Runs::Task);
        if task.run(&mut Context::from_waker(&waker)) {
            self.remove(number);
        } else {
            self.slots.borrow_mut()[number as usize].task = Some(task);
        }
    }

    fn block_task<F: Future>(&self, future: F, instead: &str) -> F::Output {
        let mut future = pin!(future);
        let nested = waker(NESTED);
        let before = outside::count();
        let mut first = true;
        loop {
            self.nested_woken.set(false);
            if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(&nested)) {
                return value;
            }
            let woken_by_others = first && outside::count() == before && !self.nested_woken.get();
            assert!(
                !woken_by_others,
                "this blocks the actor, and only its other tasks could end that: use {instead}"
            );
            first = false;
            while !self.nested_woken.get() {
                outside::park();
            }
        }
    }

    /// Says what runs until the guard is dropped.
    fn enter(&self, runs: Runs) -> Entered<'_> {
        Entered { executor: self, before: self.runs.replace(runs) }
    }
}

/// See [`Executor::enter`].
struct Entered<'a> {
    executor: &'a Executor,
    before: Runs,
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.executor.runs.set(self.before);
    }
}

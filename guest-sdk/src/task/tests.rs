//! Tasks, natively: no host is asked.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::sync::{Barrier, Mutex, Notify, Once, RwLock, Semaphore};
use super::*;

/// Lets every task that can run do so.
fn settle() {
    block_on(async {
        for _ in 0..10 {
            yield_now().await;
        }
    });
}

#[test]
fn tasks_take_turns() {
    let order = Rc::new(RefCell::new(Vec::new()));
    let tasks: Vec<JoinHandle<()>> = (0..3)
        .map(|task| {
            let order = order.clone();
            spawn(async move {
                for turn in 0..2 {
                    order.borrow_mut().push((turn, task));
                    yield_now().await;
                }
            })
        })
        .collect();
    block_on(async {
        for task in tasks {
            task.await.unwrap();
        }
    });
    assert_eq!(order.take(), [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)]);
}

#[test]
fn a_handle_gives_what_the_task_returns() {
    assert_eq!(spawn(async { 1 + 2 }).join(), Ok(3));
    assert_eq!(block_on(async { spawn(async { "x" }).await }), Ok("x"));
}

#[test]
fn a_task_goes_on_without_its_handle() {
    let done = Rc::new(Cell::new(false));
    let there = done.clone();
    drop(spawn(async move { there.set(true) }));
    settle();
    assert!(done.get());
    assert_eq!(count(), 0);
}

/// Says when it is dropped.
struct Guard(Rc<Cell<u32>>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
    }
}

#[test]
fn an_abort_drops_the_future_at_once() {
    let dropped = Rc::new(Cell::new(0));
    let guard = Guard(dropped.clone());
    let task = spawn(async move {
        let _guard = guard;
        std::future::pending::<()>().await;
    });
    settle();
    assert_eq!((dropped.get(), count()), (0, 1));
    task.abort();
    assert_eq!((dropped.get(), count(), task.is_finished()), (1, 0, true));
    assert_eq!(task.join(), Err(Aborted));
}

#[test]
fn a_task_may_abort_itself() {
    let handle = Rc::new(RefCell::new(None::<JoinHandle<()>>));
    let own = handle.clone();
    *handle.borrow_mut() = Some(spawn(async move {
        own.borrow().as_ref().expect("stored before it runs").abort();
        yield_now().await;
        unreachable!("it goes no further");
    }));
    settle();
    assert_eq!(handle.take().expect("stored").join(), Err(Aborted));
}

#[test]
fn aborted_on_drop() {
    let dropped = Rc::new(Cell::new(0));
    let guard = Guard(dropped.clone());
    let task = spawn(async move {
        let _guard = guard;
        std::future::pending::<()>().await;
    });
    drop(task.abort_on_drop());
    assert_eq!(dropped.get(), 1);
    assert_eq!(block_on(spawn(async { 5 }).abort_on_drop()), Ok(5));
}

#[test]
fn numbers_are_used_again_without_harm() {
    for _ in 0..3 {
        let tasks: Vec<_> = (0..100).map(|n| spawn(async move { n })).collect();
        tasks.iter().step_by(2).for_each(JoinHandle::abort);
        let results: Vec<_> = tasks.into_iter().map(JoinHandle::join).collect();
        for (n, result) in results.into_iter().enumerate() {
            assert_eq!(result, if n % 2 == 0 { Err(Aborted) } else { Ok(n) });
        }
        assert_eq!(count(), 0);
    }
}

#[test]
fn a_hundred_thousand_tasks() {
    let sum = Rc::new(Cell::new(0_u64));
    for n in 0..100_000 {
        let sum = sum.clone();
        spawn(async move {
            yield_now().await;
            sum.set(sum.get() + n);
        });
    }
    assert_eq!(count(), 100_000);
    settle();
    assert_eq!((sum.get(), count()), (4_999_950_000, 0));
}

#[test]
fn block_on_in_a_task_is_refused() {
    let task = spawn(async { block_on(async {}) });
    let said = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| task.join())).unwrap_err();
    assert!(said.downcast_ref::<&str>().expect("a message").contains("use `.await`"));
}

#[test]
fn a_join_set_gives_them_as_they_end() {
    let mut set = JoinSet::new();
    for turns in [3, 1, 2] {
        set.spawn(async move {
            for _ in 0..turns {
                yield_now().await;
            }
            turns
        });
    }
    assert_eq!(set.len(), 3);
    let ended: Vec<_> = std::iter::from_fn(|| set.join_next()).collect();
    assert_eq!(ended, [Ok(1), Ok(2), Ok(3)]);
    assert!(set.is_empty());
}

#[test]
fn a_join_set_takes_its_tasks_along() {
    let dropped = Rc::new(Cell::new(0));
    let mut set = JoinSet::new();
    for _ in 0..3 {
        let guard = Guard(dropped.clone());
        set.spawn(async move {
            let _guard = guard;
            std::future::pending::<()>().await;
        });
    }
    set.abort_all();
    assert_eq!((dropped.get(), block_on(set.join_all_async())), (3, vec![Err(Aborted); 3]));
    let guard = Guard(dropped.clone());
    set.spawn(async move {
        let _guard = guard;
        std::future::pending::<()>().await;
    });
    drop(set);
    assert_eq!((dropped.get(), count()), (4, 0));
}

#[test]
fn o7_a_wait_group_does_not_go_below_zero() {
    let group = WaitGroup::new();
    group.add(1);
    assert_eq!(group.done(), Ok(()));
    assert_eq!(group.done().unwrap_err().to_string(), "negative waitgroup counter");
    assert_eq!(group.count(), 0);
}

#[test]
fn a_wait_group_lets_all_go_on() {
    let group = WaitGroup::new();
    group.add(2);
    let waits: Vec<_> = (0..3)
        .map(|_| {
            spawn({
                let group = group.clone();
                async move { group.wait_async().await }
            })
        })
        .collect();
    settle();
    assert!(waits.iter().all(|wait| !wait.is_finished()));
    group.done().unwrap();
    settle();
    assert!(waits.iter().all(|wait| !wait.is_finished()));
    group.done().unwrap();
    // Those that waited go on, though the next round begins before they run.
    group.add(1);
    settle();
    assert!(waits.iter().all(JoinHandle::is_finished));
}

#[test]
fn a_mutex_is_held_by_one() {
    let mutex = Rc::new(Mutex::new(0));
    for _ in 0..10 {
        let mutex = mutex.clone();
        spawn(async move {
            let mut guard = mutex.lock().await;
            let before = *guard;
            yield_now().await;
            *guard = before + 1;
        });
    }
    block_on(async {
        for _ in 0..50 {
            yield_now().await;
        }
        assert_eq!(*mutex.lock().await, 10);
    });
}

#[test]
fn the_other_locks_work_with_tasks() {
    let (lock, room, barrier) = (RwLock::new(1), Semaphore::new(1), Rc::new(Barrier::new(2)));
    block_on(async {
        let (one, two) = (lock.read().await, lock.read().await);
        assert!(*one == *two && lock.try_write().is_none());
        drop((one, two));
        *lock.write().await += 1;
        let permit = room.acquire().await;
        assert!(room.try_acquire().is_none());
        drop(permit);
        let other = barrier.clone();
        let met = spawn(async move { other.wait().await.is_leader() });
        let leads = barrier.wait().await.is_leader();
        assert_ne!(met.await, Ok(leads));
    });
}

#[test]
fn a_notice_is_for_one_and_one_is_kept() {
    let notify = Rc::new(Notify::new());
    notify.notify_one();
    notify.notify_one();
    let wait = || {
        spawn({
            let notify = notify.clone();
            async move { notify.notified().await }
        })
    };
    let (first, second, third) = (wait(), wait(), wait());
    settle();
    assert!(first.is_finished() && !second.is_finished());
    notify.notify_one();
    // It was notified and has not run: its notice goes to the next.
    second.abort();
    settle();
    assert!(third.is_finished());
    let both = [wait(), wait()];
    settle();
    notify.notify_all();
    settle();
    assert!(both.iter().all(JoinHandle::is_finished));
    // What was for all is not kept for who comes later.
    let gone = wait();
    settle();
    notify.notify_all();
    gone.abort();
    let late = wait();
    settle();
    assert!(!late.is_finished());
}

#[test]
fn once_is_done_by_one() {
    let (once, times) = (Rc::new(Once::new()), Rc::new(Cell::new(0)));
    for _ in 0..3 {
        let (once, times) = (once.clone(), times.clone());
        spawn(async move {
            let work = || async {
                yield_now().await;
                times.set(times.get() + 1);
            };
            once.call(work).await;
            assert!(once.is_done());
        });
    }
    settle();
    assert_eq!((times.get(), count()), (1, 0));
}

//! What tasks of one actor order their work with, and what becomes of those that are given up.

use std::cell::Cell;
use std::rc::Rc;

use flower::task::sync::{Barrier, Mutex, Notify, Once, RwLock, Semaphore};
use flower::task::{self, Elapsed, JoinSet, WaitGroup};
use flower::{Receiver, channel};
use flower_guests::ms;

#[flower::main]
async fn main() {
    a_mutex_is_held_by_one().await;
    many_read_or_one_writes().await;
    a_semaphore_lets_so_many_in().await;
    a_barrier_waits_for_all().await;
    a_notice_is_for_one_or_for_all().await;
    what_is_done_once().await;
    a_wait_group_waits_for_all().await;
    who_is_given_up_lets_go().await;
}

async fn a_mutex_is_held_by_one() {
    let total = Rc::new(Mutex::new(0));
    let mut set = JoinSet::new();
    for _ in 0..10 {
        let total = total.clone();
        set.spawn(async move {
            let mut total = total.lock().await;
            let before = *total;
            task::sleep(ms(1)).await;
            *total = before + 1;
        });
    }
    assert_eq!(set.join_all_async().await.len(), 10);
    assert_eq!(*total.lock().await, 10);
}

async fn many_read_or_one_writes() {
    let lock = Rc::new(RwLock::new(0));
    let (one, two) = (lock.read().await, lock.read().await);
    let writes = task::spawn({
        let lock = lock.clone();
        async move { *lock.write().await += 1 }
    });
    task::sleep(ms(1)).await;
    assert!(!writes.is_finished() && *one + *two == 0);
    drop((one, two));
    assert_eq!(writes.await, Ok(()));
    assert_eq!(*lock.read().await, 1);
}

async fn a_semaphore_lets_so_many_in() {
    let room = Rc::new(Semaphore::new(3));
    let (inside, most) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(0)));
    let mut set = JoinSet::new();
    for _ in 0..12 {
        let (room, inside, most) = (room.clone(), inside.clone(), most.clone());
        set.spawn(async move {
            let _permit = room.acquire().await;
            inside.set(inside.get() + 1);
            most.set(most.get().max(inside.get()));
            task::sleep(ms(1)).await;
            inside.set(inside.get() - 1);
        });
    }
    assert_eq!(set.join_all_async().await.len(), 12);
    assert_eq!((inside.get(), most.get()), (0, 3));
}

async fn a_barrier_waits_for_all() {
    let barrier = Rc::new(Barrier::new(3));
    let meets = |after| {
        let barrier = barrier.clone();
        task::spawn(async move {
            task::sleep(ms(after)).await;
            barrier.wait().await.is_leader()
        })
    };
    let mut leaders = 0;
    for one in [3, 1, 2].map(meets) {
        leaders += u32::from(one.await.expect("not aborted"));
    }
    assert_eq!(leaders, 1);
}

async fn a_notice_is_for_one_or_for_all() {
    let notify = Rc::new(Notify::new());
    let waits = || {
        let notify = notify.clone();
        task::spawn(async move { notify.notified().await })
    };
    let all = [(); 3].map(|()| waits());
    task::sleep(ms(1)).await;
    notify.notify_one();
    task::sleep(ms(1)).await;
    assert_eq!(all.iter().filter(|one| one.is_finished()).count(), 1);
    notify.notify_all();
    for one in all {
        assert_eq!(one.await, Ok(()));
    }
}

async fn what_is_done_once() {
    let (once, times) = (Rc::new(Once::new()), Rc::new(Cell::new(0)));
    let mut set = JoinSet::new();
    for _ in 0..5 {
        let (once, times) = (once.clone(), times.clone());
        set.spawn(async move {
            let work = async {
                task::sleep(ms(1)).await;
                times.set(times.get() + 1);
            };
            once.call(|| work).await;
            once.is_done()
        });
    }
    assert!(set.join_all_async().await.into_iter().all(|done| done == Ok(true)));
    assert_eq!(times.get(), 1);
}

async fn a_wait_group_waits_for_all() {
    let (group, done) = (WaitGroup::new(), Rc::new(Cell::new(0)));
    for n in 0..100 {
        let (group, done) = (group.clone(), done.clone());
        group.add(1);
        task::spawn(async move {
            task::sleep(ms(n % 5)).await;
            done.set(done.get() + 1);
            group.done().expect("it was added");
        });
    }
    group.wait_async().await;
    assert_eq!(done.get(), 100);
}

/// A future that never ends, and a channel that is closed when it is dropped.
fn endless() -> (impl Future<Output = ()> + 'static, Receiver<()>) {
    let (tx, rx) = channel(0);
    let future = async move {
        std::future::pending::<()>().await;
        drop(tx);
    };
    (future, rx)
}

async fn who_is_given_up_lets_go() {
    let (future, rx) = endless();
    let task = task::spawn(future).abort_on_drop();
    assert_eq!(task::timeout(ms(2), rx.recv_async()).await, Err(Elapsed));
    drop(task);
    assert_eq!(rx.recv_async().await, None);

    let (future, rx) = endless();
    let mut set = JoinSet::new();
    set.spawn(future);
    drop(set);
    assert_eq!(rx.recv_async().await, None);

    let (future, rx) = endless();
    let task = task::spawn(future);
    task.abort();
    assert!(task.await.is_err());
    assert_eq!(rx.recv_async().await, None);
}

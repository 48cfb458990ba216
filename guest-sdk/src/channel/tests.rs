//! Channels and selects among tasks, natively: no host is asked.

use std::cell::RefCell;
use std::rc::Rc;

use super::*;
use crate::task::{self, JoinHandle};
use crate::{select, select_async};

/// What tasks have done, in order.
#[derive(Clone, Default)]
struct Log(Rc<RefCell<Vec<String>>>);

impl Log {
    fn say(&self, what: impl Into<String>) {
        self.0.borrow_mut().push(what.into());
    }

    fn take(&self) -> Vec<String> {
        self.0.take()
    }
}

/// Starts a task that receives until the end.
fn drain<T: 'static>(rx: Receiver<T>) -> JoinHandle<Vec<T>> {
    task::spawn(async move {
        let mut values = Vec::new();
        while let Some(value) = rx.recv_async().await {
            values.push(value);
        }
        values
    })
}

#[test]
fn f14_a_rendezvous_goes_in_turns() {
    let (tx, rx) = channel(0);
    let log = Log::default();
    let (sends, receives) = (log.clone(), log.clone());
    let sender = task::spawn(async move {
        sends.say("sending");
        tx.send_async("foo").await
    });
    task::spawn(async move {
        receives.say("receiving");
        receives.say(rx.recv_async().await.expect("a value"));
    });
    assert!(sender.join().expect("not aborted").is_ok());
    task::block_on(task::yield_now());
    assert_eq!(log.take(), ["sending", "receiving", "foo"]);
}

#[test]
fn c5_o5_what_is_buffered_outlives_the_close() {
    let (tx, rx) = channel(3);
    assert_eq!(tx.send_all(0..3), Ok(()));
    assert!(tx.close() && !tx.close() && rx.is_closed());
    assert_eq!(tx.send(9).unwrap_err().to_string(), "send on a closed channel");
    assert_eq!((rx.len(), rx.iter().collect::<Vec<_>>()), (3, vec![0, 1, 2]));
    for _ in 0..2000 {
        assert_eq!(rx.recv(), None);
    }
}

#[test]
fn c6_policies() {
    let (tx, rx) = channel_with(2, Overflow::DropNewest);
    assert_eq!(tx.send_all(0..5), Ok(()));
    assert_eq!(rx.try_iter().collect::<Vec<_>>(), [0, 1]);
    let (tx, rx) = channel_with(2, Overflow::DropOldest);
    assert_eq!(tx.send_all(0..5), Ok(()));
    assert_eq!(rx.try_iter().collect::<Vec<_>>(), [3, 4]);
    let (tx, rx) = channel(2);
    assert_eq!(tx.send_all(0..2), Ok(()));
    assert_eq!(tx.try_send(2), Err(TrySendError::Full(2)));
    let parked = task::spawn(async move { tx.send_async(2).await });
    task::block_on(task::yield_now());
    assert!(!parked.is_finished());
    assert_eq!(rx.recv(), Some(0));
    assert_eq!(parked.join(), Ok(Ok(())));
    assert_eq!(rx.try_iter().collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn without_room_a_dropping_channel_gives_only_to_who_waits() {
    for overflow in [Overflow::DropNewest, Overflow::DropOldest] {
        let (tx, rx) = channel_with(0, overflow);
        assert_eq!(tx.send(1), Ok(()));
        assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
        let taker = drain(rx);
        task::block_on(task::yield_now());
        assert_eq!(tx.send(2), Ok(()));
        drop(tx);
        assert_eq!(taker.join(), Ok(vec![2]));
    }
}

#[test]
fn a_sender_that_waits_gets_its_value_back_at_the_close() {
    let (tx, rx) = channel(0);
    let other = tx.clone();
    let parked = task::spawn(async move { other.send_async("mine").await });
    task::block_on(task::yield_now());
    tx.close();
    assert_eq!(parked.join(), Ok(Err(SendError::Closed("mine"))));
    assert_eq!(rx.recv(), None);
}

#[test]
fn each_side_is_told_of_the_end_of_the_other() {
    let (tx, rx) = channel::<u32>(0);
    let (taker, second) = (drain(rx.clone()), tx.clone());
    task::block_on(task::yield_now());
    drop(tx);
    task::block_on(task::yield_now());
    assert!(!taker.is_finished());
    drop(second);
    assert_eq!(taker.join(), Ok(vec![]));
    assert!(rx.is_closed());

    let (tx, rx) = channel(0);
    let parked = tx.clone();
    let parked = task::spawn(async move { parked.send_async(5).await });
    let ended = tx.clone();
    let ended = task::spawn(async move { ended.closed_async().await });
    task::block_on(task::yield_now());
    drop(rx);
    assert_eq!(parked.join(), Ok(Err(SendError::Closed(5))));
    assert_eq!(ended.join(), Ok(()));
    assert_eq!(tx.try_send(6), Err(TrySendError::Closed(6)));
}

#[test]
fn what_is_left_is_dropped_with_the_last_receiver() {
    let value = Rc::new(());
    let (tx, rx) = channel(4);
    tx.send(value.clone()).unwrap();
    drop(rx);
    assert_eq!(Rc::strong_count(&value), 1);
    assert!(tx.send(value).is_err());
}

#[test]
fn a_value_may_hold_an_endpoint_of_its_own_channel() {
    struct Knot(#[expect(dead_code, reason = "it is only dropped")] Sender<Knot>);
    let (tx, rx) = channel(1);
    tx.send(Knot(tx.clone())).unwrap();
    drop(rx);
    assert!(tx.is_closed());
    assert_eq!(tx.sender_count(), 1);
}

#[test]
fn a_receive_that_is_given_up_loses_nothing() {
    let (tx, rx) = channel(0);
    let taker = rx.clone();
    let first = task::spawn(async move { taker.recv_async().await });
    let second = drain(rx.clone());
    task::block_on(task::yield_now());
    tx.try_send(1).unwrap();
    first.abort();
    tx.try_send(2).unwrap_err();
    task::block_on(task::yield_now());
    tx.try_send(3).unwrap();
    drop((tx, rx));
    assert_eq!(second.join(), Ok(vec![1, 3]));
}

#[test]
fn what_nobody_else_waits_for_is_there_for_who_comes() {
    let (tx, rx) = channel(0);
    let taker = rx.clone();
    let first = task::spawn(async move { taker.recv_async().await });
    task::block_on(task::yield_now());
    tx.try_send(1).unwrap();
    first.abort();
    tx.close();
    assert_eq!((rx.recv(), rx.recv()), (Some(1), None));
}

#[test]
fn a_send_that_is_given_up_sends_nothing() {
    let (tx, rx) = channel(0);
    let sender = tx.clone();
    let parked = task::spawn(async move { sender.send_async(1).await });
    task::block_on(task::yield_now());
    parked.abort();
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    drop(tx);
    assert_eq!(rx.recv(), None);
}

#[test]
fn f17_errors_are_values() {
    let (tx, rx) = channel::<Result<u32, String>>(1);
    tx.send(Err("test".to_owned())).unwrap();
    assert_eq!(rx.recv(), Some(Err("test".to_owned())));
}

#[test]
fn a_blocking_call_in_a_task_says_what_to_use() {
    let (_tx, rx) = channel::<u32>(0);
    let task = task::spawn(async move { rx.recv() });
    let said = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| task.join())).unwrap_err();
    let said = said.downcast_ref::<String>().expect("a message");
    assert!(said.contains("use `recv_async().await`"), "{said}");
}

#[test]
fn c7_o6_a_select_has_a_default() {
    let (tx, rx) = channel::<u32>(1);
    let look = || {
        select! {
            value = rx.recv() => value,
            default => Some(42),
        }
    };
    assert_eq!(look(), Some(42));
    tx.send(53).unwrap();
    assert_eq!((look(), look()), (Some(53), Some(42)));
    drop(tx);
    assert_eq!(look(), None);
}

#[test]
fn c8_order_of_the_arms() {
    let channels: Vec<_> = (0..50).map(|_| channel(1)).collect();
    let choose = |biased: bool| {
        for (index, (tx, _)) in channels.iter().enumerate() {
            tx.send(index).unwrap();
        }
        let all = (0..50).map(|_| {
            let mut select = if biased { Select::new().biased() } else { Select::new() };
            for (index, (_, rx)) in channels.iter().enumerate() {
                select = select.recv(rx, move |value| (index, value));
            }
            select.wait()
        });
        all.map(|(index, value)| {
            assert_eq!(value, Some(index));
            index
        })
        .collect::<Vec<_>>()
    };
    let in_order: Vec<usize> = (0..50).collect();
    assert_eq!(choose(true), in_order);
    let mut fair = choose(false);
    assert_ne!(fair, in_order);
    fair.sort_unstable();
    assert_eq!(fair, in_order);
}

#[test]
fn every_ready_arm_is_chosen_as_often() {
    let (a, b) = (channel(1), channel(1));
    let mut chosen = [0; 3];
    for _ in 0..3000 {
        let _ = (a.0.try_send(()), b.0.try_send(()));
        let (tx, idle) = channel::<()>(1);
        let arm = select! {
            _ = a.1.recv() => 0,
            _ = idle.recv() => unreachable!("nobody sends"),
            _ = b.1.recv() => 1,
            result = tx.send(()) => result.map_or(9, |()| 2),
        };
        chosen[arm] += 1;
    }
    assert!(chosen.iter().all(|times| (850..1150).contains(times)), "{chosen:?}");
}

#[test]
fn o3_fibonacci_until_quit() {
    let ((tx, rx), (quit, quits)) = (channel::<u32>(0), channel::<()>(0));
    let log = Log::default();
    let reader = log.clone();
    task::spawn(async move {
        for _ in 0..10 {
            reader.say(rx.recv_async().await.expect("a number").to_string());
        }
        quit.send_async(()).await.expect("it waits");
    });
    let (mut x, mut y) = (0, 1);
    loop {
        select! {
            sent = tx.send(x) => {
                sent.expect("it receives");
                (x, y) = (y, x + y);
            }
            _ = quits.recv() => break,
        }
    }
    assert_eq!(log.take().join(" "), "0 1 1 2 3 5 8 13 21 34");
}

#[test]
fn a_condition_leaves_an_arm_out() {
    let (tx, rx) = channel(1);
    tx.send(1).unwrap();
    for open in [false, true] {
        let got = select! {
            value = rx.recv() if open => value,
            default => None,
        };
        assert_eq!(got.is_some(), open);
    }
}

#[test]
fn exactly_one_arm_is_done_and_the_others_leave() {
    let (a, b) = (channel::<u32>(0), channel::<u32>(0));
    let (a_rx, b_rx) = (a.1.clone(), b.1.clone());
    let selecting = task::spawn(async move {
        select_async! {
            value = a_rx.recv() => ("a", value),
            value = b_rx.recv() => ("b", value),
        }
    });
    task::block_on(task::yield_now());
    assert_eq!(b.0.try_send(1), Ok(()));
    // The select has its value, though it has not run since: nobody else of its arms may be served.
    assert_eq!(a.0.try_send(2), Err(TrySendError::Full(2)));
    assert_eq!(selecting.join(), Ok(("b", Some(1))));
    assert_eq!(a.0.try_send(3), Err(TrySendError::Full(3)));
}

#[test]
fn two_selects_meet() {
    let ((there, here), (back, _back)) = (channel::<u32>(0), channel::<u32>(0));
    let other = task::spawn(async move {
        select_async! {
            sent = there.send(1) => sent.is_ok(),
            _ = _back.recv() => false,
        }
    });
    let got = task::block_on(async move {
        select_async! {
            value = here.recv() => value,
            _ = back.send(2) => None,
        }
    });
    let sent = other.join();
    assert!((got, sent) == (Some(1), Ok(true)) || (got, sent) == (None, Ok(false)));
}

#[test]
fn a_select_is_told_of_a_close() {
    let ((tx, rx), (idle, idle_rx)) = (channel::<u32>(0), channel::<u32>(0));
    let parked = task::spawn(async move {
        select_async! {
            value = rx.recv() => value.is_none(),
            result = idle.send(1) => result.is_ok(),
        }
    });
    task::block_on(task::yield_now());
    drop(tx);
    assert_eq!(parked.join(), Ok(true));
    assert_eq!(idle_rx.recv(), None);
}

#[test]
fn ten_thousand_selects_leave_an_idle_channel_as_it_was() {
    let ((_idle, quiet), (tx, rx)) = (channel::<u32>(0), channel::<u32>(0));
    let sender = task::spawn(async move {
        for n in 0..10_000 {
            task::yield_now().await;
            tx.send_async(n).await.expect("it receives");
        }
    });
    let bystander = drain(quiet.clone());
    for n in 0..10_000 {
        let got = select! {
            value = quiet.recv() => panic!("{value:?} from an idle channel"),
            value = rx.recv() => value,
        };
        assert_eq!(got, Some(n));
    }
    sender.join().unwrap();
    assert_eq!(quiet.chan.state.borrow().takers.places(), (1, 2));
    drop(_idle);
    assert_eq!(bystander.join(), Ok(vec![]));
}

#[test]
fn a_select_that_is_given_up_passes_its_value_on() {
    let (tx, rx) = channel(0);
    let (idle, _idle_rx) = channel(0);
    let taker = rx.clone();
    let selecting = task::spawn(async move {
        select_async! {
            _ = taker.recv() => {},
            _ = idle.send(()) => {},
        }
    });
    task::block_on(task::yield_now());
    tx.try_send(7).unwrap();
    selecting.abort();
    assert_eq!(rx.recv(), Some(7));
}

#[test]
fn o2_sums_over_one_channel() {
    let (tx, rx) = channel(0);
    for part in [[7, 2, 8], [-9, 4, 0]] {
        let tx = tx.clone();
        task::spawn(async move { tx.send_async(part.iter().sum::<i32>()).await });
    }
    let (x, y) = (rx.recv().unwrap(), rx.recv().unwrap());
    assert_eq!((x.max(y), x.min(y), x + y), (17, -5, 12));
}

#[test]
fn c15_a_daisy_chain() {
    const LINKS: u32 = 100_000;
    let (first, mut right) = channel(0);
    for _ in 0..LINKS {
        let (left, next) = channel(0);
        let before = std::mem::replace(&mut right, next);
        task::spawn(async move {
            let n: u32 = before.recv_async().await.expect("the one before sends");
            left.send_async(n + 1).await
        });
    }
    task::spawn(async move { first.send_async(1).await });
    assert_eq!(right.recv(), Some(LINKS + 1));
}

#[test]
fn c14_what_a_task_returns_is_a_channel() {
    let rx: Receiver<u32> = spawn_channel(async { 42 });
    assert_eq!((rx.recv(), rx.recv()), (Some(42), None));
    let rx: Receiver<u32> = spawn_channel(async { None });
    assert_eq!(rx.recv(), None);
}

//! C1, C9, C10, C13, F14, F15, O1: channels between the tasks of one actor, with time.

use std::time::Duration;

use flower::channel::{RecvTimeoutError, SendTimeoutError};
use flower::channel::{after, interval, spawn_actor_channel, spawn_channel, tick};
use flower::{Instant, JoinError, Receiver, Select, channel, select, select_async, self_pid, send, task};
use flower_guests::ms;

fn main() {
    c1_o1_buffered();
    a_full_one_waits_so_long();
    f15_a_pipe();
    c9_producers_and_a_timeout();
    c10_after_is_closed_then();
    timeouts_give_back();
    ticks();
    the_mailbox_is_an_arm();
    an_actor_is_a_channel();
    given_up_without_trace();
}

fn c1_o1_buffered() {
    let (tx, rx) = channel(2);
    tx.send("buffered").expect("open");
    tx.send("channel").expect("open");
    assert_eq!((rx.recv(), rx.recv()), (Some("buffered"), Some("channel")));
}

fn a_full_one_waits_so_long() {
    let (tx, rx) = channel(1);
    assert!(!tx.is_full());
    task::block_on(async {
        assert_eq!(tx.send_timeout_async(1, ms(10)).await, Ok(()));
        assert!(tx.is_full() && rx.is_full());
        assert_eq!(tx.send_timeout_async(2, ms(10)).await, Err(SendTimeoutError::Timeout(2)));
    });
    assert_eq!((rx.recv(), rx.is_full()), (Some(1), false));
}

fn f15_a_pipe() {
    let ((x, x_out), (y, y_out)) = (channel::<u32>(0), channel::<u32>(0));
    task::spawn(async move {
        while let Some(value) = x_out.recv_async().await {
            y.send_async(value).await.expect("somebody receives");
        }
    });
    x.send(42).expect("open");
    assert_eq!(y_out.recv(), Some(42));
    drop(x);
    assert_eq!(y_out.recv(), None);
}

fn c9_producers_and_a_timeout() {
    let (tx, rx) = channel(0);
    for n in 0..20_u64 {
        let tx = tx.clone();
        task::spawn(async move {
            task::sleep(ms(20 - n)).await;
            tx.send_async(n).await
        });
    }
    let timeout = after(ms(300));
    let mut got = Vec::new();
    loop {
        select! {
            value = rx.recv() => got.extend(value),
            _ = timeout.recv() => break,
        }
    }
    assert_eq!(got, (0..20).rev().collect::<Vec<_>>());
}

fn c10_after_is_closed_then() {
    let start = Instant::now();
    let rx = after(ms(50));
    let at = rx.recv().expect("a time");
    assert!(at - start >= ms(50));
    assert!(rx.recv().is_none() && rx.is_closed());
}

fn timeouts_give_back() {
    let (tx, rx) = channel(0);
    assert_eq!(tx.send_timeout("mine", ms(5)), Err(SendTimeoutError::Timeout("mine")));
    assert_eq!(rx.recv_timeout(ms(5)), Err(RecvTimeoutError::Timeout));
    let slow = task::spawn(async move { rx.recv_timeout_async(ms(100)).await });
    assert_eq!(tx.send_timeout("taken", ms(100)), Ok(()));
    assert_eq!(slow.join(), Ok(Ok("taken")));
    assert_eq!(tx.send_timeout("late", ms(100)), Err(SendTimeoutError::Closed("late")));
}

fn ticks() {
    let start = Instant::now();
    let times: Vec<Instant> = tick(ms(10)).iter().take(3).collect();
    assert!(times.is_sorted() && times[2] - start >= ms(30));
    assert_eq!(interval(ms(1), "x").iter().take(2).collect::<String>(), "xx");
}

fn the_mailbox_is_an_arm() {
    let (_tx, rx) = channel::<u32>(0);
    let next = || {
        select! {
            value = rx.recv() => value.map_or(0, u64::from),
            number = receive::<u64>() => number.expect("a number"),
            after(ms(5)) => 0,
        }
    };
    assert_eq!(next(), 0);
    send(self_pid(), "another type").expect("room");
    send(self_pid(), &7_u64).expect("room");
    assert_eq!((next(), next()), (7, 0));
    let text =
        Select::new().recv(&rx, |_| String::new()).receive(|text: Result<String, _>| text.expect("text"));
    assert_eq!(text.wait(), "another type");
    let later = task::spawn(async move {
        select_async! {
            _ = rx.recv() => 0,
            number = receive::<u64>() => number.expect("a number"),
        }
    });
    task::spawn(async {
        task::sleep(ms(1)).await;
        send(self_pid(), &8_u64).expect("room");
    });
    assert_eq!(later.join(), Ok(8));
}

fn an_actor_is_a_channel() {
    let sum = spawn_actor_channel(|a: u32, b: u32| a + b, (2, 2));
    assert_eq!((sum.recv(), sum.recv()), (Some(Ok(4)), None));
    let fails = spawn_actor_channel(|n: u32| assert!(n > 5), 4);
    assert!(matches!(fails.recv(), Some(Err(JoinError::Died(_)))));
    let task: Receiver<&str> = spawn_channel(async {
        task::sleep(ms(1)).await;
        "done"
    });
    assert_eq!(task.recv(), Some("done"));
}

/// A timer that nobody waits for any more is gone with its channel.
fn given_up_without_trace() {
    task::block_on(task::sleep(ms(1)));
    let before = task::count();
    for _ in 0..1000 {
        let late = after(Duration::from_secs(3600));
        let got = select! {
            _ = late.recv() => "late",
            default => "nothing",
        };
        assert_eq!(got, "nothing");
    }
    task::block_on(task::sleep(ms(1)));
    assert_eq!(task::count(), before);
}

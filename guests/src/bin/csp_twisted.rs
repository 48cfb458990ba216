//! C1, C3 to C10, C14 and C16: what twisted-csp's channels do, on channels in the actor and in the host.

use std::collections::BTreeSet;
use std::time::Duration;

use flower::channel::{self, Overflow, TryRecvError, TrySendError};
use flower::{Instant, Receiver, Select, Sender, task};
use flower_guests::channels::Place;
use flower_guests::ms;

fn main() {
    for place in Place::ALL {
        c1_a_buffer(place);
        c3_what_a_send_says(place);
        c4_receiving_from_a_closed_channel(place);
        c5_closing_with_values(place);
        c6_policies(place);
        c7_default(place);
        c8_priority(place);
        c9_twenty_producers(place);
        c16_into_and_out_of(place);
    }
    c10_a_timeout_is_a_channel();
    c14_what_a_task_returns_is_a_channel();
}

fn c1_a_buffer(place: Place) {
    let (tx, rx) = place.channel(2);
    tx.send("buffered".to_owned()).expect("there is room");
    tx.send("channel".to_owned()).expect("there is room");
    assert_eq!([rx.recv(), rx.recv()].map(Option::unwrap), ["buffered", "channel"]);
}

fn c3_what_a_send_says(place: Place) {
    let (tx, rx) = place.channel(0);
    let taken = task::spawn(async move { rx.recv_async().await });
    assert!(tx.send(1).is_ok(), "somebody receives");
    assert_eq!(taken.join(), Ok(Some(1)));

    let (tx, rx) = place.channel(1);
    assert!(tx.send(1).is_ok(), "there is room");
    tx.close();
    assert!(tx.send(2).is_err(), "it is closed");
    assert_eq!(rx.recv(), Some(1));

    let (tx, rx) = place.channel(0);
    let parked = task::spawn(async move { tx.send_async(1).await });
    task::block_on(task::yield_now());
    assert!(!parked.is_finished());
    rx.close();
    let refused = parked.join().expect("it returns").expect_err("it was closed meanwhile");
    assert_eq!(refused.into_inner(), 1);
}

/// Inside a future, where a stack could grow.
fn c4_receiving_from_a_closed_channel(place: Place) {
    let (tx, rx) = place.channel::<u32>(0);
    tx.close();
    task::block_on(async {
        for _ in 0..10_000 {
            assert_eq!(rx.recv_async().await, None);
        }
    });
    assert_eq!(rx.recv(), None);
    assert_eq!(rx.try_recv(), Err(TryRecvError::Closed));
}

fn c5_closing_with_values(place: Place) {
    let (tx, rx) = place.channel(3);
    (0..3).for_each(|value| tx.send(value).expect("there is room"));
    tx.close();
    assert!(tx.send(3).is_err());
    assert_eq!([(); 4].map(|()| rx.recv()), [Some(0), Some(1), Some(2), None]);
}

fn c6_policies(place: Place) {
    let fed = |overflow| {
        let (tx, rx) = place.channel_with(2, overflow);
        (0..5).for_each(|value| tx.send(value).expect("it is open"));
        drop(tx);
        rx.iter().collect::<Vec<u32>>()
    };
    assert_eq!(fed(Overflow::DropNewest), [0, 1]);
    assert_eq!(fed(Overflow::DropOldest), [3, 4]);

    let (tx, rx) = place.channel(2);
    (0..2).for_each(|value| tx.send(value).expect("there is room"));
    assert_eq!(tx.try_send(2), Err(TrySendError::Full(2)));
    let third = task::spawn(async move { tx.send_async(2).await });
    task::block_on(task::yield_now());
    assert!(!third.is_finished(), "there is no room");
    assert_eq!(rx.recv(), Some(0));
    assert_eq!(third.join(), Ok(Ok(())));
    assert_eq!([(); 3].map(|()| rx.recv()), [Some(1), Some(2), None]);
}

#[derive(Debug, PartialEq)]
enum Arm {
    Channel,
    Default,
}

fn c7_default(place: Place) {
    let (tx, rx) = place.channel(1);
    let look = || {
        let select = Select::new().recv(&rx, |value| (value, Arm::Channel));
        select.default(|| (Some(42), Arm::Default)).wait()
    };
    assert_eq!(look(), (Some(42), Arm::Default));
    tx.send(53).expect("there is room");
    assert_eq!(look(), (Some(53), Arm::Channel));
}

fn c8_priority(place: Place) {
    assert_eq!(selected_of_fifty(place, true), (0..50).collect::<Vec<u32>>());
    let fair = selected_of_fifty(place, false);
    assert_ne!(fair, (0..50).collect::<Vec<u32>>(), "one order of 50 factorial");
    assert_eq!(fair.iter().copied().collect::<BTreeSet<u32>>(), (0..50).collect());
}

/// The values of fifty channels that all have one, in the order in which a select takes them.
fn selected_of_fifty(place: Place, biased: bool) -> Vec<u32> {
    let ready = |value| {
        let (tx, rx) = place.channel(1);
        tx.send(value).expect("there is room");
        (tx, rx)
    };
    let all: Vec<(Sender<u32>, Receiver<u32>)> = (0..50).map(ready).collect();
    let select = || {
        let select = if biased { Select::new().biased() } else { Select::new() };
        let any = all.iter().fold(select, |select, (_, rx)| select.recv(rx, |value| value));
        any.wait().expect("none of them is closed")
    };
    (0..50).map(|_| select()).collect()
}

fn c9_twenty_producers(place: Place) {
    let begin = Instant::now();
    let produce = |value| {
        let (tx, rx) = place.channel(0);
        task::spawn(async move {
            task::sleep(ms(100)).await;
            tx.send_async(value).await.expect("somebody waits for it");
            // Its end would close the channel.
            std::future::pending::<()>().await;
        });
        rx
    };
    let producers: Vec<Receiver<u32>> = (0..20).map(produce).collect();
    let timeout = channel::after(ms(300));
    let mut received = Vec::new();
    loop {
        let any = producers.iter().fold(Select::new(), |select, rx| select.recv(rx, |value| value));
        let Some(value) = any.recv(&timeout, |_moment| None).wait() else { break };
        assert!(begin.elapsed() >= ms(100));
        received.push(value);
    }
    assert!(begin.elapsed() >= ms(300), "time out");
    received.sort_unstable();
    assert_eq!(received, (0..20).collect::<Vec<u32>>());
}

fn c10_a_timeout_is_a_channel() {
    let begin = Instant::now();
    let timeout = channel::after(ms(50));
    assert!(timeout.recv().is_some_and(|fired| fired - begin >= ms(50)));
    assert!(begin.elapsed() >= ms(50));
    assert_eq!(timeout.recv(), None);
    assert!(timeout.is_closed());
}

fn c14_what_a_task_returns_is_a_channel() {
    let answer = channel::spawn_channel(async {
        task::sleep(Duration::from_millis(100)).await;
        42
    });
    assert_eq!((answer.recv(), answer.recv()), (Some(42), None));

    let nothing: Receiver<u32> = channel::spawn_channel(async { None });
    assert_eq!((nothing.recv(), nothing.recv()), (None, None));
}

fn c16_into_and_out_of(place: Place) {
    let onto = || {
        let (tx, rx) = place.channel(0);
        task::spawn(async move { tx.send_all_async(0..10).await });
        rx
    };
    assert_eq!(onto().collect::<Vec<u32>>().join(), Ok((0..10).collect()));
    assert_eq!(onto().fold(0, |sum, value| sum + value).join(), Ok(45));

    let (dst, copied) = place.channel(0);
    let piped = onto().pipe(dst);
    assert_eq!(copied.iter().collect::<Vec<u32>>(), (0..10).collect::<Vec<u32>>());
    assert!(copied.is_closed());
    assert_eq!(piped.join(), Ok(Ok(())));
}

//! O1 to O7: what offset's channels do, on channels in the actor and in the host.

use std::collections::BTreeSet;

use flower::task::{self, WaitGroup};
use flower::{select, spawn};
use flower_guests::channels::Place;

fn main() {
    for place in Place::ALL {
        o1_a_buffer(place);
        o2_sums(place);
        o3_fibonacci(place);
        o4_a_buffer_in_a_select(place);
        o5_closed(place);
        o6_default(place);
    }
    o7_a_wait_group_counts_down_to_nothing();
}

fn o1_a_buffer(place: Place) {
    let (tx, rx) = place.channel(2);
    tx.send(1).expect("there is room");
    tx.send(2).expect("there is room");
    assert_eq!((rx.recv(), rx.recv()), (Some(1), Some(2)));
}

/// In the host, it is actors that add up.
fn o2_sums(place: Place) {
    let (tx, rx) = place.channel(0);
    for half in [vec![7, 2, 8], vec![-9, 4, 0]] {
        let tx = tx.clone();
        match place {
            Place::Actor => {
                task::spawn(async move { tx.send_async(half.iter().sum()).await });
            }
            Place::Host => {
                spawn(
                    |(half, tx): (Vec<i64>, flower::Sender<i64>)| {
                        tx.send(half.iter().sum()).expect("it is received")
                    },
                    (half, tx),
                );
            }
        }
    }
    let sums = [rx.recv(), rx.recv()].map(|sum| sum.expect("one of each"));
    assert_eq!(BTreeSet::from(sums), BTreeSet::from([17, -5]));
    assert_eq!(sums.iter().sum::<i64>(), 12);
}

fn o3_fibonacci(place: Place) {
    let ((tx, rx), (quit, told)) = (place.channel(0), place.channel(0));
    let received = task::spawn(async move {
        let mut received = Vec::new();
        for _ in 0..10 {
            received.push(rx.recv_async().await.expect("there is a next one"));
        }
        quit.send_async(0).await.expect("it listens");
        received
    });
    let (mut x, mut y) = (0_u64, 1);
    loop {
        select! {
            sent = tx.send(x) => {
                sent.expect("it is received");
                (x, y) = (y, x + y);
            }
            quit = told.recv() => {
                assert_eq!(quit, Some(0));
                break;
            }
        }
    }
    assert_eq!(received.join(), Ok(vec![0, 1, 1, 2, 3, 5, 8, 13, 21, 34]));
}

fn o4_a_buffer_in_a_select(place: Place) {
    let ((tx, rx), (quit, told)) = (place.channel(5), place.channel(0));
    let received = task::spawn(async move {
        let mut received = Vec::new();
        for _ in 0..5 {
            received.push(rx.recv_async().await.expect("there is a next one"));
        }
        quit.send_async(0).await.expect("it listens");
        received
    });
    let mut next = 0;
    loop {
        select! {
            sent = tx.send(next) => {
                sent.expect("it is received");
                next += 1;
            }
            quit = told.recv() => {
                assert_eq!(quit, Some(0));
                break;
            }
        }
    }
    assert_eq!(received.join(), Ok(vec![0, 1, 2, 3, 4]));
    assert!(next <= 10, "five were received, and five more have room, but {next} were sent");
}

fn o5_closed(place: Place) {
    let (tx, rx) = place.channel(1);
    tx.send(1).expect("there is room");
    assert!(tx.close());
    assert!(!tx.close(), "it was closed before");
    let refused = tx.send(2).expect_err("it is closed");
    assert_eq!(refused.to_string(), "send on a closed channel");
    assert_eq!(refused.into_inner(), 2);
    assert_eq!((rx.recv(), rx.recv()), (Some(1), None));
}

fn o6_default(place: Place) {
    let (tx, rx) = place.channel(1);
    let look = || {
        select! {
            value = rx.recv() => value,
            default => None,
        }
    };
    assert_eq!(look(), None);
    tx.send(5).expect("there is room");
    assert_eq!(look(), Some(5));
    assert_eq!(look(), None);
}

fn o7_a_wait_group_counts_down_to_nothing() {
    let group = WaitGroup::new();
    group.add(1);
    group.done().expect("one was added");
    group.wait();
    let error = group.done().expect_err("there are no more");
    assert_eq!(error.to_string(), "negative waitgroup counter");
    assert_eq!(group.count(), 0);
}

//! Operations between channels: pipe, merge, zip, and room in between.

use std::collections::BTreeSet;

use flower::channel::{self, Overflow, Receiver};
use flower::task;
use flower_guests::channels::{Place, turns};

fn main() {
    for place in Place::ALL {
        a_pipe_closes_what_it_fills(place);
        a_pipe_keeps_open_what_others_fill(place);
        a_pipe_gives_back_what_was_on_its_way(place);
        a_merge_has_all_and_each_in_order(place);
        a_merge_goes_on_until_the_last_is_closed(place);
        a_zip_ends_with_the_shorter(place);
        a_zip_takes_whatever_comes_first(place);
        a_full_buffer_follows_its_policy(place);
    }
}

fn numbers(place: Place, count: u32) -> Receiver<u32> {
    let (tx, rx) = place.channel(0);
    task::spawn(async move { tx.send_all_async(0..count).await });
    rx
}

fn all<T: 'static>(rx: Receiver<T>) -> Vec<T> {
    rx.collect().join().expect("it is not aborted")
}

fn a_pipe_closes_what_it_fills(place: Place) {
    let (tx, rx) = place.channel(0);
    let piped = numbers(place, 5).pipe(tx);
    assert_eq!(all(rx), [0, 1, 2, 3, 4]);
    assert_eq!(piped.join(), Ok(Ok(())));
}

fn a_pipe_keeps_open_what_others_fill(place: Place) {
    let (tx, rx) = place.channel(8);
    assert_eq!(numbers(place, 3).pipe(tx.clone()).join(), Ok(Ok(())));
    assert!(!rx.is_closed());
    tx.send(9).expect("it is open");
    drop(tx);
    assert_eq!(all(rx), [0, 1, 2, 9]);
}

fn a_pipe_gives_back_what_was_on_its_way(place: Place) {
    let (tx, rx) = place.channel(1);
    let source = numbers(place, 10);
    let piped = source.clone().pipe(tx);
    // One has room, and the next waits for it.
    turns();
    rx.close();
    let refused = piped.join().expect("it is not aborted").expect_err("it was closed meanwhile");
    assert_eq!(refused.into_inner(), 1);
    assert_eq!(all(rx), [0]);
    assert_eq!(source.recv(), Some(2), "the pipe has let go of it");
}

fn a_merge_has_all_and_each_in_order(place: Place) {
    let source = |from: u32| numbers(place, 100).map(move |n| from * 1000 + n);
    let merged = all(channel::merge((0..5).map(source)));
    assert_eq!(merged.len(), 500);
    for from in 0..5 {
        let of_one: Vec<u32> = merged.iter().filter(|n| **n / 1000 == from).map(|n| n % 1000).collect();
        assert_eq!(of_one, (0..100).collect::<Vec<u32>>());
    }
    assert!(all(channel::merge([numbers(place, 0), numbers(place, 0)])).is_empty());
    assert!(all(channel::merge(Vec::<Receiver<u32>>::new())).is_empty());
}

fn a_merge_goes_on_until_the_last_is_closed(place: Place) {
    let (tx, rx) = place.channel(0);
    let merged = channel::merge([numbers(place, 3), rx]);
    let first: BTreeSet<u32> = (0..3).map(|_| merged.recv().expect("one source has three")).collect();
    assert_eq!(first, BTreeSet::from([0, 1, 2]));
    task::spawn(async move { tx.send_async(7).await });
    assert_eq!((merged.recv(), merged.recv()), (Some(7), None));
}

fn a_zip_ends_with_the_shorter(place: Place) {
    let letters = |count| numbers(place, count).map(|n| char::from(b'a' + n as u8));
    assert_eq!(all(numbers(place, 3).zip(letters(3))), [(0, 'a'), (1, 'b'), (2, 'c')]);
    assert_eq!(all(numbers(place, 9).zip(letters(2))), [(0, 'a'), (1, 'b')]);
    assert_eq!(all(numbers(place, 1).zip(letters(9))), [(0, 'a')]);
    assert!(all(numbers(place, 0).zip(letters(9))).is_empty());
}

/// One task fills both, the right one first.
fn a_zip_takes_whatever_comes_first(place: Place) {
    let ((left_tx, left), (right_tx, right)) = (place.channel(0), place.channel(0));
    task::spawn(async move {
        for n in 0..3 {
            right_tx.send_async(n).await.expect("it is received");
            left_tx.send_async(n).await.expect("it is received");
        }
    });
    assert_eq!(all(left.zip(right)), [(0, 0), (1, 1), (2, 2)]);
}

fn a_full_buffer_follows_its_policy(place: Place) {
    let left = |overflow| {
        let (tx, rx) = place.channel(0);
        let buffered = rx.buffered_with(2, overflow);
        let sent = task::spawn(async move { tx.send_all_async(0..6_u32).await });
        sent.join().expect("it is not aborted").expect("somebody receives");
        all(buffered)
    };
    assert_eq!(left(Overflow::DropNewest), [0, 1]);
    assert_eq!(left(Overflow::DropOldest), [4, 5]);
}

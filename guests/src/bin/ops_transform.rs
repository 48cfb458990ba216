//! Operations from a channel to a channel: what comes out, when it closes, and what becomes of the source.

use std::cell::Cell;
use std::rc::Rc;

use flower::channel::{self, Receiver, Sender};
use flower::task;
use flower_guests::channels::{Place, turns};

fn main() {
    for place in Place::ALL {
        values_come_out_in_order(place);
        an_empty_source_makes_an_empty_result(place);
        the_rest_is_left_to_others(place);
        both_sides_of_a_split(place);
        what_nobody_can_receive_is_not_asked_for(place);
        a_source_is_let_go_of_while_it_is_silent(place);
    }
    operations_run_at_most_one_value_ahead();
    a_result_can_be_sent_away();
    many_stages();
}

/// A channel that gives these numbers and closes.
fn numbers(place: Place, count: u32) -> Receiver<u32> {
    let (tx, rx) = place.channel(0);
    task::spawn(async move { tx.send_all_async(0..count).await });
    rx
}

fn all<T: 'static>(rx: Receiver<T>) -> Vec<T> {
    rx.collect().join().expect("it is not aborted")
}

fn values_come_out_in_order(place: Place) {
    assert_eq!(all(numbers(place, 5).map(|n| n * 10)), [0, 10, 20, 30, 40]);
    assert_eq!(all(numbers(place, 9).filter(|n| n % 3 == 0)), [0, 3, 6]);
    assert_eq!(all(numbers(place, 9).take(2)), [0, 1]);
    assert_eq!(all(numbers(place, 2).take(9)), [0, 1]);
    assert_eq!(all(numbers(place, 7).partition(3)), [vec![0, 1, 2], vec![3, 4, 5], vec![6]]);
    assert_eq!(all(numbers(place, 6).partition(3)), [vec![0, 1, 2], vec![3, 4, 5]]);
    assert_eq!(
        numbers(place, 5).fold(String::new(), |all, n| all + &n.to_string()).join().as_deref(),
        Ok("01234")
    );
}

fn an_empty_source_makes_an_empty_result(place: Place) {
    assert!(all(numbers(place, 0).map(|n| n)).is_empty());
    assert!(all(numbers(place, 0).filter(|_| true)).is_empty());
    assert!(all(numbers(place, 0).partition(2)).is_empty());
    assert!(all(numbers(place, 5).take(0)).is_empty());
    assert_eq!(numbers(place, 0).fold(7, |sum, n| sum + n).join(), Ok(7));
}

fn the_rest_is_left_to_others(place: Place) {
    let (tx, rx) = place.channel(8);
    tx.send_all(0..8).expect("there is room");
    assert_eq!(all(rx.clone().take(3)), [0, 1, 2]);
    assert_eq!(rx.recv(), Some(3));
    assert!(!tx.is_closed());
}

fn both_sides_of_a_split(place: Place) {
    let (even, odd) = numbers(place, 7).split(|n| n % 2 == 0);
    let (even, odd) = (even.collect::<Vec<_>>(), odd.collect::<Vec<_>>());
    assert_eq!((even.join(), odd.join()), (Ok(vec![0, 2, 4, 6]), Ok(vec![1, 3, 5])));

    let (even, odd) = numbers(place, 7).split(|n| n % 2 == 0);
    drop(even);
    assert_eq!(all(odd), [1, 3, 5], "what is for the other side is dropped");
}

/// The sender of a source whose result nobody receives from is told.
fn what_nobody_can_receive_is_not_asked_for(place: Place) {
    let told = |result: fn(Receiver<u32>)| {
        let (tx, rx) = place.channel(0);
        result(rx);
        let sent = task::block_on(async { tx.send_all_async(0..100).await });
        sent.map_err(|refused| refused.into_inner()).expect_err("somebody takes all of them")
    };
    assert!(told(|rx| drop(rx.map(|n| n))) <= 1);
    assert!(told(|rx| drop(rx.filter(|_| true))) <= 1);
    assert!(told(|rx| drop(rx.take(50))) <= 1);
    assert!(told(|rx| drop(rx.partition(5))) <= 5);
    assert!(told(|rx| drop(rx.split(|n| n % 2 == 0))) <= 3);
    assert!(told(|rx| drop(rx.buffered(3))) <= 1);
    assert!(told(|rx| drop(rx.zip(numbers(Place::Actor, 9)))) <= 2);
    assert!(told(|rx| drop(channel::merge([rx]))) <= 1);
}

fn a_source_is_let_go_of_while_it_is_silent(place: Place) {
    let (tx, rx) = place.channel::<u32>(0);
    let result = rx.map(|n| n);
    turns();
    assert!(!tx.is_closed());
    drop(result);
    task::block_on(tx.closed_async());
    assert!(tx.is_closed());
}

fn operations_run_at_most_one_value_ahead() {
    let asked = Rc::new(Cell::new(0));
    let count = Rc::clone(&asked);
    let doubled = numbers(Place::Actor, 100).map(move |n| {
        count.set(count.get() + 1);
        n * 2
    });
    turns();
    assert_eq!(asked.get(), 1);
    assert_eq!(doubled.recv(), Some(0));
    turns();
    assert_eq!(asked.get(), 2);

    let buffered = numbers(Place::Actor, 100).buffered(10);
    turns();
    assert_eq!(buffered.len(), 10);
    assert_eq!(all(buffered), (0..100).collect::<Vec<u32>>());
}

/// Another actor receives what a task of this one makes.
fn a_result_can_be_sent_away() {
    let sum = |numbers: Receiver<u32>| numbers.iter().sum::<u32>();
    let sum = channel::spawn_actor_channel(sum, numbers(Place::Actor, 10).map(|n| n + 1));
    assert_eq!(sum.recv(), Some(Ok(55)));

    // And the other way: this actor works on what another one makes.
    let (tx, rx) = channel::channel(0);
    flower::spawn(|tx: Sender<u32>| tx.send_all(0..10).expect("they are received"), tx);
    assert_eq!(all(rx.map(|n| n + 1).filter(|n| n % 2 == 0)), [2, 4, 6, 8, 10]);
}

fn many_stages() {
    let last = (0..1000).fold(numbers(Place::Actor, 10), |rx, _| rx.map(|n| n + 1));
    assert_eq!(all(last), (1000..1010).collect::<Vec<u32>>());
}

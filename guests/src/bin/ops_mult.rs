//! `Mult`: every tap gets every value, and a slow one follows its own policy.

use flower::channel::{Mult, Overflow, Receiver, Sender};
use flower::{receive, self_pid, send, spawn, task};
use flower_guests::channels::{Place, turns};

fn main() {
    for place in Place::ALL {
        every_tap_gets_every_value(place);
        the_next_value_waits_for_every_tap(place);
        a_slow_tap_follows_its_policy(place);
        taps_wait_for_each_other_in_no_order(place);
        taps_come_and_go(place);
        a_tap_that_holds_up_the_others_can_be_removed(place);
        nobody_is_left_of_a_tap_without_a_receiver(place);
        values_without_taps_are_dropped(place);
        a_mult_that_nobody_needs_lets_go(place);
    }
    other_actors_tap();
}

fn all<T: 'static>(rx: Receiver<T>) -> Vec<T> {
    rx.collect().join().expect("it is not aborted")
}

fn send_all(tx: Sender<u32>, count: u32) {
    task::spawn(async move { tx.send_all_async(0..count).await });
}

fn every_tap_gets_every_value(place: Place) {
    let (tx, rx) = place.channel(0);
    let mult = Mult::new(rx);
    let taps: Vec<_> = (0..10).map(|room| mult.tap(room, Overflow::Block).collect::<Vec<u32>>()).collect();
    assert_eq!(mult.len(), 10);
    send_all(tx, 100);
    for tap in taps {
        assert_eq!(tap.join(), Ok((0..100).collect()));
    }
    assert!(mult.is_empty());
    assert_eq!(mult.tap(0, Overflow::Block).recv(), None, "it has ended");
}

fn the_next_value_waits_for_every_tap(place: Place) {
    let (tx, rx) = place.channel(0);
    let mult = Mult::new(rx);
    let (quick, slow) = (mult.tap(9, Overflow::Block), mult.tap(0, Overflow::Block));
    send_all(tx, 9);
    turns();
    assert_eq!(quick.len(), 1, "the slow one has not accepted the first yet");
    assert_eq!(slow.recv(), Some(0));
    turns();
    assert_eq!(quick.len(), 2);
    drop(slow);
    assert_eq!(all(quick), (0..9).collect::<Vec<u32>>());
}

fn a_slow_tap_follows_its_policy(place: Place) {
    let (tx, rx) = place.channel(0);
    let mult = Mult::new(rx);
    let (first, last) = (mult.tap(3, Overflow::DropNewest), mult.tap(3, Overflow::DropOldest));
    let every = mult.tap(0, Overflow::Block);
    send_all(tx, 100);
    assert_eq!(all(every).len(), 100, "the others hold it up no more");
    assert_eq!(all(first), [0, 1, 2]);
    assert_eq!(all(last), [97, 98, 99]);
}

/// Each is offered the value at once: who is served first does not have to receive first.
fn taps_wait_for_each_other_in_no_order(place: Place) {
    for reverse in [false, true] {
        let (tx, rx) = place.channel(0);
        let mult = Mult::new(rx);
        let mut taps = [mult.tap(0, Overflow::Block), mult.tap(0, Overflow::Block)];
        send_all(tx, 3);
        if reverse {
            taps.reverse();
        }
        for n in 0..3 {
            assert_eq!(taps.each_ref().map(Receiver::recv), [Some(n), Some(n)]);
        }
    }
}

fn taps_come_and_go(place: Place) {
    let (tx, rx) = place.channel(0);
    let mult = Mult::new(rx);
    let always = mult.tap(9, Overflow::Block);
    let (sender, sometimes) = place.channel(9);
    tx.send(0).expect("it is received");
    turns();
    let tap = mult.tap_into(sender.clone());
    tx.send(1).expect("it is received");
    turns();
    assert!(mult.untap(&tap));
    assert!(!mult.untap(&tap), "it is gone");
    tx.send(2).expect("it is received");
    turns();
    mult.tap_into(sender);
    drop(tx);
    assert_eq!(all(always), [0, 1, 2]);
    assert_eq!(all(sometimes), [1], "and it is closed, with its last sender");
}

fn a_tap_that_holds_up_the_others_can_be_removed(place: Place) {
    let (tx, rx) = place.channel(0);
    let mult = Mult::new(rx);
    let quick = mult.tap(9, Overflow::Block);
    let (sender, stuck) = place.channel(0);
    let tap = mult.tap_into(sender);
    send_all(tx, 3);
    turns();
    assert_eq!(quick.len(), 1);
    assert!(mult.untap(&tap));
    assert_eq!(all(quick), [0, 1, 2]);
    assert!(all(stuck).is_empty(), "what it did not accept is not sent");
}

fn nobody_is_left_of_a_tap_without_a_receiver(place: Place) {
    let (tx, rx) = place.channel(0);
    let mult = Mult::new(rx);
    let every = mult.tap(9, Overflow::Block);
    drop(mult.tap(0, Overflow::Block));
    drop(mult.tap(0, Overflow::DropOldest));
    assert_eq!(mult.len(), 3);
    tx.send(1).expect("it is received");
    turns();
    assert_eq!(mult.len(), 1);
    mult.untap_all();
    assert_eq!(all(every), [1]);
}

fn values_without_taps_are_dropped(place: Place) {
    let (tx, rx) = place.channel(0);
    let mult = Mult::new(rx);
    tx.send(1).expect("it is received");
    turns();
    let late = mult.tap(9, Overflow::Block);
    tx.send(2).expect("it is received");
    drop(tx);
    assert_eq!(all(late), [2]);
}

fn a_mult_that_nobody_needs_lets_go(place: Place) {
    let (tx, rx) = place.channel::<u32>(0);
    drop(Mult::new(rx));
    assert!(tx.send(1).is_err());

    let (tx, rx) = place.channel(0);
    let mult = Mult::new(rx);
    let tap = mult.tap(0, Overflow::Block);
    drop(mult);
    send_all(tx.clone(), 2);
    assert_eq!((tap.recv(), tap.recv()), (Some(0), Some(1)), "it goes on as long as there is a tap");
    drop(tap);
    tx.send(2).expect("nobody has told it yet");
    task::block_on(tx.closed_async());
    assert!(tx.send(3).is_err());
}

/// Actors that are sent the receivers of taps, and one that sends its own sender.
fn other_actors_tap() {
    let (tx, rx) = Place::Actor.channel(0);
    let mult = Mult::new(rx);
    let listen = |(rx, to): (Receiver<u32>, Sender<u32>)| to.send(rx.iter().sum()).expect("there is room");
    let (sum, sums) = Place::Actor.channel(9);
    for _ in 0..3 {
        spawn(listen, (mult.tap(1, Overflow::Block), sum.clone()));
    }
    let offer = |(to, sum): (flower::Pid, Sender<u32>)| {
        let (tx, rx) = flower::channel::<u32>(4);
        send(to, &tx).expect("somebody waits for it");
        drop(tx);
        sum.send(rx.iter().sum()).expect("there is room");
    };
    spawn(offer, (self_pid(), sum));
    mult.tap_into(receive().expect("a sender"));
    send_all(tx, 100);
    drop(mult);
    assert_eq!(all(sums), [4950; 4]);
}

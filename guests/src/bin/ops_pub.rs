//! `Pub` and `Sub`: each topic has its subscribers, and a buffer of its own.

use flower::channel::{Overflow, Pub, Receiver, Sender};
use flower::task;
use flower_guests::channels::{Place, turns};

fn main() {
    for place in Place::ALL {
        each_hears_its_topic(place);
        values_that_nobody_subscribes_to_are_dropped(place);
        a_slow_topic_holds_up_the_others_without_a_buffer(place);
        a_buffer_of_its_own(place);
        a_buffer_with_a_policy(place);
        subscriptions_come_and_go(place);
        a_topic_goes_with_its_last_subscription(place);
        a_pub_that_nobody_needs_lets_go(place);
    }
}

type Note = (String, u32);

fn note(topic: &str, n: u32) -> Note {
    (topic.to_owned(), n)
}

fn all(rx: Receiver<Note>) -> Vec<u32> {
    rx.map(|(_, n)| n).collect().join().expect("it is not aborted")
}

fn of_topics(place: Place) -> (Sender<Note>, Pub<String, Note>) {
    let (tx, rx) = place.channel(0);
    (tx, Pub::new(rx, |(topic, _): &Note| topic.clone()))
}

fn publish(tx: Sender<Note>, notes: impl IntoIterator<Item = Note> + 'static) {
    task::spawn(async move { tx.send_all_async(notes).await });
}

fn each_hears_its_topic(place: Place) {
    let (tx, notes) = of_topics(place);
    let subscribe = |topic: &str| notes.subscribe(topic.to_owned(), 100, Overflow::Block);
    let (cats, again, dogs) = (subscribe("cats"), subscribe("cats"), subscribe("dogs"));
    publish(tx, (0..30).map(|n| note(["cats", "dogs", "fish"][n as usize % 3], n)));
    let every_third = |first: u32| (first..30).step_by(3).collect::<Vec<u32>>();
    assert_eq!(all(cats), every_third(0));
    assert_eq!(all(again), every_third(0));
    assert_eq!(all(dogs), every_third(1));
    assert_eq!(subscribe("cats").recv(), None, "it has ended");
}

fn values_that_nobody_subscribes_to_are_dropped(place: Place) {
    let (tx, notes) = of_topics(place);
    tx.send(note("cats", 1)).expect("it is received");
    turns();
    let cats = notes.subscribe("cats".to_owned(), 1, Overflow::Block);
    tx.send(note("cats", 2)).expect("it is received");
    drop(tx);
    assert_eq!(all(cats), [2]);
}

fn a_slow_topic_holds_up_the_others_without_a_buffer(place: Place) {
    let (tx, notes) = of_topics(place);
    let subscribe = |topic: &str, room| notes.subscribe(topic.to_owned(), room, Overflow::Block);
    let (slow, quick) = (subscribe("slow", 0), subscribe("quick", 9));
    publish(tx, [note("slow", 0), note("slow", 1), note("quick", 2)]);
    turns();
    assert_eq!(quick.len(), 0);
    assert_eq!(slow.recv(), Some(note("slow", 0)));
    turns();
    assert_eq!(quick.len(), 1);
}

fn a_buffer_of_its_own(place: Place) {
    let (tx, rx) = place.channel(0);
    let buffer = |topic: &String| (if topic == "slow" { 2 } else { 0 }, Overflow::Block);
    let notes = Pub::with_buffers(rx, |(topic, _): &Note| topic.clone(), buffer);
    let subscribe = |topic: &str, room| notes.subscribe(topic.to_owned(), room, Overflow::Block);
    let (slow, quick) = (subscribe("slow", 0), subscribe("quick", 9));
    // One waits to be accepted, two stand in the buffer, and the next has no room.
    publish(
        tx,
        [
            note("slow", 0),
            note("slow", 1),
            note("slow", 2),
            note("quick", 3),
            note("slow", 4),
            note("quick", 5),
        ],
    );
    turns();
    assert_eq!(quick.len(), 1);
    assert_eq!(slow.recv(), Some(note("slow", 0)));
    turns();
    assert_eq!(quick.len(), 2);
    assert_eq!(all(slow), [1, 2, 4], "all that the buffer holds is heard after the end of the source");
}

fn a_buffer_with_a_policy(place: Place) {
    let (tx, rx) = place.channel(0);
    let notes = Pub::with_buffers(rx, |(topic, _): &Note| topic.clone(), |_| (2, Overflow::DropOldest));
    let slow = notes.subscribe("slow".to_owned(), 0, Overflow::Block);
    let every = notes.subscribe("every".to_owned(), 9, Overflow::Block);
    publish(tx, (0..10).map(|n| note("slow", n)).chain([note("every", 10)]));
    assert_eq!(all(every), [10]);
    let heard = all(slow);
    assert_eq!((heard[0], &heard[heard.len() - 2..]), (0, &[8, 9][..]), "{heard:?}");
}

fn subscriptions_come_and_go(place: Place) {
    let (tx, notes) = of_topics(place);
    let (sender, cats) = place.channel(9);
    let sub = notes.subscribe_into("cats".to_owned(), sender.clone());
    tx.send(note("cats", 1)).expect("it is received");
    turns();
    assert!(notes.unsubscribe(&sub));
    assert!(!notes.unsubscribe(&sub), "it is gone");
    tx.send(note("cats", 2)).expect("it is received");
    turns();
    notes.subscribe_into("cats".to_owned(), sender.clone());
    assert!(!notes.unsubscribe(&sub), "it is another one");
    tx.send(note("cats", 3)).expect("it is received");
    turns();
    notes.unsubscribe_all(&"cats".to_owned());
    tx.send(note("cats", 4)).expect("it is received");
    turns();
    drop(sender);
    assert_eq!(all(cats), [1, 3]);
}

/// A buffer is asked for again when the topic has been without subscriptions.
fn a_topic_goes_with_its_last_subscription(place: Place) {
    let (tx, rx) = place.channel(0);
    let (asked, asks) = place.channel(9);
    let buffer = move |topic: &String| {
        asked.send(topic.clone()).expect("there is room");
        (0, Overflow::Block)
    };
    let notes = Pub::with_buffers(rx, |(topic, _): &Note| topic.clone(), buffer);
    let subscribe = || notes.subscribe("cats".to_owned(), 1, Overflow::Block);
    let (first, second) = (subscribe(), subscribe());
    assert_eq!(asks.try_iter().count(), 1);
    drop((first, second));
    // One finds the receivers gone, and the next finds no subscriptions.
    for n in 0..2 {
        tx.send(note("cats", n)).expect("it is received");
        turns();
    }
    let third = subscribe();
    assert_eq!(asks.try_iter().count(), 1);
    tx.send(note("cats", 3)).expect("it is received");
    assert_eq!(third.recv(), Some(note("cats", 3)));
}

fn a_pub_that_nobody_needs_lets_go(place: Place) {
    let (tx, notes) = of_topics(place);
    drop(notes);
    assert!(tx.send(note("cats", 1)).is_err());

    let (tx, notes) = of_topics(place);
    let cats = notes.subscribe("cats".to_owned(), 1, Overflow::Block);
    drop(notes);
    tx.send(note("cats", 1)).expect("it is received");
    assert_eq!(cats.recv(), Some(note("cats", 1)));
    drop(cats);
    // One finds the receiver gone, and the next finds no subscriptions.
    tx.send(note("cats", 2)).expect("nobody has told it yet");
    turns();
    tx.send(note("cats", 3)).expect("nobody has told it yet");
    task::block_on(tx.closed_async());
    assert!(tx.send(note("cats", 4)).is_err());
}

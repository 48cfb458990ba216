//! Operations by the clock: batch, debounce, throttle.
//!
//! Prints what came when, in milliseconds; exact in virtual time.

use std::fmt::Debug;
use std::time::Duration;

use flower::channel::Receiver;
use flower::{Instant, task};
use flower_guests::channels::Place;
use flower_guests::ms;

fn main() {
    for place in Place::ALL {
        println!("{place:?}");
        print("batch", at(place, &[0, 10, 20, 200, 210, 500]).batch(2, ms(50)));
        print("batch by time", at(place, &[0, 10, 20, 200, 210, 500]).batch(9, ms(50)));
        print("debounce", at(place, &[0, 10, 20, 200, 210, 500]).debounce(ms(50)));
        print("throttle", at(place, &[0, 10, 20, 200, 210, 500]).throttle(ms(100)));
        print("throttle at the end", at(place, &[0, 10, 20]).throttle(ms(100)));
        nothing_comes_of_nothing(place);
        whoever_is_not_received_from_lets_go(place);
    }
}

/// A channel that gives 0, 1 and so on at these times in milliseconds, and closes with the last.
fn at(place: Place, times: &'static [u64]) -> Receiver<u32> {
    let (tx, rx) = place.channel(0);
    let begin = Instant::now();
    task::spawn(async move {
        for (value, time) in (0..).zip(times) {
            task::sleep_until(begin + ms(*time)).await;
            tx.send_async(value).await.expect("somebody receives");
        }
    });
    rx
}

fn print<T: Debug + 'static>(what: &str, rx: Receiver<T>) {
    let begin = Instant::now();
    let mut line = format!("{what}:");
    for value in rx {
        line += &format!(" {}:{value:?}", begin.elapsed().as_millis());
    }
    println!("{line}");
}

fn nothing_comes_of_nothing(place: Place) {
    let never = Duration::from_secs(3600);
    assert_eq!(at(place, &[]).batch(3, never).recv(), None);
    assert_eq!(at(place, &[]).debounce(never).recv(), None);
    assert_eq!(at(place, &[]).throttle(never).recv(), None);
    // What is held is sent at the end, and not an hour later.
    assert_eq!(at(place, &[0, 1]).batch(3, never).recv(), Some(vec![0, 1]));
    assert_eq!(at(place, &[0, 1]).debounce(never).recv(), Some(1));
}

fn whoever_is_not_received_from_lets_go(place: Place) {
    for result in [
        |rx: Receiver<u32>| drop(rx.batch(3, ms(5))),
        |rx: Receiver<u32>| drop(rx.debounce(ms(5))),
        |rx: Receiver<u32>| drop(rx.throttle(ms(5))),
    ] {
        let (tx, rx) = place.channel(0);
        result(rx);
        task::block_on(tx.closed_async());
        assert!(tx.send(1).is_err());
    }
}

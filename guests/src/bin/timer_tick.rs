//! F19, F21: a ticker ticks at its pace until it is stopped, and not once more.
//!
//! Prints when the ticks came; exact in virtual time.

use flower::{
    Event, Instant, TimerRef, cancel_timer, interval, mailbox_len, receive, receive_any, self_pid, sleep,
    tick,
};
use flower_guests::ms;

fn main() {
    f19_three_ticks();
    f21_an_interval_of_ten_milliseconds();
}

fn f19_three_ticks() {
    let begin = Instant::now();
    let ticker = tick(ms(100)).expect("a timer is free");
    for count in 1..=3 {
        assert!(matches!(receive_any(), Event::Timer(fired) if fired == ticker));
        report("tick", begin, 100 * count);
    }
    stop(ticker, 300);
}

fn f21_an_interval_of_ten_milliseconds() {
    let begin = Instant::now();
    let timer = interval(ms(10), self_pid(), "again").expect("a timer is free");
    for count in 1..=3 {
        assert_eq!(receive(), Ok("again".to_owned()));
        report("again", begin, 10 * count);
    }
    stop(timer, 50);
}

fn report(what: &str, begin: Instant, due: u64) {
    let elapsed = begin.elapsed();
    assert!(elapsed >= ms(due), "{what} after {elapsed:?} instead of {due} ms");
    println!("{what} after {} ms", elapsed.as_millis());
}

/// Stops it and waits whether it comes again.
fn stop(timer: TimerRef, wait: u64) {
    assert!(cancel_timer(timer), "it would have gone on");
    // One that came before it was stopped may be there.
    flower::flush();
    let before = mailbox_len();
    sleep(ms(wait));
    assert_eq!(mailbox_len(), before, "it goes on");
}

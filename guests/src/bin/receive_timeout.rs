//! A6: a receive that waits in vain waits for exactly its time, whatever arrives meanwhile.
//!
//! Prints how long the waits took; exact in virtual time.

use std::time::Duration;

use flower::{
    Instant, ReceiveError, cancel_timer, flush, interval, pattern, receive_match_timeout, receive_timeout,
    self_pid, send,
};
use flower_guests::ms;
use serde_json::json;

fn main() {
    a6_no_time_at_all();
    a6_ten_milliseconds_three_times();
    a6_what_does_not_match_changes_nothing();
    a_message_in_time();
    after_a_wait_that_ended_early(ms(10), ms(30));
    after_a_wait_that_ended_early(ms(30), ms(10));
}

/// Waits, checks that it was not too short, and prints how long it was.
fn timed<R>(timeout: Duration, wait: impl FnOnce(Duration) -> R) -> R {
    let begin = Instant::now();
    let result = wait(timeout);
    let waited = begin.elapsed();
    assert!(waited >= timeout, "{waited:?} instead of {timeout:?}");
    println!("nothing for {} ms", waited.as_millis());
    result
}

fn a6_no_time_at_all() {
    assert_eq!(timed(ms(0), receive_timeout::<String>), Err(ReceiveError::Timeout));
}

fn a6_ten_milliseconds_three_times() {
    for _ in 0..3 {
        assert_eq!(timed(ms(10), receive_timeout::<String>), Err(ReceiveError::Timeout));
    }
}

fn a6_what_does_not_match_changes_nothing() {
    send(self_pid(), &json!({ "other": 1 })).expect("there is room");
    let noise = interval(ms(7), self_pid(), &json!({ "noise": true })).expect("a timer is free");
    assert!(timed(ms(30), |time| receive_match_timeout(&[pattern!({ "wanted": _ })], time)).is_none());
    let typed = timed(ms(30), |time| flower::receive! { n: u32 => Some(n), after time => None });
    assert_eq!(typed, Ok(None));
    cancel_timer(noise);
    assert_eq!(receive_timeout(ms(0)), Ok(json!({ "other": 1 })), "it stayed, and first");
    flush();
}

fn a_message_in_time() {
    flower::send_after(ms(5), self_pid(), "in time").expect("a timer is free");
    assert_eq!(receive_timeout(flower_guests::PATIENCE), Ok("in time".to_owned()));
}

/// What is left of the wait before, whose deadline is earlier or later, changes nothing.
fn after_a_wait_that_ended_early(before: Duration, timeout: Duration) {
    flower::send_after(ms(1), self_pid(), "early").expect("a timer is free");
    assert_eq!(receive_timeout(before), Ok("early".to_owned()));
    assert_eq!(timed(timeout, receive_timeout::<String>), Err(ReceiveError::Timeout));
}

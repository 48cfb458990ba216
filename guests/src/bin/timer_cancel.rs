//! Cancelling a timer cancels that one and no other, and says whether it was still to fire.

use flower::{
    Event, TimerRef, after, cancel_timer, flush, poll, receive, receive_any, self_pid, send_after, sleep,
    spawn, tick,
};
use flower_guests::{end_of, ms};

fn main() {
    exactly_one();
    after_it_has_fired();
    own_timers();
    the_end_of_its_owner();
}

fn exactly_one() {
    let timers = ["a", "b", "c"].map(|name| send_after(ms(10), self_pid(), name).expect("a timer is free"));
    assert!(cancel_timer(timers[1]));
    assert!(!cancel_timer(timers[1]), "it is cancelled");
    assert_eq!(receive(), Ok("a".to_owned()));
    assert_eq!(receive(), Ok("c".to_owned()));
    sleep(ms(5));
    assert_eq!(poll::<String>(), Ok(None));
}

fn after_it_has_fired() {
    let timer = send_after(ms(1), self_pid(), "fired").expect("a timer is free");
    assert_eq!(receive(), Ok("fired".to_owned()));
    assert!(!cancel_timer(timer));
    assert_eq!(TimerRef::all(), [], "one that has fired for good is gone");
}

fn own_timers() {
    let (first, second) = (after(ms(5)).expect("a timer is free"), after(ms(5)).expect("a timer is free"));
    let ticker = tick(ms(5)).expect("a timer is free");
    assert!(cancel_timer(first) && cancel_timer(ticker));
    assert!(matches!(receive_any(), Event::Timer(fired) if fired == second));
    sleep(ms(10));
    assert_eq!(flower::mailbox_len(), 0);
}

/// A timer ends with the actor that started it.
fn the_end_of_its_owner() {
    fn leave_a_timer(to: flower::Pid) {
        send_after(ms(10), to, "left behind").expect("a timer is free");
    }
    end_of(spawn(leave_a_timer, self_pid()));
    sleep(ms(20));
    assert_eq!(flush(), 0);
}

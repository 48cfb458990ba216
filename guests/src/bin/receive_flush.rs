//! A flush drops the messages, says how many there were, and leaves the signals.

use flower::{
    Down, Event, after, flush, mailbox_len, monitor, receive, receive_any, self_pid, send, sleep, spawn,
};
use flower_guests::{end_of, ms};

fn main() {
    assert_eq!((mailbox_len(), flush()), (0, 0));
    for number in 1..=5 {
        send(self_pid(), &number).expect("there is room");
    }
    assert_eq!(mailbox_len(), 5);
    assert_eq!(receive(), Ok(1));
    assert_eq!((mailbox_len(), flush(), mailbox_len()), (4, 4, 0));
    signals_stay();
}

fn signals_stay() {
    let dead = spawn(|()| (), ());
    end_of(dead);
    monitor(dead).expect("it may be monitored");
    let timer = after(ms(1)).expect("a timer is free");
    send(self_pid(), "message").expect("there is room");
    sleep(ms(2));
    assert_eq!(flush(), 1);
    let down: Down = receive().expect("the end");
    assert_eq!(down.pid, dead);
    assert!(matches!(receive_any(), Event::Timer(fired) if fired == timer));
    assert_eq!((mailbox_len(), flush()), (0, 0));
}

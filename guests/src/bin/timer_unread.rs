//! An interval leaves out a message while the one before is unread: a slow reader is not buried.

use flower::{Event, interval, mailbox_len, receive, receive_any, self_pid, sleep, tick};
use flower_guests::ms;

fn main() {
    let messages = interval(ms(5), self_pid(), "again").expect("a timer is free");
    let ticks = tick(ms(5)).expect("a timer is free");
    sleep(ms(100));
    assert_eq!(mailbox_len(), 2, "one of each");
    assert_eq!(receive(), Ok("again".to_owned()));
    assert!(matches!(receive_any(), Event::Timer(fired) if fired == ticks));
    sleep(ms(100));
    assert_eq!(mailbox_len(), 2, "they go on once they are read");
    assert!(flower::cancel_timer(messages) && flower::cancel_timer(ticks));
}

//! F20: timers fire in the order of their times, and at equal times in the order of their making.

use flower::{Instant, receive, self_pid, send_after};
use flower_guests::ms;

fn main() {
    let begin = Instant::now();
    for (delay, name) in [(40, "d"), (10, "a"), (30, "b"), (30, "c")] {
        send_after(ms(delay), self_pid(), name).expect("a timer is free");
    }
    for (due, expected) in [(10, "a"), (30, "b"), (30, "c"), (40, "d")] {
        assert_eq!(receive(), Ok(expected.to_owned()));
        assert!(begin.elapsed() >= ms(due));
    }
}

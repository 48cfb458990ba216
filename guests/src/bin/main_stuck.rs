//! Everybody waits for somebody else: the host says who waits for what, and exits with 3.

use flower::{Pid, Spawn, call, receive, self_pid, send, spawn_join};
use flower_guests::PATIENCE;

fn asks_and_waits((): ()) {
    let other: Pid = receive().expect("a pid");
    flower::request::<_, ()>(other, "who begins?").wait().expect("nobody does");
}

fn main() {
    assert_eq!(spawn_join(|()| 1, ()).join(), Ok(1));
    let first = Spawn::new(asks_and_waits, ()).name("first").spawn().expect("the name is free");
    let second = Spawn::new(asks_and_waits, ()).name("second").spawn().expect("the name is free");
    send(first, &second).expect("it waits");
    send(second, &first).expect("it waits");
    println!("{} waits for a message that nobody sends", self_pid());
    let nothing: u32 = receive().expect("it never comes");
    call::<_, ()>(first, &nothing, PATIENCE).expect("it is never asked");
}

//! Four generations. The last of them has names, a link, a watcher and messages that it has not read, and panics.

use flower::{Down, ExitReason, Pid, monitor, receive, register, self_pid, send, spawn, spawn_link};
use flower_guests::wait_for_ever;

fn main() {
    spawn(grandparent, self_pid());
    let heir: Pid = receive().expect("a pid");
    (0..20).for_each(|number| send(heir, &format!("message {number}")).expect("it waits"));
    monitor(heir).expect("it was handed over");
    send(heir, &5_u32).expect("it waits");
    let down: Down = receive().expect("the end");
    let ExitReason::Panic { message, .. } = down.reason else { panic!("{}", down.reason) };
    assert_eq!(message, "the heir got 5\nand \u{1b}[31mred");
}

fn grandparent(main: Pid) {
    spawn(parent, main);
    wait_for_ever();
}

fn parent(main: Pid) {
    spawn_link(heir, main);
    wait_for_ever();
}

fn heir(main: Pid) {
    for name in ["heir", "crown prince"] {
        register(name, self_pid()).expect("the name is free");
    }
    monitor(main).expect("it was handed over");
    send(main, &self_pid()).expect("it waits");
    let number = flower::receive! { number: u32 => number };
    inherit(number.expect("a number"));
}

#[inline(never)]
fn inherit(number: u32) {
    panic!("the heir got {number}\nand \u{1b}[31mred");
}

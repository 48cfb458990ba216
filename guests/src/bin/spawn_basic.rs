//! F5: a spawn gives a pid at once, and its actor is dead after its end. F6: serials grow.

use flower::{Pid, is_alive, parent, receive, self_pid, send, spawn};
use flower_guests::end_of;

fn main() {
    f5_a_pid_at_once_and_dead_after_the_end();
    f6_pids_print_as_distinct_growing_numbers();
    a_child_knows_its_parent();
}

fn f5_a_pid_at_once_and_dead_after_the_end() {
    // Run inline, it would wait for ever for what is sent after the spawn.
    let child = spawn(|()| receive::<()>().expect("a word to go"), ());
    assert!(is_alive(child));
    send(child, &()).expect("it waits");
    assert!(!end_of(child).is_abnormal());
    assert!(!is_alive(child));
}

fn f6_pids_print_as_distinct_growing_numbers() {
    let pids = [(); 3].map(|()| spawn(|()| {}, ()));
    assert!(pids.is_sorted_by(|a, b| a.serial() < b.serial() && a < b));
    for pid in pids {
        assert_eq!(pid.to_string(), format!("<0.{}>", pid.serial()));
    }
}

fn a_child_knows_its_parent() {
    assert_eq!(parent(), None, "the host spawned this one");
    spawn(|()| send(parent().expect("a parent"), &self_pid()).expect("it waits"), ());
    let child: Pid = receive().expect("a pid");
    assert_ne!(child, self_pid());
}

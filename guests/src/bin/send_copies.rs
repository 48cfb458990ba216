//! A13: a message is a copy: what its receiver does to it, its sender does not see.

use std::collections::HashMap;

use flower::{Pid, receive, self_pid, send, spawn};

type Lists = HashMap<String, Vec<u32>>;

fn main() {
    let lists: Lists = HashMap::from([("l".to_owned(), vec![1])]);
    let other = spawn(add_two, self_pid());
    send(other, &lists).expect("it waits");
    let changed: Lists = receive().expect("lists");
    assert_eq!(changed["l"], [1, 2]);
    assert_eq!(lists["l"], [1]);
}

fn add_two(to: Pid) {
    let mut lists: Lists = receive().expect("lists");
    lists.get_mut("l").expect("a list").push(2);
    send(to, &lists).expect("it waits");
}

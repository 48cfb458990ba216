//! An actor has left its groups before anybody hears of its death.

use flower::{
    Down, ExitSignal, Rights, Spawn, call, join_group_as, kill, members, monitor, receive, trap_exit,
};
use flower_guests::{PATIENCE, wait_for_ever};

fn main() {
    for _ in 0..100 {
        before_down();
    }
    before_an_exit_signal();
    before_the_end_of_a_call();
    before_a_join_returns();
}

fn join(pid: flower::Pid) {
    for group in ["a", "b"] {
        join_group_as(group, pid, Rights::PEER).expect("it lives, and there is room");
        assert_eq!(members(group), [pid]);
    }
}

fn assert_left() {
    assert_eq!((members("a"), members("b")), (vec![], vec![]));
}

fn before_down() {
    let pid = flower::spawn(|()| wait_for_ever(), ());
    join(pid);
    monitor(pid).expect("a spawner may");
    kill(pid).expect("a spawner may");
    let down: Down = receive().expect("the end");
    assert_eq!(down.pid, pid);
    assert_left();
}

fn before_an_exit_signal() {
    trap_exit(true);
    let pid = Spawn::new(|()| wait_for_ever(), ()).link().spawn().expect("there is room");
    join(pid);
    kill(pid).expect("a spawner may");
    let _: ExitSignal = receive().expect("the end");
    assert_left();
    trap_exit(false);
}

fn before_the_end_of_a_call() {
    let pid = flower::spawn(|()| drop(flower::receive_request::<()>()), ());
    join(pid);
    assert!(call::<_, ()>(pid, &(), PATIENCE).is_err());
    assert_left();
}

fn before_a_join_returns() {
    let handle = flower::spawn_join(|()| receive::<u8>().expect("a word to go"), ());
    join(handle.pid());
    flower::send(&handle, &1_u8).expect("it waits");
    assert_eq!(handle.join(), Ok(1));
    assert_left();
}

//! Name, link and monitor are there before the new actor runs; a name that is taken refuses the spawn.

use flower::{
    Down, ExitReason, ExitSignal, Spawn, SpawnError, exit, receive, receive_timeout, send, trap_exit, whereis,
};
use flower_guests::PATIENCE;

fn main() {
    a_name();
    a_link();
    a_monitor();
}

fn a_name() {
    let wait = || Spawn::new(|()| receive::<()>().expect("a word to go"), ()).name("waiter");
    let waiter = wait().label("the one that waits").spawn_join().expect("the name is free");
    assert_eq!(whereis("waiter"), Some(waiter.pid()));
    assert_eq!(wait().spawn(), Err(SpawnError::NameTaken));
    send("waiter", &()).expect("it waits");
    assert_eq!(waiter.join(), Ok(()));
    assert_eq!(whereis("waiter"), None);
}

fn a_link() {
    assert!(!trap_exit(true));
    let child = Spawn::new(|()| (), ()).link().spawn().expect("there is room");
    let signal: ExitSignal = receive_timeout(PATIENCE).expect("the end of the link");
    assert_eq!((signal.pid, signal.reason.is_abnormal()), (child, false));
    assert!(trap_exit(false));
}

fn a_monitor() {
    fn fails((): ()) {
        exit(ExitReason::error(&1))
    }
    let (child, monitor) = Spawn::new(fails, ()).spawn_monitor().expect("there is room");
    let down: Down = receive_timeout(PATIENCE).expect("the end");
    assert_eq!((down.pid, down.monitor, down.reason.value()), (child, monitor, Ok(1)));
}

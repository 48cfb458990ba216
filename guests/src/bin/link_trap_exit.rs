//! Who traps exits learns of the end of its links by a signal, once each, and lives on.

use flower::{
    ExitReason, ExitSignal, Pid, exit, link, poll, receive, send, sleep, spawn, spawn_join, spawn_link,
    trap_exit, unlink,
};
use flower_guests::{end_of, ms};

fn wait((): ()) {
    exit(receive::<ExitReason>().expect("a reason"))
}

fn main() {
    assert!(!trap_exit(true));
    a_signal_with_the_reason();
    linked_twice_is_linked_once();
    unlinked();
    unlinked_when_it_is_too_late();
    the_dead();
    both_ways();
    assert!(trap_exit(false));
}

fn next() -> (Pid, ExitReason) {
    let signal: ExitSignal = receive().expect("an exit signal");
    (signal.pid, signal.reason)
}

fn aborts((): ()) {
    std::process::abort()
}

fn a_signal_with_the_reason() {
    for reason in [ExitReason::normal(&4), ExitReason::shutdown(), ExitReason::error("broken")] {
        let child = spawn_link(wait, ());
        send(child, &reason).expect("it waits");
        assert_eq!(next(), (child, reason));
    }
    let child = spawn_link(aborts, ());
    let (pid, reason) = next();
    assert_eq!(pid, child);
    assert!(matches!(reason, ExitReason::Trap { .. }), "{reason}");
}

fn linked_twice_is_linked_once() {
    let child = spawn_link(wait, ());
    link(child).expect("a spawner may");
    send(child, &ExitReason::shutdown()).expect("it waits");
    assert_eq!(next(), (child, ExitReason::shutdown()));
    end_of(child);
    assert_eq!(poll::<ExitSignal>(), Ok(None));
}

fn unlinked() {
    let child = spawn_link(wait, ());
    unlink(child).expect("the host made it");
    send(child, &ExitReason::error("unseen")).expect("it waits");
    end_of(child);
    sleep(ms(1));
    assert_eq!(poll::<ExitSignal>(), Ok(None));
    link(child).expect("the signal comes later");
    assert_eq!(next(), (child, ExitReason::NoProcess));
}

/// The news has come already, and is dropped.
fn unlinked_when_it_is_too_late() {
    let (child, watch) = flower::Spawn::new(aborts, ()).link().spawn_monitor().expect("there is room");
    // A link is told before a monitor.
    let down: flower::Down = receive().expect("the end");
    assert_eq!((down.pid, down.monitor), (child, watch));
    unlink(child).expect("the host made it");
    assert_eq!(poll::<ExitSignal>(), Ok(None));
}

fn the_dead() {
    let dead = spawn(|()| (), ());
    end_of(dead);
    link(dead).expect("the signal comes later");
    assert_eq!(next(), (dead, ExitReason::NoProcess));
}

/// A link has no direction: the child sees the end of its parent too.
fn both_ways() {
    fn child((): ()) {
        trap_exit(true);
        send(flower::parent().expect("a parent"), "ready").expect("it waits");
        let signal: ExitSignal = receive().expect("an exit signal");
        send("witness", &signal.reason).expect("it waits");
    }
    fn parent((): ()) {
        spawn_link(child, ());
        assert_eq!(receive(), Ok("ready".to_owned()));
    }
    flower::register("witness", flower::self_pid()).expect("the name is free");
    assert_eq!(spawn_join(parent, ()).join(), Ok(()));
    let reason: ExitReason = receive().expect("a reason");
    assert!(!reason.is_abnormal(), "{reason}");
}

//! A monitor tells of an end once, with the reason, even of one long ago; a demonitor ends that.

use flower::{
    Down, ExitReason, MonitorRef, demonitor, exit, monitor, poll, receive, send, sleep, spawn, spawn_join,
    spawn_monitor,
};
use flower_guests::{end_of, ms};

fn wait((): ()) {
    exit(receive::<ExitReason>().expect("a reason"))
}

fn main() {
    every_monitor_once();
    many_watchers();
    the_dead();
    demonitored();
    demonitored_when_it_is_too_late();
}

fn next() -> (MonitorRef, ExitReason) {
    let down: Down = receive().expect("the end");
    (down.monitor, down.reason)
}

fn every_monitor_once() {
    let (child, first) = spawn_monitor(wait, ());
    let second = monitor(child).expect("it may be monitored");
    assert_eq!(MonitorRef::all(), [first, second]);
    send(child, &ExitReason::error("seen twice")).expect("it waits");
    let mut seen = [next(), next()];
    seen.sort_by_key(|(monitor, _)| *monitor);
    assert_eq!(seen, [first, second].map(|monitor| (monitor, ExitReason::error("seen twice"))));
    assert_eq!((MonitorRef::all(), poll::<Down>()), (vec![], Ok(None)));
}

fn many_watchers() {
    let child = spawn(wait, ());
    let watchers = [(); 20].map(|()| spawn_join(end_of, child));
    send(child, &ExitReason::shutdown()).expect("it waits");
    for watcher in watchers {
        let reason = watcher.join().expect("it returns");
        // On several threads a watcher may come too late to learn more.
        assert!([ExitReason::shutdown(), ExitReason::NoProcess].contains(&reason), "{reason}");
    }
}

fn the_dead() {
    let dead = spawn(|()| (), ());
    end_of(dead);
    for _ in 0..3 {
        let watch = monitor(dead).expect("it may be monitored");
        assert_eq!(next(), (watch, ExitReason::NoProcess));
    }
}

fn demonitored() {
    let (child, first) = spawn_monitor(wait, ());
    let second = monitor(child).expect("it may be monitored");
    assert!(demonitor(first), "it had not ended");
    assert!(!demonitor(first));
    send(child, &ExitReason::shutdown()).expect("it waits");
    assert_eq!(next(), (second, ExitReason::shutdown()));
    assert_eq!(poll::<Down>(), Ok(None));
}

/// The news has come already, and is dropped.
fn demonitored_when_it_is_too_late() {
    let (child, watch) = spawn_monitor(|()| (), ());
    while flower::is_alive(child) {
        sleep(ms(1));
    }
    sleep(ms(1));
    assert!(!demonitor(watch), "it had ended");
    assert_eq!(poll::<Down>(), Ok(None));
}

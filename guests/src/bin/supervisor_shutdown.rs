//! How children are stopped, and what ends a supervisor.

use flower::supervisor::{Child, Shutdown, Strategy, Supervisor, terminate_child};
use flower::{
    Event, ExitReason, Instant, Pid, exit, exit_signal, is_alive, kill, link, monitor, parent, poll, receive,
    receive_any, self_pid, send, sleep, spawn, stop, trap_exit, unlink,
};
use flower_guests::supervision::{
    How, child, children_without, end_child, expect_told, member, member_spec, stop_supervisor, tell,
};
use flower_guests::{PATIENCE, end_of, ms, wait_for_ever};

fn main() {
    a_signal_and_time();
    too_late();
    brutally();
    without_a_limit();
    in_the_middle_of_a_loop();
    one_that_unlinked();
    parents_end();
    the_supervisor_is_killed();
    others_signals_do_nothing();
}

fn supervise(child: Child) -> Pid {
    Supervisor::new(Strategy::OneForOne).child(child).start_link().expect("it can be started")
}

/// Stops the child, and tells its reason.
fn stopped(supervisor: Pid, id: &str) -> ExitReason {
    let pid = child(supervisor, id);
    let watch = monitor(pid).expect("it may be monitored");
    terminate_child(supervisor, id).expect("there is such a child");
    let down: flower::Down = receive().expect("a monitor tells of the end");
    assert_eq!(down.monitor, watch);
    assert!(!is_alive(pid), "the supervisor waited");
    down.reason
}

/// Traps exits, and takes so many milliseconds to end when it is told to.
fn slow(to: Pid, takes: u64) {
    trap_exit(true);
    flower::supervisor::init_ack();
    let Event::Exit(signal) = receive_any() else { panic!("it is told to end") };
    assert_eq!((Some(signal.pid), signal.reason), (parent(), ExitReason::shutdown()));
    tell(to, "told to end");
    sleep(ms(takes));
    tell(to, "ready");
    exit(ExitReason::shutdown())
}

fn slow_child(takes: u64, shutdown: Shutdown) -> Child {
    Child::new("slow", slow, (self_pid(), takes)).acknowledged(PATIENCE).shutdown(shutdown)
}

fn a_signal_and_time() {
    let supervisor = supervise(slow_child(10, Shutdown::Timeout(PATIENCE)));
    assert_eq!(stopped(supervisor, "slow"), ExitReason::shutdown());
    expect_told(&["told to end", "ready"]);
    stop_supervisor(supervisor);
    // Who does not trap exits just ends.
    let supervisor = supervise(Child::new("plain", |()| wait_for_ever(), ()));
    assert_eq!(stopped(supervisor, "plain"), ExitReason::shutdown());
    stop_supervisor(supervisor);
}

fn too_late() {
    let supervisor = supervise(slow_child(60_000, Shutdown::Timeout(ms(20))));
    let start = Instant::now();
    assert_eq!(stopped(supervisor, "slow"), ExitReason::Killed);
    assert!(start.elapsed() >= ms(20));
    expect_told(&["told to end"]);
    stop_supervisor(supervisor);
}

fn brutally() {
    let supervisor = supervise(slow_child(0, Shutdown::BrutalKill));
    assert_eq!(stopped(supervisor, "slow"), ExitReason::Killed);
    assert_eq!(poll::<String>(), Ok(None), "it was never told");
    stop_supervisor(supervisor);
}

fn without_a_limit() {
    let supervisor = supervise(slow_child(50, Shutdown::Infinity));
    stop_supervisor(supervisor);
    expect_told(&["told to end", "ready"]);
}

fn in_the_middle_of_a_loop() {
    fn endless((): ()) {
        loop {
            std::hint::spin_loop();
        }
    }
    let supervisor = supervise(Child::new("endless", endless, ()));
    assert_eq!(stopped(supervisor, "endless"), ExitReason::shutdown());
    stop_supervisor(supervisor);
}

/// A link can be removed by either side; the supervisor sees the end of a child that did so, and stops it.
fn one_that_unlinked() {
    fn naughty(to: Pid, id: String) {
        unlink(parent().expect("a supervisor")).expect("the host made it");
        member(to, id)
    }
    let naughty = Child::new("naughty", naughty, (self_pid(), "naughty".to_owned())).acknowledged(PATIENCE);
    let supervisor = supervise(naughty);
    end_child(supervisor, "naughty", How::Error);
    expect_told(&["+naughty", "+naughty"]);
    let pid = child(supervisor, "naughty");
    stop_supervisor(supervisor);
    expect_told(&["-naughty"]);
    assert!(!is_alive(pid));
}

/// A supervisor ends with its parent, for its reason, whatever that is; its children are stopped in order.
fn parents_end() {
    fn parent(to: Pid) {
        let child = |id: &str| Child::new(id, member, (to, id.to_owned())).acknowledged(PATIENCE);
        let supervisor =
            Supervisor::new(Strategy::OneForOne).child(child("a")).child(child("b")).start_link();
        send(to, &supervisor.expect("it can be started")).expect("it waits");
        flower_guests::supervision::end(flower::receive! { how: How => how }.expect("how to end"))
    }
    for (how, expected) in [
        (How::Normal, ExitReason::normal(&5)),
        (How::Shutdown, ExitReason::shutdown()),
        (How::Error, ExitReason::error("broken")),
        // Only the host may say that somebody was killed.
        (How::Killed, ExitReason::error("killed")),
    ] {
        let parent = spawn(parent, self_pid());
        let supervisor: Pid = flower::receive! { supervisor: Pid => supervisor }.expect("a pid");
        expect_told(&["+a", "+b"]);
        monitor(supervisor).expect("it may be monitored");
        send(parent, &how).expect("it waits");
        expect_told(&["-b", "-a"]);
        let down: flower::Down = receive().expect("a monitor tells of the end");
        assert_eq!((down.pid, down.reason), (supervisor, expected));
    }
}

/// Nobody is left to stop its children in order: their links end them.
fn the_supervisor_is_killed() {
    let supervisor = supervise(Child::new("plain", |()| wait_for_ever(), ()));
    let plain = child(supervisor, "plain");
    monitor(plain).expect("it may be monitored");
    unlink(supervisor).expect("the host made it");
    kill(supervisor).expect("a starter may");
    let down: flower::Down = receive().expect("a monitor tells of the end");
    assert_eq!((down.pid, down.reason), (plain, ExitReason::Killed));
}

/// An exit signal ends a supervisor only when its parent sends it; whoever may end it can `stop` it.
fn others_signals_do_nothing() {
    fn other(supervisor: Pid) {
        link(supervisor).expect("it was handed over with all rights");
        exit_signal(supervisor, ExitReason::error("of somebody else")).expect("it may");
        exit(ExitReason::error("of a link"))
    }
    let supervisor = supervise(member_spec("a"));
    expect_told(&["+a"]);
    let other = spawn(other, supervisor);
    end_of(other);
    send(supervisor, "no request").expect("it waits");
    let here = child(supervisor, "a");
    assert!(is_alive(here));
    assert_eq!(children_without(supervisor, other).len(), 1);
    unlink(supervisor).expect("the host made it");
    assert_eq!(stop(supervisor), Ok(true));
    expect_told(&["-a"]);
}

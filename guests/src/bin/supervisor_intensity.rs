//! Restart storms stop at the intensity, and leave nothing behind; a restart that fails is tried again, and keeps nobody waiting.

use std::time::Duration;

use flower::supervisor::{
    Child, ChildError, ChildState, Strategy, Supervisor, count_children, delete_child, restart_child,
    start_child, terminate_child, which_children,
};
use flower::{
    CallError, Down, ExitReason, Pid, flush, monitor, receive, register, self_pid, send, unlink, unregister,
    whereis, yield_now,
};
use flower_guests::supervision::{How, child, end, end_child, expect_told, member_spec, stop_supervisor};
use flower_guests::{end_of, ms};

const HOUR: Duration = Duration::from_secs(3600);

fn main() {
    a_storm_ends_at_the_intensity();
    whoever_storms_the_others_are_stopped();
    none_at_all();
    a_start_that_fails_is_tried_again();
    a_start_that_fails_for_good();
    what_can_be_done_meanwhile();
}

/// Tells that it runs, and fails.
fn doomed(to: Pid) {
    send(to, &()).expect("it waits");
    end(How::Panic)
}

/// The reason for which a supervisor ends by itself.
fn gives_up(supervisor: Supervisor) -> ExitReason {
    let supervisor = supervisor.spawn_link().expect("it can be spawned");
    unlink(supervisor).expect("the host made it");
    match end_of(supervisor) {
        // It was quicker.
        ExitReason::NoProcess => ExitReason::shutdown(),
        reason => reason,
    }
}

fn a_storm_ends_at_the_intensity() {
    for intensity in [1, 5, 100] {
        let doomed = Child::new("doomed", doomed, self_pid()).name("doomed");
        let supervisor =
            Supervisor::new(Strategy::OneForOne).intensity(intensity).period(HOUR).name("top").child(doomed);
        assert_eq!(gives_up(supervisor), ExitReason::shutdown());
        assert_eq!(flush(), 1 + intensity as usize, "the first start, and so many restarts");
        assert_eq!((whereis("top"), whereis("doomed")), (None, None));
    }
}

fn whoever_storms_the_others_are_stopped() {
    for (strategy, told) in [
        (Strategy::OneForOne, &["+a", "+b", "-b", "-a"][..]),
        (Strategy::RestForOne, &["+a", "+b", "-b", "+b", "-b", "+b", "-b", "-a"]),
        (Strategy::OneForAll, &["+a", "+b", "-b", "-a", "+a", "+b", "-b", "-a", "+a", "+b", "-b", "-a"]),
    ] {
        // It fails when it is told to, so that its neighbours have started.
        let supervisor = Supervisor::new(strategy).intensity(2).period(HOUR);
        let supervisor =
            supervisor.child(member_spec("a")).child(Child::new("storm", waits, ())).child(member_spec("b"));
        let supervisor = supervisor.start_link().expect("all can be started");
        unlink(supervisor).expect("the host made it");
        monitor(supervisor).expect("it may be monitored");
        for _ in 0..2 {
            end_child(supervisor, "storm", How::Trap);
        }
        send(child(supervisor, "storm"), &How::Trap).expect("it waits");
        let down: Down = receive().expect("a monitor tells of the end");
        assert_eq!((down.pid, down.reason), (supervisor, ExitReason::shutdown()));
        expect_told(told);
    }
}

fn waits((): ()) {
    end(receive().expect("how to end"))
}

fn none_at_all() {
    let doomed = Child::new("doomed", doomed, self_pid());
    let supervisor = Supervisor::new(Strategy::OneForOne).intensity(0).child(doomed);
    assert_eq!(gives_up(supervisor), ExitReason::shutdown());
    assert_eq!(flush(), 1);
}

/// A supervisor whose child has ended, and cannot be started again, as the caller has its name.
fn in_trouble(intensity: u32) -> Pid {
    let supervisor = Supervisor::new(Strategy::OneForOne).intensity(intensity).period(HOUR).quiet();
    let supervisor = supervisor.child(Child::new("named", waits, ()).name("wanted")).child(member_spec("a"));
    let supervisor = supervisor.start_link().expect("both can be started");
    unlink(supervisor).expect("the host made it");
    expect_told(&["+a"]);
    let named = child(supervisor, "named");
    assert!(unregister("wanted"));
    register("wanted", self_pid()).expect("the name is free");
    send(named, &How::Error).expect("it waits");
    supervisor
}

fn state(supervisor: Pid) -> ChildState {
    which_children(supervisor).expect("it answers")[0].state
}

fn a_start_that_fails_is_tried_again() {
    let supervisor = in_trouble(u32::MAX);
    while state(supervisor) != ChildState::Restarting {
        yield_now();
    }
    // It keeps trying, and answers.
    for _ in 0..10 {
        assert_eq!(count_children(supervisor).expect("it answers").active, 1);
    }
    assert!(unregister("wanted"));
    while state(supervisor) == ChildState::Restarting {
        yield_now();
    }
    assert_eq!(whereis("wanted"), Some(child(supervisor, "named")));
    stop_supervisor(supervisor);
    expect_told(&["-a"]);
}

/// Each attempt counts.
fn a_start_that_fails_for_good() {
    let supervisor = in_trouble(20);
    end_of(supervisor);
    expect_told(&["-a"]);
    assert!(unregister("wanted"));
}

fn what_can_be_done_meanwhile() {
    let supervisor = in_trouble(u32::MAX);
    while state(supervisor) != ChildState::Restarting {
        yield_now();
    }
    assert_eq!(restart_child(supervisor, "named"), Err(ChildError::Restarting));
    assert_eq!(delete_child(supervisor, "named"), Err(ChildError::Restarting));
    assert_eq!(start_child(supervisor, Child::new("named", waits, ())), Err(ChildError::AlreadyPresent));
    assert_eq!(terminate_child(supervisor, "named"), Ok(()));
    assert_eq!(state(supervisor), ChildState::Stopped);
    // Nobody tries any more.
    assert!(unregister("wanted"));
    flower::sleep(ms(5));
    assert_eq!(state(supervisor), ChildState::Stopped);
    let named = restart_child(supervisor, "named").expect("the name is free");
    assert_eq!(whereis("wanted"), Some(named));
    stop_supervisor(supervisor);
    expect_told(&["-a"]);
    assert_eq!(which_children(supervisor), Err(ChildError::Call(CallError::NoActor)));
}

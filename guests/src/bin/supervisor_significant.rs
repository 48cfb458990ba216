//! Significant children: when their ends end their supervisor.

use flower::supervisor::{
    AutoShutdown, Child, Restart, Strategy, Supervisor, start_child_with, terminate_child,
};
use flower::{Down, ExitReason, Pid, is_alive, monitor, receive, self_pid, send, unlink};
use flower_guests::PATIENCE;
use flower_guests::supervision::{
    How, child, children_without, end_child, expect_told, member, member_spec, stop_supervisor,
};

fn main() {
    for strategy in [Strategy::OneForOne, Strategy::OneForAll, Strategy::RestForOne] {
        any_ends_it(strategy);
        all_end_it(strategy);
    }
    a_restart_is_no_end();
    a_request_is_no_end();
    all_alike();
}

fn significant(id: &str, restart: Restart) -> Child {
    member_spec(id).restart(restart).significant()
}

/// With an ordinary child first.
fn supervise(auto_shutdown: AutoShutdown, strategy: Strategy, children: [Child; 2]) -> Pid {
    let supervisor = Supervisor::new(strategy).auto_shutdown(auto_shutdown).intensity(9);
    let supervisor = supervisor.child(member_spec("plain")).children(children).start_link();
    let supervisor = supervisor.expect("all can be started");
    unlink(supervisor).expect("the host made it");
    expect_told(&["+plain", "+s1", "+s2"]);
    supervisor
}

#[track_caller]
fn expect_end(supervisor: Pid, cause: impl FnOnce()) {
    monitor(supervisor).expect("it may be monitored");
    cause();
    let down: Down = receive().expect("a monitor tells of the end");
    assert_eq!((down.pid, down.reason), (supervisor, ExitReason::shutdown()));
}

/// Which ends are ends: of a transient child the good ones, of a temporary one all.
const ENDS: [(Restart, How); 6] = [
    (Restart::Transient, How::Normal),
    (Restart::Transient, How::Shutdown),
    (Restart::Transient, How::ShutdownValue),
    (Restart::Temporary, How::Normal),
    (Restart::Temporary, How::Error),
    (Restart::Temporary, How::Killed),
];

fn any_ends_it(strategy: Strategy) {
    for (restart, how) in ENDS {
        let children = ["s1", "s2"].map(|id| significant(id, restart));
        let supervisor = supervise(AutoShutdown::AnySignificant, strategy, children);
        let first = child(supervisor, "s1");
        expect_end(supervisor, || send(first, &how).expect("it waits"));
        expect_told(&["-s2", "-plain"]);
    }
}

fn all_end_it(strategy: Strategy) {
    for (restart, how) in ENDS {
        let children = ["s1", "s2"].map(|id| significant(id, restart));
        let supervisor = supervise(AutoShutdown::AllSignificant, strategy, children);
        end_child(supervisor, "s2", how);
        assert!(is_alive(supervisor));
        let first = child(supervisor, "s1");
        expect_end(supervisor, || send(first, &how).expect("it waits"));
        expect_told(&["-plain"]);
    }
}

/// Nor is the end of one that is not significant.
fn a_restart_is_no_end() {
    let children = [significant("s1", Restart::Transient), member_spec("s2").restart(Restart::Temporary)];
    let supervisor = supervise(AutoShutdown::AnySignificant, Strategy::OneForOne, children);
    end_child(supervisor, "s1", How::Error);
    end_child(supervisor, "s2", How::Normal);
    end_child(supervisor, "plain", How::Normal);
    expect_told(&["+s1", "+plain"]);
    stop_supervisor(supervisor);
    expect_told(&["-s1", "-plain"]);
}

/// Only what children do by themselves counts.
fn a_request_is_no_end() {
    let children = ["s1", "s2"].map(|id| significant(id, Restart::Temporary));
    let supervisor = supervise(AutoShutdown::AnySignificant, Strategy::OneForOne, children);
    terminate_child(supervisor, "s1").expect("there is such a child");
    terminate_child(supervisor, "s2").expect("there is such a child");
    expect_told(&["-s1", "-s2"]);
    stop_supervisor(supervisor);
    expect_told(&["-plain"]);
}

fn all_alike() {
    let template = Child::new("alike", member, (self_pid(), "none".to_owned())).acknowledged(PATIENCE);
    let template = template.restart(Restart::Temporary).significant();
    let supervisor = Supervisor::new(Strategy::SimpleOneForOne).auto_shutdown(AutoShutdown::AllSignificant);
    let supervisor = supervisor.child(template).start_link().expect("it can be started");
    unlink(supervisor).expect("the host made it");
    let children = ["a", "b"]
        .map(|id| start_child_with(supervisor, &(self_pid(), id.to_owned())).expect("it can be started"));
    expect_told(&["+a", "+b"]);
    send(children[0], &How::Error).expect("it waits");
    assert_eq!(children_without(supervisor, children[0]).len(), 1);
    expect_end(supervisor, || send(children[1], &How::Normal).expect("it waits"));
}

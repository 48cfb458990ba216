//! Whom a strategy restarts with a child: in which order, and what that means for each kind of neighbour.

use flower::Pid;
use flower::supervisor::{ChildInfo, ChildState, Restart, Strategy, Supervisor, terminate_child};
use flower_guests::supervision::{
    How, child, end_child, expect_nothing_told, expect_told, member_spec, stop_supervisor,
};

fn main() {
    one_for_all_stops_in_reverse_order();
    rest_for_one_leaves_those_before();
    temporary_neighbours_are_removed();
    those_that_had_ended_are_started_again();
    a_normal_end_of_a_transient_child_moves_nobody();
    every_end_of_a_temporary_child_moves_nobody();
}

/// With the members `a`, `b`, `c`, of which the second has this restart.
fn supervise(strategy: Strategy, b: Restart) -> Pid {
    let supervisor = Supervisor::new(strategy).intensity(9);
    let supervisor =
        supervisor.child(member_spec("a")).child(member_spec("b").restart(b)).child(member_spec("c"));
    let supervisor = supervisor.start_link().expect("all can be started");
    expect_told(&["+a", "+b", "+c"]);
    supervisor
}

fn ids(children: &[ChildInfo]) -> Vec<&str> {
    children.iter().map(|child| child.id.as_str()).collect()
}

fn one_for_all_stops_in_reverse_order() {
    let supervisor = supervise(Strategy::OneForAll, Restart::Permanent);
    end_child(supervisor, "b", How::Trap);
    expect_told(&["-c", "-a", "+a", "+b", "+c"]);
    end_child(supervisor, "a", How::Normal);
    expect_told(&["-c", "-b", "+a", "+b", "+c"]);
    stop_supervisor(supervisor);
    expect_told(&["-c", "-b", "-a"]);
}

fn rest_for_one_leaves_those_before() {
    let supervisor = supervise(Strategy::RestForOne, Restart::Permanent);
    end_child(supervisor, "b", How::Trap);
    expect_told(&["-c", "+b", "+c"]);
    end_child(supervisor, "c", How::Error);
    expect_told(&["+c"]);
    end_child(supervisor, "a", How::Error);
    expect_told(&["-c", "-b", "+a", "+b", "+c"]);
    stop_supervisor(supervisor);
    expect_told(&["-c", "-b", "-a"]);
}

fn temporary_neighbours_are_removed() {
    for (strategy, first) in [(Strategy::OneForAll, "c"), (Strategy::RestForOne, "a")] {
        let supervisor = supervise(strategy, Restart::Temporary);
        let children = end_child(supervisor, first, How::Error);
        assert_eq!(ids(&children), ["a", "c"]);
        let told: &[&str] = if first == "c" { &["-b", "-a", "+a", "+c"] } else { &["-c", "-b", "+a", "+c"] };
        expect_told(told);
        stop_supervisor(supervisor);
        expect_told(&["-c", "-a"]);
    }
}

/// As in OTP: whoever is in the group is started, also one that had returned, or was stopped by request.
fn those_that_had_ended_are_started_again() {
    let supervisor = supervise(Strategy::OneForAll, Restart::Transient);
    let children = end_child(supervisor, "b", How::Normal);
    assert_eq!((children[1].id.as_str(), children[1].state), ("b", ChildState::Stopped));
    terminate_child(supervisor, "a").expect("there is such a child");
    expect_told(&["-a"]);
    end_child(supervisor, "c", How::Panic);
    expect_told(&["+a", "+b", "+c"]);
    stop_supervisor(supervisor);
    expect_told(&["-c", "-b", "-a"]);
}

fn a_normal_end_of_a_transient_child_moves_nobody() {
    for strategy in [Strategy::OneForAll, Strategy::RestForOne] {
        for how in [How::Normal, How::Shutdown, How::ShutdownValue] {
            let supervisor = supervise(strategy, Restart::Transient);
            end_child(supervisor, "b", how);
            expect_nothing_told();
            stop_supervisor(supervisor);
            expect_told(&["-c", "-a"]);
        }
    }
}

fn every_end_of_a_temporary_child_moves_nobody() {
    for strategy in [Strategy::OneForAll, Strategy::RestForOne] {
        let supervisor = supervise(strategy, Restart::Temporary);
        let a = child(supervisor, "a");
        assert_eq!(ids(&end_child(supervisor, "b", How::Panic)), ["a", "c"]);
        expect_nothing_told();
        assert_eq!(child(supervisor, "a"), a);
        stop_supervisor(supervisor);
        expect_told(&["-c", "-a"]);
    }
}

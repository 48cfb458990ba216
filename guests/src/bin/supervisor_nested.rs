//! Trees: a supervisor is a child like any other, and what it cannot mend, its own supervisor sees to.

use std::time::Duration;

use flower::supervisor::{
    Child, ChildState, ChildType, Restart, StartError, Strategy, Supervisor, count_children, which_children,
};
use flower::{Down, ExitReason, Pid, SpawnError, is_alive, monitor, receive, send, unlink};
use flower_guests::supervision::{
    How, child, children_without, end_child, expect_told, member_spec, stop_supervisor,
};

const HOUR: Duration = Duration::from_secs(3600);

fn main() {
    started_and_stopped_depth_first();
    a_failure_goes_up();
    one_that_gave_up_is_no_failure_to_a_transient_child();
    a_start_that_fails_below();
    a_subtree_is_killed();
}

/// With two children.
fn middle(name: &str) -> Supervisor {
    let ids = [1, 2].map(|n| format!("{name}{n}"));
    Supervisor::new(Strategy::OneForOne).period(HOUR).children(ids.iter().map(|id| member_spec(id)))
}

fn started_and_stopped_depth_first() {
    let top = Supervisor::new(Strategy::OneForOne)
        .child(Child::supervisor("left", middle("left")))
        .child(member_spec("worker"))
        .child(Child::supervisor("right", middle("right")));
    let top = top.start_link().expect("all can be started");
    expect_told(&["+left1", "+left2", "+worker", "+right1", "+right2"]);
    let counts = count_children(top).expect("it answers");
    assert_eq!((counts.specs, counts.active, counts.supervisors, counts.workers), (3, 3, 2, 1));
    let types: Vec<_> =
        which_children(top).expect("it answers").iter().map(|child| child.child_type).collect();
    assert_eq!(types, [ChildType::Supervisor, ChildType::Worker, ChildType::Supervisor]);
    stop_supervisor(top);
    expect_told(&["-right2", "-right1", "-worker", "-left2", "-left1"]);
}

/// The leaf fails twice, which is once too often for its supervisor; the third and fourth failure are too often
/// for the one above.
fn a_failure_goes_up() {
    let top =
        Supervisor::new(Strategy::OneForOne).period(HOUR).child(Child::supervisor("middle", middle("m")));
    let top = top.start_link().expect("all can be started");
    unlink(top).expect("the host made it");
    monitor(top).expect("it may be monitored");
    expect_told(&["+m1", "+m2"]);
    let first = child(top, "middle");
    end_child(first, "m1", How::Error);
    expect_told(&["+m1"]);
    send(child(first, "m1"), &How::Error).expect("it waits");
    expect_told(&["-m2", "+m1", "+m2"]);
    children_without(top, first);
    let second = child(top, "middle");
    assert!(second != first && !is_alive(first));
    // It starts with a clean slate.
    end_child(second, "m1", How::Error);
    expect_told(&["+m1"]);
    send(child(second, "m1"), &How::Error).expect("it waits");
    expect_told(&["-m2"]);
    let down: Down = receive().expect("a monitor tells of the end");
    assert_eq!((down.pid, down.reason), (top, ExitReason::shutdown()));
    assert!(!is_alive(second));
}

/// It ends with `Shutdown`, which is a good order to those who only look for failures: as in OTP.
fn one_that_gave_up_is_no_failure_to_a_transient_child() {
    let middle = Supervisor::new(Strategy::OneForOne).intensity(0).child(member_spec("m"));
    let middle = Child::supervisor("middle", middle).restart(Restart::Transient);
    let top = Supervisor::new(Strategy::OneForOne).child(middle).start_link().expect("all can be started");
    expect_told(&["+m"]);
    let before = child(top, "middle");
    send(child(before, "m"), &How::Panic).expect("it waits");
    let children = children_without(top, before);
    assert_eq!(children[0].state, ChildState::Stopped);
    stop_supervisor(top);
}

fn a_start_that_fails_below() {
    let inner = Supervisor::new(Strategy::OneForOne).child(member_spec("a")).child(Child::entry(
        "bad",
        "nowhere",
        (),
    ));
    let top =
        Supervisor::new(Strategy::OneForAll).child(member_spec("b")).child(Child::supervisor("inner", inner));
    let nested = |id: &str, error| StartError::Child { id: id.to_owned(), error: Box::new(error) };
    let refused = StartError::Refused(SpawnError::NoEntry);
    assert_eq!(top.start_link(), Err::<Pid, _>(nested("inner", nested("bad", refused))));
    expect_told(&["+b", "+a", "-a", "-b"]);
}

/// A supervisor that is killed takes its children with it, and comes back with new ones.
fn a_subtree_is_killed() {
    fn plain((): ()) {
        flower_guests::wait_for_ever();
    }
    let middle = Supervisor::new(Strategy::OneForOne).child(Child::new("plain", plain, ()));
    let top = Supervisor::new(Strategy::OneForOne).child(Child::supervisor("middle", middle));
    let top = top.start_link().expect("all can be started");
    let before = child(top, "middle");
    let leaf = child(before, "plain");
    monitor(leaf).expect("it may be monitored");
    flower::kill(before).expect("a pid from the top has all rights");
    let down: Down = receive().expect("a monitor tells of the end");
    assert_eq!((down.pid, down.reason), (leaf, ExitReason::Killed));
    children_without(top, before);
    let after = child(top, "middle");
    assert!(is_alive(child(after, "plain")));
    stop_supervisor(top);
}

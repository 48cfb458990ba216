//! What a supervisor can be asked while it runs, by whoever knows its pid or its name, and what it refuses.

use std::time::Duration;

use flower::supervisor::{
    Child, ChildError, ChildInfo, ChildState, ChildType, Counts, Restart, StartError, Strategy, Supervisor,
    count_children, delete_child, restart_child, start_child, terminate_child, which_children,
};
use flower::{CallError, ExitReason, Pid, SpawnError, call, is_alive, send, spawn_join};
use flower_guests::PATIENCE;
use flower_guests::supervision::{
    How, child, end_child, expect_nothing_told, expect_told, member_spec, stop_supervisor,
};

fn main() {
    which_and_count();
    start();
    start_of_what_cannot_be();
    terminate();
    restart();
    delete();
    by_name_and_by_others();
    what_is_no_request();
    of_nobody();
}

fn supervise() -> Pid {
    let supervisor = Supervisor::new(Strategy::OneForOne).intensity(9).child(member_spec("a"));
    let supervisor = supervisor.start_link().expect("it can be started");
    expect_told(&["+a"]);
    supervisor
}

fn ended(supervisor: Pid, told: &[&str]) {
    stop_supervisor(supervisor);
    expect_told(told);
    expect_nothing_told();
}

fn which_and_count() {
    let supervisor = supervise();
    let state = ChildState::Running(child(supervisor, "a"));
    let (child_type, restart) = (ChildType::Worker, Restart::Permanent);
    let expected = ChildInfo { id: "a".to_owned(), state, child_type, restart };
    assert_eq!(which_children(supervisor), Ok(vec![expected]));
    let counts = Counts { specs: 1, active: 1, supervisors: 0, workers: 1 };
    assert_eq!(count_children(supervisor), Ok(counts));
    terminate_child(supervisor, "a").expect("there is such a child");
    assert_eq!(count_children(supervisor), Ok(Counts { active: 0, ..counts }));
    assert_eq!(which_children(supervisor).expect("it answers")[0].state, ChildState::Stopped);
    ended(supervisor, &["-a"]);
}

fn start() {
    let supervisor = supervise();
    let b = start_child(supervisor, member_spec("b")).expect("the id is free");
    expect_told(&["+b"]);
    assert_eq!(b, child(supervisor, "b"));
    assert_eq!(start_child(supervisor, member_spec("b")), Err(ChildError::AlreadyStarted(b)));
    terminate_child(supervisor, "b").expect("there is such a child");
    assert_eq!(start_child(supervisor, member_spec("b")), Err(ChildError::AlreadyPresent));
    expect_told(&["-b"]);
    // It is supervised like the others.
    start_child(supervisor, member_spec("c")).expect("the id is free");
    end_child(supervisor, "c", How::Trap);
    expect_told(&["+c", "+c"]);
    ended(supervisor, &["-c", "-a"]);
}

fn broken((): ()) {
    flower::exit(ExitReason::error("broken"))
}

/// Nothing is added by a start that fails.
fn start_of_what_cannot_be() {
    let supervisor = supervise();
    let failed = |child| match start_child(supervisor, child) {
        Err(ChildError::Start(error)) => error,
        other => panic!("{other:?}"),
    };
    assert_eq!(failed(Child::entry("b", "nowhere", ())), StartError::Refused(SpawnError::NoEntry));
    assert_eq!(failed(member_spec("b").module("nobody")), StartError::Refused(SpawnError::Invalid));
    assert_eq!(failed(member_spec("b").significant()), StartError::Significant);
    let broken = Child::new("b", broken, ()).acknowledged(PATIENCE);
    assert_eq!(failed(broken), StartError::Ended(ExitReason::error("broken")));
    let unneeded = || Child::new("b", |()| (), ()).acknowledged(PATIENCE);
    assert_eq!(failed(unneeded().restart(Restart::Temporary)), StartError::Ignored);
    assert_eq!(count_children(supervisor).map(|counts| counts.specs), Ok(1));
    // But for one that is not needed now, and may be later.
    assert_eq!(failed(unneeded()), StartError::Ignored);
    assert_eq!(restart_child(supervisor, "b"), Err(ChildError::Start(StartError::Ignored)));
    assert_eq!(delete_child(supervisor, "b"), Ok(()));
    ended(supervisor, &["-a"]);
}

fn terminate() {
    let supervisor = supervise();
    let a = child(supervisor, "a");
    assert_eq!(terminate_child(supervisor, "a"), Ok(()));
    assert!(!is_alive(a));
    assert_eq!(terminate_child(supervisor, "a"), Ok(()), "it need not run");
    assert_eq!(terminate_child(supervisor, "b"), Err(ChildError::NotFound));
    assert_eq!(terminate_child(supervisor, a), Err(ChildError::NotFound));
    expect_told(&["-a"]);
    start_child(supervisor, member_spec("b").restart(Restart::Temporary)).expect("the id is free");
    assert_eq!(terminate_child(supervisor, child(supervisor, "b")), Ok(()));
    expect_told(&["+b", "-b"]);
    assert_eq!(terminate_child(supervisor, "b"), Err(ChildError::NotFound), "a temporary one is forgotten");
    ended(supervisor, &[]);
}

fn restart() {
    let supervisor = supervise();
    assert_eq!(restart_child(supervisor, "a"), Err(ChildError::Running));
    assert_eq!(restart_child(supervisor, "b"), Err(ChildError::NotFound));
    terminate_child(supervisor, "a").expect("there is such a child");
    let a = restart_child(supervisor, "a").expect("it can be started");
    assert_eq!(a, child(supervisor, "a"));
    expect_told(&["-a", "+a"]);
    start_child(supervisor, member_spec("b").restart(Restart::Transient)).expect("the id is free");
    end_child(supervisor, "b", How::Normal);
    restart_child(supervisor, "b").expect("it can be started");
    expect_told(&["+b", "+b"]);
    ended(supervisor, &["-b", "-a"]);
}

fn delete() {
    let supervisor = supervise();
    assert_eq!(delete_child(supervisor, "a"), Err(ChildError::Running));
    assert_eq!(delete_child(supervisor, "b"), Err(ChildError::NotFound));
    terminate_child(supervisor, "a").expect("there is such a child");
    assert_eq!(delete_child(supervisor, "a"), Ok(()));
    assert_eq!(delete_child(supervisor, "a"), Err(ChildError::NotFound));
    assert_eq!(which_children(supervisor), Ok(vec![]));
    start_child(supervisor, member_spec("a")).expect("the id is free again");
    expect_told(&["-a", "+a"]);
    ended(supervisor, &["-a"]);
}

fn by_name_and_by_others() {
    fn other((): ()) -> usize {
        start_child("top", Child::new("b", |()| flower_guests::wait_for_ever(), ())).expect("the id is free");
        count_children("top").expect("it answers").active
    }
    let supervisor = Supervisor::new(Strategy::OneForOne).name("top").child(member_spec("a"));
    let supervisor = supervisor.start_link().expect("it can be started");
    expect_told(&["+a"]);
    assert_eq!(spawn_join(other, ()).join(), Ok(2));
    assert_eq!(which_children("top"), which_children(supervisor));
    ended(supervisor, &["-a"]);
}

/// It is dropped; a supervisor is not disturbed.
fn what_is_no_request() {
    let supervisor = supervise();
    send(supervisor, "no request").expect("it waits");
    let answer = call::<_, ()>(supervisor, "no request either", Duration::from_millis(5));
    assert_eq!(answer, Err(CallError::Timeout));
    assert_eq!(count_children(supervisor).map(|counts| counts.active), Ok(1));
    ended(supervisor, &["-a"]);
}

fn of_nobody() {
    assert_eq!(count_children("nobody"), Err(ChildError::Call(CallError::NoName)));
    let supervisor = supervise();
    ended(supervisor, &["-a"]);
    assert_eq!(count_children(supervisor), Err(ChildError::Call(CallError::NoActor)));
}

//! A tree of actors from two modules: children of each, supervisors of each, and what may not cross.
//!
//! Needs `--module other=` with the path of `supervisor_modules_other`.

use flower::supervisor::{
    Child, ChildError, ChildType, StartError, Strategy, Supervisor, start_child, which_children,
};
use flower::{Pid, call, register, self_pid, send};
use flower_guests::PATIENCE;
use flower_guests::supervision::{
    How, child, children_without, end_child, expect_told, member_spec, stop_supervisor,
};

fn main() {
    register("main", self_pid()).expect("the name is free");
    workers_of_both();
    a_supervisor_of_the_other();
    functions_do_not_cross();
}

fn workers_of_both() {
    let supervisor = Supervisor::new(Strategy::OneForAll)
        .intensity(9)
        .child(member_spec("here"))
        .child(
            Child::entry("process", "follower", "process".to_owned()).module("other").acknowledged(PATIENCE),
        )
        .child(Child::entry("handler", "Counter", 5_u32).module("other"));
    let supervisor = supervisor.start_link().expect("all can be started");
    expect_told(&["+here", "+process"]);
    assert_eq!(call(child(supervisor, "handler"), &How::Normal, PATIENCE), Ok(6_u32));
    assert_eq!(call(child(supervisor, "handler"), &How::Normal, PATIENCE), Ok(7_u32));
    end_child(supervisor, "process", How::Panic);
    expect_told(&["-here", "+here", "+process"]);
    assert_eq!(call(child(supervisor, "handler"), &How::Normal, PATIENCE), Ok(6_u32), "it began anew");
    end_child(supervisor, "handler", How::Trap);
    expect_told(&["-process", "-here", "+here", "+process"]);
    stop_supervisor(supervisor);
    expect_told(&["-process", "-here"]);
}

/// It runs in an entry of its module, and acknowledges its start like any child.
fn a_supervisor_of_the_other() {
    let below = Child::entry("below", "supervise", ()).module("other");
    let below = below.child_type(ChildType::Supervisor).acknowledged(PATIENCE);
    let top = Supervisor::new(Strategy::OneForOne).child(below).child(member_spec("here"));
    let top = top.start_link().expect("all can be started");
    expect_told(&["+one", "+two", "+here"]);
    let below = child(top, "below");
    end_child(below, "one", How::Error);
    expect_told(&["+one"]);
    // What it cannot bear, this module's supervisor mends.
    send(child(below, "one"), &How::Error).expect("it waits");
    expect_told(&["-two", "+one", "+two"]);
    children_without(top, below);
    let ids: Vec<String> = of(child(top, "below"));
    assert_eq!(ids, ["one", "two"]);
    stop_supervisor(top);
    expect_told(&["-here", "-two", "-one"]);
}

fn of(supervisor: Pid) -> Vec<String> {
    which_children(supervisor).expect("it answers").into_iter().map(|child| child.id).collect()
}

/// The other module's supervisor starts its own entries when it is asked to, and no function of this one.
fn functions_do_not_cross() {
    let below = Child::entry("below", "supervise", ()).module("other").acknowledged(PATIENCE);
    let top = Supervisor::new(Strategy::OneForOne).child(below).start_link().expect("all can be started");
    expect_told(&["+one", "+two"]);
    let below = child(top, "below");
    let refused = ChildError::Start(StartError::OtherProgram);
    assert_eq!(start_child(below, member_spec("function")), Err(refused));
    let entry = Child::entry("three", "follower", "three".to_owned()).acknowledged(PATIENCE);
    start_child(below, entry).expect("it is an entry of its module");
    expect_told(&["+three"]);
    stop_supervisor(top);
    expect_told(&["-three", "-two", "-one"]);
}

//! What the guests about supervisors have in common: children that end as they are told to, and what
//! they tell of it.

use std::process;

use flower::supervisor::{Child, ChildInfo, init_ack, which_children};
use flower::{
    Event, ExitReason, Pid, exit, kill, parent, poll, receive, receive_any, self_pid, send, stop, trap_exit,
    unlink, yield_now,
};
use serde::{Deserialize, Serialize};

use crate::{PATIENCE, end_of};

/// How an actor can end.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is the reason of that name")]
pub enum How {
    Normal,
    Shutdown,
    ShutdownValue,
    Error,
    Panic,
    Trap,
    Limit,
    ExitCode,
    Killed,
}

/// Ends the calling actor.
pub fn end(how: How) -> ! {
    match how {
        How::Normal => exit(ExitReason::normal(&5)),
        How::Shutdown => exit(ExitReason::shutdown()),
        How::ShutdownValue => match ExitReason::normal("drained") {
            ExitReason::Normal(value) => exit(ExitReason::Shutdown(value)),
            other => unreachable!("{other}"),
        },
        How::Error => exit(ExitReason::error("broken")),
        How::Panic => panic!("boom"),
        How::Trap => process::abort(),
        How::Limit => unreachable!("{} frames", exhaust(1)),
        How::ExitCode => process::exit(3),
        How::Killed => {
            kill(self_pid()).expect("everybody may");
            unreachable!("it is dead")
        }
    }
}

#[expect(unconditional_recursion, reason = "that is the test")]
#[inline(never)]
fn exhaust(n: u32) -> u32 {
    exhaust(n.rotate_left(1)).wrapping_mul(31).rotate_left(n)
}

/// A child that tells `to` that it has started (`+id`) and that it is stopped (`-id`), and ends as it is
/// told to.
pub fn member(to: Pid, id: String) {
    trap_exit(true);
    tell(to, &format!("+{id}"));
    init_ack();
    loop {
        match receive_any() {
            Event::Message(message) => end(message.decode().expect("how to end")),
            Event::Exit(signal) if Some(signal.pid) == parent() => {
                tell(to, &format!("-{id}"));
                exit(signal.reason)
            }
            _ => {}
        }
    }
}

/// Tells what nobody may wait for any more.
pub fn tell(to: Pid, what: &str) {
    let _ = send(to, what);
}

/// The specification of a [`member`] that tells the caller. It acknowledges its start, so that what
/// several tell comes in the order in which they were started.
pub fn member_spec(id: &str) -> Child {
    Child::new(id, member, (self_pid(), id.to_owned())).acknowledged(PATIENCE)
}

/// Takes what children have told, and fails unless it is this.
#[track_caller]
pub fn expect_told(expected: &[&str]) {
    let told: Vec<String> = expected.iter().map(|_| receive().expect("a text")).collect();
    assert_eq!(told, expected);
}

/// Fails if children have told anything more.
#[track_caller]
pub fn expect_nothing_told() {
    assert_eq!(poll::<String>(), Ok(None));
}

/// The actor that a child is, by its id.
#[track_caller]
pub fn child(supervisor: Pid, id: &str) -> Pid {
    let children = which_children(supervisor).expect("it answers");
    let child = children.iter().find(|child| child.id == id).expect("there is such a child");
    child.pid().expect("the child runs")
}

/// The children of a supervisor, once it has seen the end of this actor.
pub fn children_without(supervisor: Pid, ended: Pid) -> Vec<ChildInfo> {
    loop {
        let children = which_children(supervisor).expect("it answers");
        if children.iter().all(|child| child.pid() != Some(ended)) {
            return children;
        }
        yield_now();
    }
}

/// Tells a child how to end, and returns once its supervisor has seen to that.
pub fn end_child(supervisor: Pid, id: &str, how: How) -> Vec<ChildInfo> {
    let child = child(supervisor, id);
    send(child, &how).expect("it waits");
    children_without(supervisor, child)
}

/// Stops a supervisor that the caller is linked with, and waits for its end.
pub fn stop_supervisor(supervisor: Pid) {
    unlink(supervisor).expect("the host made it");
    stop(supervisor).expect("a starter may");
    end_of(supervisor);
}

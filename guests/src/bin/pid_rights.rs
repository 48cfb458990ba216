//! A pid does what its rights say: what it lacks is refused, and no right is ever won back.

use flower::{
    CallError, ExitReason, Pid, PidError, Rights, SendError, call, exit_signal, is_alive, kill, link,
    monitor, names_of, receive, register, self_pid, send, spawn, start_request, stop, unlink, unregister,
    whereis,
};
use flower_guests::{PATIENCE, end_of};

fn main() {
    let actor = spawn(|()| receive::<()>().expect("a word to go"), ());
    assert_eq!((actor.rights(), self_pid().rights()), (Rights::ALL, Rights::ALL));
    may_only_send(restrict(actor, Rights::SEND));
    may_only_monitor(restrict(actor, Rights::MONITOR));
    may_do_nothing(restrict(actor, Rights(0)));
    a_name_gives_no_more_than_it_was_given(actor);
    through_a_message(actor);
    send(restrict(actor, Rights::SEND), &()).expect("it may be sent to");
    end_of(actor);
}

/// Fewer rights to the same actor; asking for more than there are does not give them.
fn restrict(pid: Pid, rights: Rights) -> Pid {
    let restricted = pid.restrict(rights).expect("the host made it");
    assert_eq!(restricted, pid, "it is the same actor");
    let widened = restricted.restrict(Rights::ALL).expect("the host made it");
    assert_eq!((restricted.rights(), widened.rights()), (rights, rights));
    widened
}

fn may_not_end(pid: Pid) {
    assert_eq!(link(pid), Err(PidError::NotPermitted));
    assert_eq!(kill(pid), Err(PidError::NotPermitted));
    assert_eq!(stop(pid), Err(PidError::NotPermitted));
    assert_eq!(exit_signal(pid, ExitReason::shutdown()), Err(PidError::NotPermitted));
    assert_eq!(unlink(pid), Ok(()), "there is no link to lose");
    assert!(is_alive(pid));
}

fn may_not_send(pid: Pid) {
    assert_eq!(send(pid, "?"), Err(SendError::NotPermitted));
    assert_eq!(flower::send_after(PATIENCE, pid, "?"), Err(SendError::NotPermitted));
    assert_eq!(flower::notify_room(pid), Err(SendError::NotPermitted));
    assert_eq!(call::<_, ()>(pid, "?", PATIENCE), Err(CallError::NotPermitted));
    assert_eq!(start_request(pid, "?", PATIENCE), Err(CallError::NotPermitted));
}

fn may_only_send(pid: Pid) {
    may_not_end(pid);
    assert_eq!(monitor(pid), Err(PidError::NotPermitted));
}

fn may_only_monitor(pid: Pid) {
    may_not_end(pid);
    may_not_send(pid);
    assert!(flower::demonitor(monitor(pid).expect("it may be monitored")));
}

fn may_do_nothing(pid: Pid) {
    may_not_end(pid);
    may_not_send(pid);
    assert_eq!(monitor(pid), Err(PidError::NotPermitted));
    assert_eq!(names_of(pid), Ok(vec![]));
}

fn a_name_gives_no_more_than_it_was_given(actor: Pid) {
    register("mute", restrict(actor, Rights::MONITOR)).expect("the name is free");
    let found = whereis("mute").expect("it is registered");
    assert_eq!((found, found.rights()), (actor, Rights::MONITOR));
    assert_eq!(send("mute", "?"), Err(SendError::NotPermitted));
    assert!(unregister("mute"));
}

fn through_a_message(actor: Pid) {
    send(self_pid(), &restrict(actor, Rights::PEER)).expect("there is room");
    let received: Pid = receive().expect("a pid");
    assert_eq!(received.rights(), Rights::PEER);
    assert_eq!(kill(received), Err(PidError::NotPermitted));
}

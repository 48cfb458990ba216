//! The sender of a message can be answered and monitored, but neither linked with nor ended.

use flower::{
    Down, Envelope, ExitReason, Pid, PidError, Rights, exit_signal, kill, link, monitor, parent, receive,
    self_pid, send, spawn, spawn_join, stop,
};

fn main() {
    let other = spawn(talk, self_pid());
    let message: Envelope = receive().expect("an envelope holds any message");
    has_the_rights_of_a_peer(message.sender());
    assert_eq!(message.sender(), other);
    let watch = monitor(message.sender()).expect("a peer may be monitored");
    send(message.sender(), &()).expect("a peer may be sent to");
    let down: Down = receive().expect("the end");
    assert_eq!(down.monitor, watch);
    has_the_rights_of_a_peer(down.pid);

    let parent = spawn_join(|()| has_the_rights_of_a_peer(parent().expect("a parent")), ());
    assert_eq!(parent.join(), Ok(()));
}

fn talk(to: Pid) {
    send(to, "hello").expect("it waits");
    receive::<()>().expect("an answer");
}

fn has_the_rights_of_a_peer(pid: Pid) {
    assert_eq!(pid.rights(), Rights::PEER);
    assert_eq!(link(pid), Err(PidError::NotPermitted));
    assert_eq!(kill(pid), Err(PidError::NotPermitted));
    assert_eq!(stop(pid), Err(PidError::NotPermitted));
    assert_eq!(exit_signal(pid, ExitReason::shutdown()), Err(PidError::NotPermitted));
}

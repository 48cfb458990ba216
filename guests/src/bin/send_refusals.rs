//! A11, P10: what cannot be delivered is refused with its cause, to the sender, at once.

use std::collections::HashMap;

use flower::{
    CallError, Instant, Raw, SendError, call, interval, notify_room, request, self_pid, send, send_after,
    send_bytes, send_wait, spawn, start_request,
};
use flower_guests::{PATIENCE, end_of, ms, wait_for_ever};

fn main() {
    a11_p10_a_dead_actor();
    nobody_of_that_name();
    too_large();
    not_to_be_encoded();
}

fn a11_p10_a_dead_actor() {
    let dead = spawn(|()| (), ());
    end_of(dead);
    assert_eq!(send(dead, "tell"), Err(SendError::NoActor));
    assert_eq!(send_bytes(dead, b"tell"), Err(SendError::NoActor));
    assert_eq!(send_wait(dead, "tell", PATIENCE), Err(SendError::NoActor));
    assert_eq!(send_after(ms(1), dead, "tell"), Err(SendError::NoActor));
    assert_eq!(interval(ms(1), dead, "tell"), Err(SendError::NoActor));
    assert_eq!(notify_room(dead), Err(SendError::NoActor));

    let begin = Instant::now();
    assert_eq!(call::<_, ()>(dead, "ask", PATIENCE), Err(CallError::NoActor));
    assert_eq!(request::<_, ()>(dead, "ask").wait(), Err(CallError::NoActor));
    assert_eq!(start_request(dead, "ask", PATIENCE), Err(CallError::NoActor));
    assert!(begin.elapsed() < PATIENCE);
}

fn nobody_of_that_name() {
    assert_eq!(send("nobody", "tell"), Err(SendError::NoName));
    assert_eq!(send_wait("nobody", "tell", PATIENCE), Err(SendError::NoName));
    assert_eq!(send_after(ms(1), "nobody", "tell"), Err(SendError::NoName));
    assert_eq!(call::<_, ()>("nobody", "ask", PATIENCE), Err(CallError::NoName));
}

fn too_large() {
    let large = Raw(vec![0; (16 << 20) + 1]);
    assert_eq!(send(self_pid(), &large), Err(SendError::TooLarge));
    assert_eq!(send_after(ms(1), self_pid(), &large), Err(SendError::TooLarge));
    let other = spawn(|()| wait_for_ever(), ());
    assert_eq!(call::<_, ()>(other, &large, PATIENCE), Err(CallError::TooLarge));
}

/// JSON has no maps with such keys.
fn not_to_be_encoded() {
    let map = HashMap::from([((1, 2), 3)]);
    assert!(matches!(send(self_pid(), &map), Err(SendError::Encode(_))));
    assert_eq!(flower::mailbox_len(), 0);
}

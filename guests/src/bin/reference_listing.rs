//! What is outstanding can be listed by kind, the oldest first, and is never the same number twice.

use flower::{
    MonitorRef, RequestRef, RoomRef, Spawn, TimerRef, after, call, cancel_timer, demonitor, monitor,
    notify_room, receive_request, self_pid, send, sleep, start_request, tick,
};
use flower_guests::{PATIENCE, ms};

fn counts() -> [usize; 4] {
    [MonitorRef::all().len(), TimerRef::all().len(), RequestRef::all().len(), RoomRef::all().len()]
}

/// Leaves its mailbox alone.
fn busy(to: flower::Pid) {
    call::<_, ()>(to, &(), PATIENCE).expect("an answer");
}

fn main() {
    let other = Spawn::new(busy, self_pid()).mailbox_len_max(2).spawn().expect("there is room");
    let ((), _reply) = receive_request().expect("it asks");
    assert_eq!(counts(), [0; 4]);

    let timers = [after(PATIENCE).expect("a timer is free"), tick(ms(1)).expect("a timer is free")];
    let monitors = [(); 3].map(|()| monitor(other).expect("it may be monitored"));
    let request = start_request(other, "?", PATIENCE).expect("there is room");
    send(other, "the last that has room").expect("there is room");
    let room = notify_room(other).expect("it is full");
    assert_eq!((TimerRef::all(), MonitorRef::all()), (timers.to_vec(), monitors.to_vec()));
    assert_eq!((RequestRef::all(), RoomRef::all()), (vec![request], vec![room]));

    sleep(ms(3));
    assert_eq!(TimerRef::all(), timers, "one that ticks is still outstanding");
    assert!(demonitor(monitors[1]) && cancel_timer(timers[0]));
    assert_eq!(counts(), [2, 1, 1, 1]);
    assert!(request.cancel() && room.cancel() && !room.cancel());
    assert_eq!(counts(), [2, 1, 0, 0]);

    let next = monitor(other).expect("it may be monitored");
    assert!(next > monitors[2] && next.id() > room.id(), "numbers only grow");
}

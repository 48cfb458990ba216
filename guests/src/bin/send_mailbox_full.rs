//! A full mailbox refuses messages and says so, but neither replies nor the news of an end.

use flower::{
    CallError, Down, JoinHandle, Pid, Reply, SendError, Spawn, call, is_alive, monitor, poll, receive,
    receive_request, self_pid, send, spawn, start_request,
};
use flower_guests::{PATIENCE, end_of};

fn main() {
    full_by_count();
    full_by_bytes();
}

/// Waits for a reply, which needs no room, and then takes what there is.
fn hoard((opener, helper): (Pid, Pid)) -> Vec<String> {
    monitor(helper).expect("it may be monitored");
    call::<_, ()>(opener, &(), PATIENCE).expect("it opens");
    let down: Down = receive().expect("the end of the helper");
    assert_eq!(down.pid, helper);
    std::iter::from_fn(|| poll().expect("a text")).collect()
}

/// Starts the hoarder and has it wait.
fn start(
    spawn_it: impl FnOnce(Spawn<'_, Vec<String>>) -> Spawn<'_, Vec<String>>,
) -> (JoinHandle<Vec<String>>, Reply) {
    let helper = spawn(|()| (), ());
    end_of(helper);
    let hoarder = spawn_it(Spawn::new(hoard, (self_pid(), helper))).spawn_join().expect("there is room");
    let ((), reply) = receive_request().expect("it asks");
    (hoarder, reply)
}

fn full_by_count() {
    let (hoarder, reply) = start(|spawn| spawn.mailbox_len_max(2));
    assert_eq!(send(&hoarder, "one"), Ok(()));
    assert_eq!(send(&hoarder, "two"), Ok(()));
    assert_eq!(send(&hoarder, "three"), Err(SendError::MailboxFull));
    assert_eq!(call::<_, ()>(&hoarder, "four", PATIENCE), Err(CallError::MailboxFull));
    assert_eq!(start_request(&hoarder, "five", PATIENCE), Err(CallError::MailboxFull));
    assert!(is_alive(hoarder.pid()));
    reply.send(&()).expect("it waits");
    assert_eq!(hoarder.join(), Ok(vec!["one".to_owned(), "two".to_owned()]));
}

fn full_by_bytes() {
    let (hoarder, reply) = start(|spawn| spawn.mailbox_bytes_max(20));
    assert_eq!(send(&hoarder, "ten bytes"), Ok(()));
    assert_eq!(send(&hoarder, "ten bytes more"), Err(SendError::MailboxFull));
    assert_eq!(send(&hoarder, "small"), Ok(()));
    reply.send(&()).expect("it waits");
    assert_eq!(hoarder.join(), Ok(vec!["ten bytes".to_owned(), "small".to_owned()]));
}

//! A broadcast: every member gets a copy of its own, from the sender, and one that is full or has ended
//! keeps it from no other.

use flower::{
    Broadcast, Envelope, Pid, Raw, Request, Rights, SendError, Spawn, broadcast, call, join_group,
    join_group_as, leave_group, members, receive, receive_any, self_pid, send, spawn,
};
use flower_guests::{PATIENCE, end_of};

/// More than one page of a listing, and than one host call of a broadcast.
const MANY: usize = 1500;

fn main() {
    nobody();
    from_the_sender_to_everybody();
    the_sender_too();
    a_full_mailbox_keeps_it_from_no_other();
    a_message_that_is_too_large_goes_to_nobody();
    large_messages();
    to_many();
}

/// Joins, and answers with what it hears.
fn listener(group: String, parent: Pid) {
    join_group(&group).expect("there is room");
    send(parent, &()).expect("it waits");
    let heard: Envelope = receive().expect("an envelope holds any message");
    let text: String = heard.decode().expect("text");
    send(heard.sender(), &(self_pid(), text)).expect("it waits");
}

fn listeners(group: &str, count: usize) -> Vec<Pid> {
    let pids = (0..count).map(|_| spawn(listener, (group.to_owned(), self_pid()))).collect();
    (0..count).for_each(|_| receive().expect("they join"));
    pids
}

/// What so many listeners answer, by the order of their spawning.
fn answers(count: usize) -> Vec<(Pid, String)> {
    let mut answers: Vec<(Pid, String)> = (0..count).map(|_| receive().expect("an answer")).collect();
    answers.sort();
    answers
}

fn nobody() {
    assert_eq!(broadcast("nobody", "?"), Ok(Broadcast::default()));
}

fn from_the_sender_to_everybody() {
    let [a, b] = [listeners("a", 3), listeners("b", 2)];
    assert_eq!(broadcast("a", "hello"), Ok(Broadcast { accepted: 3, refused: 0 }));
    assert_eq!(answers(3), a.iter().map(|pid| (*pid, "hello".to_owned())).collect::<Vec<_>>());
    assert_eq!(broadcast("b", "world").map(|sent| sent.accepted), Ok(2));
    assert_eq!(answers(2), b.iter().map(|pid| (*pid, "world".to_owned())).collect::<Vec<_>>());
    a.into_iter().chain(b).for_each(|pid| drop(end_of(pid)));
    assert_eq!((members("a"), members("b")), (vec![], vec![]));
}

fn the_sender_too() {
    join_group("own").expect("there is room");
    assert_eq!(broadcast("own", &7_u32).map(|sent| sent.accepted), Ok(1));
    assert_eq!(receive::<u32>(), Ok(7));
    leave_group("own").expect("it is a member");
}

fn a_full_mailbox_keeps_it_from_no_other() {
    let small = Spawn::new(asked_once, ()).mailbox_len_max(1).spawn().expect("there is room");
    join_group_as("full", small, Rights::PEER).expect("there is room");
    let others = listeners("full", 2);
    send(small, "it is full now").expect("there is room for one");
    assert_eq!(broadcast("full", "hello"), Ok(Broadcast { accepted: 2, refused: 1 }));
    assert_eq!(answers(2).len(), others.len());
    send(small, "?").expect_err("it has not looked yet");
    flower::kill(small).expect("a spawner may");
    others.into_iter().chain([small]).for_each(|pid| drop(end_of(pid)));
}

fn asked_once((): ()) {
    flower_guests::wait_for_ever();
}

fn a_message_that_is_too_large_goes_to_nobody() {
    listeners("large", 1);
    let huge = Raw(vec![0; (16 << 20) + 1]);
    assert_eq!(broadcast("large", &huge), Err(SendError::TooLarge));
    assert_eq!(broadcast("large", "small").map(|sent| sent.accepted), Ok(1));
    assert_eq!(answers(1)[0].1, "small");
}

/// Together they are more than one host call copies.
fn large_messages() {
    let all = listeners("loud", 5);
    let text = "x".repeat(400 << 10);
    assert_eq!(broadcast("loud", text.as_str()), Ok(Broadcast { accepted: 5, refused: 0 }));
    for ((pid, heard), expected) in answers(5).into_iter().zip(all) {
        assert!(pid == expected && heard == text);
    }
}

fn to_many() {
    let counter = spawn(count, ());
    for _ in 0..MANY {
        let pid = spawn(pass_on, counter);
        join_group_as("many", pid, Rights::PEER).expect("there is room");
    }
    let listed = members("many");
    assert!(listed.len() == MANY && listed.is_sorted() && listed[0] < listed[MANY - 1]);
    assert_eq!(broadcast("many", &1_u32), Ok(Broadcast { accepted: MANY, refused: 0 }));
    let passed: Vec<Pid> = call(counter, &MANY, PATIENCE).expect("all of them have heard it");
    assert_eq!(passed, listed, "each heard it once");
}

fn pass_on(counter: Pid) {
    let heard: u32 = receive().expect("a number");
    send(counter, &heard).expect("it lives");
}

/// Who has sent something, asked how many there will be.
fn count() {
    let Request { message: many, reply }: Request<usize> = receive().expect("a question");
    let mut heard = Vec::new();
    while heard.len() < many {
        let flower::Event::Message(message) = receive_any() else { continue };
        heard.push(message.sender());
    }
    heard.sort();
    reply.send(&heard).expect("somebody waits");
}

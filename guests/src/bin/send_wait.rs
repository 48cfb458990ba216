//! `send_wait` waits for room: a fast producer goes at the pace of a slow consumer, and loses nothing.
//!
//! Prints how long a wait without success took; exact in virtual time.

use flower::{
    Instant, Pid, SendError, Spawn, call, join_all, kill, mailbox_len, receive, receive_request, self_pid,
    send, send_wait, sleep, spawn_join, yield_now,
};
use flower_guests::{PATIENCE, ms};

const ROOM: u32 = 4;
const COUNT: u32 = 200;

fn main() {
    two_producers_at_the_pace_of_the_consumer();
    a_receiver_that_waits_for_something_else();
    a_deadline();
    the_end_of_the_receiver();
}

fn produce((to, first): (Pid, u32)) {
    for number in first..first + COUNT {
        send_wait(to, &number, PATIENCE).expect("there will be room");
    }
}

fn two_producers_at_the_pace_of_the_consumer() {
    let consumer = Spawn::new(consume, ()).mailbox_len_max(ROOM).spawn_join().expect("there is room");
    let producers = [0, COUNT].map(|first| spawn_join(produce, (consumer.pid(), first)));
    let numbers = consumer.join().expect("it returns");
    let (first, second): (Vec<u32>, Vec<u32>) = numbers.into_iter().partition(|number| *number < COUNT);
    assert!(first.into_iter().eq(0..COUNT));
    assert!(second.into_iter().eq(COUNT..2 * COUNT));
    assert_eq!(join_all(producers), [Ok(()), Ok(())]);
}

fn consume((): ()) -> Vec<u32> {
    let slowly = |_| {
        yield_now();
        assert!(mailbox_len() <= ROOM as usize);
        receive().expect("a number")
    };
    (0..2 * COUNT).map(slowly).collect()
}

/// Three of four places stay taken, which is more than half of them, by what it is not looking for.
fn a_receiver_that_waits_for_something_else() {
    let picky = Spawn::new(pick, ()).mailbox_len_max(ROOM).spawn_join().expect("there is room");
    (0..ROOM).for_each(|number| send(picky.pid(), &number).expect("there is room"));
    let sender = spawn_join(|to: Pid| send_wait(to, "word", PATIENCE) == Ok(()), picky.pid());
    assert_eq!(sender.join(), Ok(true));
    assert_eq!(picky.join(), Ok("word".to_owned()));
}

fn pick((): ()) -> String {
    sleep(ms(5));
    receive::<u32>().expect("a number");
    receive! { word: String => word }.expect("a word")
}

/// Waits for a reply, and so leaves its mailbox alone.
fn wait_for_reply(to: Pid) {
    call::<_, ()>(to, &(), PATIENCE).expect("an answer");
}

fn a_deadline() {
    let full = Spawn::new(wait_for_reply, self_pid()).mailbox_len_max(1).spawn().expect("there is room");
    let ((), reply) = receive_request().expect("it asks");
    send(full, "one").expect("there is room for one");
    let begin = Instant::now();
    assert_eq!(send_wait(full, "two", ms(20)), Err(SendError::Timeout));
    let waited = begin.elapsed();
    assert!(waited >= ms(20), "it waited for {waited:?}");
    println!("no room for {} ms", waited.as_millis());
    reply.send(&()).expect("it waits");
}

fn the_end_of_the_receiver() {
    let full = Spawn::new(wait_for_reply, self_pid()).mailbox_len_max(1).spawn().expect("there is room");
    let ((), _reply) = receive_request().expect("it asks");
    send(full, "one").expect("there is room for one");
    let sender = spawn_join(|to: Pid| send_wait(to, "two", PATIENCE) == Err(SendError::NoActor), full);
    sleep(ms(5));
    kill(full).expect("a spawner may");
    assert_eq!(sender.join(), Ok(true));
}

//! Tasks and the host: sleeping, timeouts, the mailbox and calls, all in one actor.

use flower::task::{self, Elapsed, JoinSet};
use flower::{
    CallError, Instant, Pid, ReceiveError, Request, parent, receive_any, receive_request, self_pid, send,
    spawn,
};
use flower_guests::ms;

#[flower::main]
async fn main() {
    sleeping().await;
    timeouts().await;
    the_mailbox().await;
    calls().await;
    many_wait_at_once().await;
    what_nobody_took_is_kept().await;
    an_async_function_is_spawned().await;
}

async fn sleeping() {
    let start = Instant::now();
    let mut set = JoinSet::new();
    for n in [30_u64, 10, 20] {
        set.spawn(async move {
            task::sleep(ms(n)).await;
            n
        });
    }
    assert_eq!(set.join_all_async().await, [Ok(10), Ok(20), Ok(30)]);
    assert!(start.elapsed() >= ms(30));
}

async fn timeouts() {
    assert_eq!(task::timeout(ms(5), std::future::pending::<()>()).await, Err(Elapsed));
    assert_eq!(task::timeout(ms(1000), async { 5 }).await, Ok(5));
    let late = task::receive_timeout::<u32>(ms(5)).await;
    assert_eq!(late, Err(ReceiveError::Timeout));
}

async fn the_mailbox() {
    let one = task::spawn(task::receive::<u32>());
    let two = task::spawn(task::receive::<u32>());
    task::sleep(ms(1)).await;
    for n in 1..=3_u32 {
        send(self_pid(), &n).expect("room");
    }
    assert_eq!((one.await, two.await), (Ok(Ok(1)), Ok(Ok(2))));
    assert_eq!(task::receive().await, Ok(3_u32));
}

fn doubles(count: u32) {
    for _ in 0..count {
        let (n, reply) = receive_request::<u32>().expect("a number");
        reply.send(&(2 * n)).expect("somebody waits");
    }
}

async fn calls() {
    let server = spawn(doubles, 100);
    let mut set = JoinSet::new();
    for n in 0..100_u32 {
        set.spawn(async move { task::call::<_, u32>(server, &n, ms(10_000)).await });
    }
    let answers = set.join_all_async().await;
    assert_eq!(answers.into_iter().map(|answer| answer.unwrap().unwrap()).sum::<u32>(), 9900);
    let gone = task::call::<_, u32>(server, &1_u32, ms(10_000)).await;
    assert!(matches!(gone, Err(CallError::NoActor | CallError::Died(_))), "{gone:?}");
    let silent = spawn(flower_guests::wait_for_ever, ());
    let late = task::call::<_, u32>(silent, &1_u32, ms(5)).await;
    assert_eq!(late, Err(CallError::Timeout));
}

async fn many_wait_at_once() {
    let mut set = JoinSet::new();
    for n in 0..1000_u64 {
        set.spawn(async move {
            task::sleep(ms(n % 7)).await;
            task::receive::<u64>().await.expect("a number")
        });
    }
    for n in 0..1000_u64 {
        send(self_pid(), &n).expect("room");
    }
    let sum: u64 = set.join_all_async().await.into_iter().map(|n| n.unwrap()).sum();
    assert_eq!(sum, 499_500);
}

/// A message that a task has waited for is there for the next who asks, when the task is gone.
async fn what_nobody_took_is_kept() {
    let waits = task::spawn(task::receive::<u32>());
    task::yield_now().await;
    waits.abort();
    send(self_pid(), &5_u32).expect("room");
    task::sleep(ms(1)).await;
    assert_eq!(task::receive().await, Ok(5_u32));
    send(self_pid(), "last").expect("room");
    assert!(matches!(receive_any(), flower::Event::Message(_)));
}

async fn answers(to: Pid, n: u32) -> u32 {
    task::sleep(ms(1)).await;
    let Request { message, reply } = task::receive::<Request<u32>>().await.expect("a request");
    reply.send(&(message + n)).expect("it waits");
    assert_eq!(parent(), Some(to));
    n
}

async fn an_async_function_is_spawned() {
    let actor = flower::spawn_join(answers, (self_pid(), 7));
    assert_eq!(task::call(actor.pid(), &1_u32, ms(10_000)).await, Ok(8_u32));
    assert_eq!(actor.join(), Ok(7));
}

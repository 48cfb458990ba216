//! What is over a limit of channels is refused in words, and nothing hangs: where two may wait at a channel, the third
//! does what the first argument says.

use flower::channel::SendError;
use flower::{Receiver, Sender, select, spawn, task};
use flower_guests::channels::Place;
use flower_guests::ms;

fn main() {
    let (tx, rx) = Place::Host.channel::<u32>(0);
    let way = std::env::args().nth(1).expect("what the third does");
    if way == "send" {
        return sends(&tx, &rx);
    }
    for _ in 0..2 {
        spawn(|rx: Receiver<u32>| println!("{:?}", rx.recv()), rx.clone());
    }
    flower::sleep(ms(50));
    match way.as_str() {
        "recv" => drop(rx.recv()),
        "recv_async" => drop(task::block_on(rx.recv_async())),
        "select" => select! {
            value = rx.recv() => println!("{value:?}"),
            number = receive::<u32>() => println!("{number:?}"),
        },
        "end" => task::block_on(tx.closed_async()),
        other => panic!("there is nothing called {other}"),
    }
}

fn sends(tx: &Sender<u32>, rx: &Receiver<u32>) {
    let waiting = [0, 1].map(|n| {
        let tx = tx.clone();
        task::spawn(async move { tx.send_async(n).await })
    });
    task::block_on(task::sleep(ms(1)));
    assert_eq!(task::block_on(tx.send_async(2)), Err(SendError::Limit(2)));
    assert_eq!((rx.recv(), rx.recv()), (Some(0), Some(1)));
    assert!(waiting.into_iter().all(|task| task.join() == Ok(Ok(()))));
}

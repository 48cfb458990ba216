//! A select over a list that is made at run time: twenty producers, and the end of patience.

use std::time::Duration;

use flower::{Receiver, Select, channel, task};

fn produce(value: u32) -> Receiver<u32> {
    let (tx, rx) = channel(0);
    task::spawn(async move {
        task::sleep(Duration::from_millis(100)).await;
        tx.send_async(value).await.expect("somebody waits for it");
        // A channel that is closed is always ready; this one is only silent.
        std::future::pending::<()>().await;
    });
    rx
}

fn main() {
    let producers: Vec<Receiver<u32>> = (0..20).map(produce).collect();
    let patience = flower::channel::after(Duration::from_millis(300));
    loop {
        let any =
            producers.iter().fold(Select::new(), |select, producer| select.recv(producer, |value| value));
        let value = any.recv(&patience, |_moment| None).wait();
        let Some(value) = value else { break };
        println!("{value}");
    }
    println!("time out");
}

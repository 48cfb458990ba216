//! F14 to F18: what flower's channels do, between tasks of one actor, on channels in the actor and in the host.
//!
//! Prints what F14 prints, once for each place.

use flower::channel::{self, Receiver, Sender};
use flower::task;
use flower_guests::channels::Place;

fn main() {
    for place in Place::ALL {
        task::block_on(async {
            f14_a_rendezvous(place).await;
            f15_pipes(place).await;
            f16_the_first_of_two(place).await;
            f17_an_error(place).await;
            f18_a_sequence(place).await;
        });
    }
}

async fn f14_a_rendezvous(place: Place) {
    let (tx, rx) = place.channel::<String>(0);
    let sending = task::spawn(async move {
        println!("sending");
        tx.send_async("foo".to_owned()).await.expect("it is received");
    });
    let receiving = task::spawn(async move {
        println!("receiving");
        println!("{}", rx.recv_async().await.expect("it is sent"));
    });
    sending.await.expect("it returns");
    receiving.await.expect("it returns");
}

async fn pass_on(from: Receiver<u32>, to: Sender<u32>) {
    let value = from.recv_async().await.expect("it is sent");
    to.send_async(value).await.expect("it is received");
}

async fn nest(place: Place, from: Receiver<u32>, to: Sender<u32>) {
    let ((x, inner_from), (inner_to, y)) = (place.channel(0), place.channel(0));
    task::spawn(pass_on(inner_from, inner_to));
    x.send_async(from.recv_async().await.expect("it is sent")).await.expect("it is received");
    to.send_async(y.recv_async().await.expect("it is sent")).await.expect("it is received");
}

async fn f15_pipes(place: Place) {
    let ((x, from), (to, y)) = (place.channel(0), place.channel(0));
    task::spawn(pass_on(from, to));
    x.send_async(42).await.expect("it is received");
    assert_eq!(y.recv_async().await, Some(42));

    let ((x, from), (to, y)) = (place.channel(0), place.channel(0));
    task::spawn(nest(place, from, to));
    x.send_async(13).await.expect("it is received");
    assert_eq!(y.recv_async().await, Some(13));

    let ((x, from), (to, y)) = (place.channel(0), place.channel(0));
    let piped = from.pipe(to);
    x.send_async(42).await.expect("it is received");
    assert_eq!(y.recv_async().await, Some(42));
    drop(x);
    assert_eq!(y.recv_async().await, None);
    assert_eq!(piped.await, Ok(Ok(())));
}

/// Says on the barrier which of the two it was that had a value, and the value.
async fn wait(number: u32, from: Receiver<u32>, barrier: Sender<(u32, u32)>) {
    let value = from.recv_async().await.expect("it is sent");
    // The second one comes too late for whoever waited for the first.
    let _late = barrier.send_async((number, value)).await;
}

async fn f16_the_first_of_two(place: Place) {
    let ((x, first), (y, second), (result, both)) = (place.channel(0), place.channel(0), place.channel(0));
    let (barrier, arrived) = place.channel(0);
    task::spawn(wait(1, first, barrier.clone()));
    task::spawn(wait(2, second, barrier));
    task::spawn(async move {
        let first: (u32, u32) = arrived.recv_async().await.expect("one of them has a value");
        result.send_async(first).await.expect("it is received");
    });
    y.send_async(42).await.expect("it is received");
    x.send_async(42).await.expect("it is received");
    assert_eq!(both.recv_async().await, Some((2, 42)));
}

async fn f17_an_error(place: Place) {
    let (tx, rx) = place.channel::<Result<u32, String>>(0);
    task::spawn(async move { tx.send_async(Err("test".to_owned())).await });
    assert_eq!(rx.recv_async().await, Some(Err("test".to_owned())));
}

async fn f18_a_sequence(place: Place) {
    let (tx, rx) = place.channel(0);
    let sent = task::spawn(async move {
        tx.send_all_async([1, 2, 3, 4, 5, 6].map(Some).into_iter().chain([None])).await
    });
    let mut received = Vec::new();
    while let Some(Some(value)) = rx.recv_async().await {
        received.push(value);
    }
    assert_eq!(received, [1, 2, 3, 4, 5, 6]);
    sent.await.expect("it returns").expect("all of them were received");

    // And the rest is given back when nobody receives any more.
    let (tx, rx) = place.channel(0);
    let sent = task::spawn(async move { tx.send_all_async(0..10).await });
    assert_eq!(rx.take(3).collect::<Vec<u32>>().await, Ok(vec![0, 1, 2]));
    let refused = sent.await.expect("it returns").expect_err("nobody receives the fourth");
    assert_eq!(refused.into_inner(), 3);
    let (tx, rx) = channel::channel(0);
    drop(rx);
    assert_eq!(tx.send_all_async([7]).await.map_err(|refused| refused.into_inner()), Err(7));
}

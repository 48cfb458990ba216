//! `select!` with a buffered channel: the sender runs ahead as far as there is room.

use flower::{channel, select, task};

fn main() {
    let (numbers, wanted) = channel(5);
    let (quit, told) = channel(0);
    task::spawn(async move {
        for _ in 0..5 {
            println!("{}", wanted.recv_async().await.expect("there is always a next one"));
        }
        quit.send_async(()).await.expect("it listens");
    });
    let mut next = 0;
    loop {
        select! {
            sent = numbers.send(next) => {
                sent.expect("there is a listener until `quit`");
                next += 1;
            }
            _quit = told.recv() => break,
        }
    }
    println!("quit");
}

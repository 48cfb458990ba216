//! `select!` over a send and a receive: Fibonacci numbers for whoever wants one, until somebody says `quit`.

use flower::{Receiver, Sender, channel, select, task};

fn fibonacci(numbers: &Sender<u64>, quit: &Receiver<()>) {
    let (mut x, mut y) = (0, 1);
    loop {
        select! {
            sent = numbers.send(x) => {
                sent.expect("somebody receives until `quit`");
                (x, y) = (y, x + y);
            }
            _quit = quit.recv() => break,
        }
    }
    println!("quit");
}

fn main() {
    let (numbers, wanted) = channel(0);
    let (quit, told) = channel(0);
    task::spawn(async move {
        for _ in 0..10 {
            println!("{}", wanted.recv_async().await.expect("there is always a next one"));
        }
        quit.send_async(()).await.expect("it listens");
    });
    fibonacci(&numbers, &told);
}

//! The other program of `channel_modules`.

use flower::{Receiver, Sender};

/// Squares numbers until there are no more, and returns how many there were.
#[flower::entry]
async fn squares(numbers: Receiver<u32>, squares: Sender<(u32, String)>) -> u32 {
    let mut count = 0;
    while let Some(n) = numbers.recv_async().await {
        squares.send_async((n * n, format!("{n} squared"))).await.expect("it receives");
        count += 1;
    }
    count
}

fn main() {}

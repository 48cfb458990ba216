//! Two actors each add up half of some numbers, and send what they have over the one channel they were given.

use flower::{Sender, channel, spawn};

fn sum((numbers, to): (Vec<i64>, Sender<i64>)) {
    to.send(numbers.iter().sum()).expect("somebody waits for both sums");
}

fn main() {
    let numbers = [7, 2, 8, -9, 4, 0];
    let (to, sums) = channel(0);
    for half in numbers.chunks(numbers.len() / 2) {
        spawn(sum, (half.to_vec(), to.clone()));
    }
    let [x, y] = [(); 2].map(|()| sums.recv().expect("a sum of each"));
    println!("{x}\n{y}\n{}", x + y);
}

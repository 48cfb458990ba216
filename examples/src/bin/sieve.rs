//! The sieve of Eratosthenes: a row of actors, each of which passes on what its prime does not divide.
//!
//! Whenever a number comes through all of them, it is the next prime, and an actor for it joins the row.

use flower::{Receiver, Sender, channel, spawn};

fn generate(to: Sender<u64>) {
    // Nobody wants more once the channel is closed.
    for number in 2.. {
        if to.send(number).is_err() {
            return;
        }
    }
}

fn filter((prime, from, to): (u64, Receiver<u64>, Sender<u64>)) {
    for number in from {
        if number % prime != 0 && to.send(number).is_err() {
            return;
        }
    }
}

fn main() {
    let (to, mut numbers) = channel(0);
    spawn(generate, to);
    for _ in 0..10 {
        let prime = numbers.recv().expect("there is always another prime");
        println!("{prime}");
        let (to, next) = channel(0);
        spawn(filter, (prime, numbers, to));
        numbers = next;
    }
}

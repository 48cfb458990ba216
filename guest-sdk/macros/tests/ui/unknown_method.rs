//! A method that is not there, and an argument of another type.

struct Counter;

#[flower::actor]
impl Counter {
    fn init() -> Self {
        Counter
    }

    fn add(&mut self, n: u64) -> u64 {
        n
    }
}

fn main() {
    let counter = Counter::spawn();
    let _product = counter.multiply(2).call();
    let _sum = counter.add("two").call();
}

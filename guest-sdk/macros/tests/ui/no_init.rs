//! An actor that nobody makes.

struct Counter;

#[flower::actor]
impl Counter {
    fn get(&self) -> u64 {
        1
    }
}

fn main() {}

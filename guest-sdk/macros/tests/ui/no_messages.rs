//! Methods that cannot be messages: all of them are told at once.

struct Counter;

#[flower::actor]
impl Counter {
    fn init() -> Self {
        Counter
    }

    fn by_value(self) -> u64 {
        1
    }

    async fn later(&self) -> u64 {
        1
    }

    fn generic<T>(&self, item: T) -> T {
        item
    }

    fn borrows(&self, text: &str) -> u64 {
        text.len() as u64
    }

    fn lends(&self) -> &u64 {
        &1
    }

    unsafe fn trusts(&self) {}

    fn spawn(&self) {}

    #[cfg(test)]
    fn now_and_then(&self) {}
}

fn main() {}

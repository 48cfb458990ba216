//! What `actor_version` calls: an actor of another version, and one of the same.

struct Counter {
    count: u64,
}

#[flower::actor]
impl Counter {
    fn init(count: u32) -> Self {
        Counter { count: count.into() }
    }

    fn add(&mut self, n: u64) -> u64 {
        self.count += n;
        self.count
    }

    fn reset(&mut self) {
        self.count = 0;
    }
}

struct Echo;

#[flower::actor]
impl Echo {
    fn init() -> Self {
        Echo
    }

    fn echo(&self, text: String) -> String {
        format!("{text}, from another module")
    }
}

fn main() {}

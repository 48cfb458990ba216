//! Hooks that take something else than they are given.

use flower::ExitReason;

struct Counter;

#[flower::actor]
impl Counter {
    fn init(&self) -> Self {
        Counter
    }

    fn terminate(&mut self) {}

    fn on_failure(&mut self, _reason: ExitReason) {}
}

fn main() {}

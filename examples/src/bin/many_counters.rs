//! Typed actors by the thousand, or as many as the first argument says: a hundred thousand take 3.5 GB.
//!
//! A handler keeps no stack, so that each costs little. Each counts for itself; the answers come in the
//! order of the questions, whoever gave them first.

use flower::{CallError, Pending};

struct Counter {
    count: u64,
}

#[flower::actor]
impl Counter {
    fn init(count: u64) -> Self {
        Counter { count }
    }

    fn add(&mut self, n: u64) -> u64 {
        self.count += n;
        self.count
    }
}

/// How many questions are under way at once.
const AT_ONCE: usize = 1000;

fn main() -> Result<(), CallError> {
    let count = std::env::args().nth(1).map_or(1_000, |count| count.parse().expect("how many"));
    let counters: Vec<CounterClient> = (0..count).map(Counter::spawn).collect();
    println!("{} counters live", counters.len());

    for n in 1..=2 {
        let mut sum = 0;
        for some in counters.chunks(AT_ONCE) {
            let asked = some.iter().map(|counter| counter.add(n).defer());
            sum = Pending::all(asked).reduce(sum, |sum, count| sum + count).wait()?;
        }
        println!("after {n} more for each, all of them together are at {sum}");
    }

    let (first, last) = (&counters[0], &counters[counters.len() - 1]);
    println!("the first is at {}, the last at {}", first.add(0).call()?, last.add(0).call()?);
    Ok(())
}

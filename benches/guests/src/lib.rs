//! What the guests of `cargo xtask bench peers` share: the workload that is asked for, and the report.
//!
//! A guest prints `mark base` and `mark full` around what it allocates, where its memory is read, and
//! `NAME SECONDS` for each figure. `benches/peers/README.md` tells the workloads.

pub mod channels;
pub mod echo;
pub mod processes;

use std::time::Duration;

use flower::Instant;

/// How many new actors may be unheard of before a spawner waits for one: its mailbox is bounded.
pub const UNHEARD_MAX: u64 = 10_000;

/// Longer than anything takes that works.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// How long a gap between two looks at the clock shows that another actor ran.
const GAP: Duration = Duration::from_micros(50);

/// The workload's name and numbers, as they stand on the command line.
pub struct Workload {
    name: String,
    numbers: Vec<u64>,
}

impl Workload {
    /// Reads the command line.
    pub fn from_args() -> Workload {
        let mut args = std::env::args().skip(1);
        let name = args.next().expect("the name of a workload");
        let numbers = args.map(|number| number.parse().expect("numbers behind the name")).collect();
        Workload { name, numbers }
    }

    /// What is to be done.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The number at this place.
    pub fn number(&self, at: usize) -> u64 {
        *self.numbers.get(at).unwrap_or_else(|| panic!("{} needs more numbers", self.name))
    }

    /// Ends a guest that does not know the workload.
    pub fn unknown(&self) -> ! {
        panic!("there is no workload {}", self.name)
    }
}

/// Lets the driver read the memory of the process.
pub fn mark(name: &str) {
    println!("mark {name}");
    flower::sleep(Duration::from_millis(300));
}

/// Reports the time since `start`.
pub fn report(start: Instant) {
    figure("secs", start.elapsed());
}

/// Reports one figure.
pub fn figure(name: &str, time: Duration) {
    println!("{name} {:.9}", time.as_secs_f64());
}

/// Reports the middle, the tail and the longest of many times.
pub fn distribution(mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100];
    figure("p50", at(50));
    figure("p99", at(99));
    figure("max", at(100));
}

/// How long each of the caller's slices was, in nanoseconds: computes for `time`, looks at the clock all the
/// while, and takes a gap for the end of a slice.
pub fn slices(time: Duration) -> Vec<u64> {
    let first = Instant::now();
    let (mut begin, mut last) = (first, first);
    let mut slices = Vec::new();
    while last - first < time {
        let now = Instant::now();
        if now - last > GAP {
            slices.push((last - begin).as_nanos() as u64);
            begin = now;
        }
        last = now;
    }
    // Cut short, but not to be forgotten when it is the only one.
    slices.push((last - begin).as_nanos() as u64);
    slices
}

/// Computes for ever.
pub fn spin() -> ! {
    let mut sum = 0_u64;
    loop {
        sum = std::hint::black_box(sum.wrapping_mul(31) + 1);
    }
}

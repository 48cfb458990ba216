//! Time is injected: the real clocks are read in one file of the host, and nowhere else there.
//!
//! A seed could not replay a run otherwise. What a guest reads is the host's clock anyway, and
//! tests, benches and chores may look at the real one.

use super::Finding;
use super::source::Source;

/// Where the rule holds.
const WATCHED: &str = "host/";

/// The file that reads the clocks for all others.
const CLOCK: &str = "host/src/clock.rs";

const READS: [&str; 2] = ["Instant::now", "SystemTime::now"];

/// Finds clocks read in the wrong place.
pub(super) fn check(source: &Source<'_>) -> Vec<Finding> {
    if source.path == CLOCK || !source.path.starts_with(WATCHED) {
        return Vec::new();
    }
    READS.iter().flat_map(|read| check_read(source, read)).collect()
}

fn check_read(source: &Source<'_>, read: &str) -> Vec<Finding> {
    let foreign = source.words(read).into_iter().filter(|at| !source.masked[..*at].ends_with("clock::"));
    let lines = foreign.map(|at| source.line_of(at));
    let outside_tests = lines.filter(|line| !source.is_test(*line));
    outside_tests
        .map(|line| Finding::new(source.path, line, format!("`{read}`: ask the clock in {CLOCK} instead")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const READ: &str =
        "fn f() { std::time::Instant::now(); }\n#[cfg(test)]\nmod tests { fn g() { Instant::now(); } }\n";

    #[test]
    fn a_clock_is_read_in_one_file_only() {
        assert_eq!(check(&Source::new("host/src/timer.rs", READ)).len(), 1);
        assert!(check(&Source::new(CLOCK, READ)).is_empty());
        assert!(check(&Source::new("benches/spawn.rs", READ)).is_empty());
        assert!(check(&Source::new("guest-sdk/src/timer.rs", READ)).is_empty());
    }

    #[test]
    fn the_hosts_own_clock_may_be_asked_anywhere() {
        assert!(check(&Source::new("host/src/a.rs", "fn f() { clock::Instant::now(); }\n")).is_empty());
    }

    #[test]
    fn prose_about_a_clock_is_no_read() {
        assert!(check(&Source::new("host/src/a.rs", "// Instant::now\n")).is_empty());
    }
}

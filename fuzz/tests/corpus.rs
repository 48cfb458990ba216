//! The targets on stable: over the corpus, and over inputs made by chance. `FLOWER_FUZZ_INPUTS` asks for more of them.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::{Duration, Instant};

use flower_fuzz::generate::{Random, corpus, input};
use flower_fuzz::{TARGETS, Target};

/// Runs one input; shows it when the target does not return.
fn run(target: &Target, what: &str, bytes: &[u8]) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| (target.run)(bytes))) {
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        eprintln!("{} fails on {what}: {hex}", target.name);
        resume_unwind(panic);
    }
}

fn all_inputs(name: &str) {
    let target = TARGETS.iter().find(|target| target.name == name).expect("it is a target");
    let corpus = corpus(name).expect("it has a corpus");
    for (path, bytes) in &corpus {
        run(target, &path.display().to_string(), bytes);
    }
    let mut random = Random(1);
    // So long, when `cargo xtask fuzz` asks for it, and so many otherwise.
    let until = std::env::var("FLOWER_FUZZ_SECONDS").ok().map(|seconds| {
        random.0 = seed();
        Duration::from_secs(seconds.parse().expect("a number of seconds"))
    });
    #[expect(clippy::disallowed_methods, reason = "only for a run that is asked for by its length")]
    let start = Instant::now();
    let mut number = 0;
    while until.map_or(number < target.inputs, |until| start.elapsed() < until) {
        let bytes = input(&mut random, &corpus);
        run(target, &format!("input {number}"), &bytes);
        number += 1;
    }
    eprintln!("{name}: {number} inputs");
}

#[expect(clippy::disallowed_methods, reason = "another seed each time")]
fn seed() -> u64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(1, |time| time.as_nanos() as u64)
}

#[test]
fn message() {
    all_inputs("message");
}

#[test]
fn pattern() {
    all_inputs("pattern");
}

#[test]
fn cli() {
    all_inputs("cli");
}

#[test]
fn calls() {
    all_inputs("calls");
}

#[test]
fn module() {
    all_inputs("module");
}

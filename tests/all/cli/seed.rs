//! The same seed gives the same output to the byte.

use crate::support::{Program, Ran, guest_file};

fn run(name: &str, seed: &str) -> Ran {
    Program::run(&["--deterministic", "--seed", seed], &guest_file(name), &[]).expect_code(0)
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    for name in ["hello", "consumer_and_publishers", "harmless"] {
        for seed in ["0", "7"] {
            let (one, other) = (run(name, seed), run(name, seed));
            assert_eq!((one.stdout, one.stderr), (other.stdout, other.stderr), "{name} with seed {seed}");
        }
    }
}

#[test]
fn seeds_differ() {
    let outputs: std::collections::BTreeSet<String> =
        ["1", "2", "3", "4", "5", "6"].map(|seed| run("hello", seed).stdout).into();
    assert!(outputs.len() > 1, "the order never changed: {outputs:?}");
}

//! `cargo xtask fuzz`: the targets of `fuzz/`, for as long as asked for.
//!
//! With cargo-fuzz and a nightly toolchain they are guided by coverage, under the address sanitizer. Without, they
//! run on stable, on inputs that are made of the corpus by chance; the command says which.

use anyhow::{Result, bail};

use crate::workspace::{cargo, probe, root, run, say};

/// The targets, as `fuzz/src/lib.rs` has them.
const TARGETS: [&str; 4] = ["message", "pattern", "calls", "module"];

/// Hand random input to what strangers can reach.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How long, for each target, in seconds.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Run on stable, also where cargo-fuzz is installed.
    #[arg(long)]
    stable: bool,
    /// Which targets; all of them if none is named.
    targets: Vec<String>,
}

/// Runs the command.
pub(crate) fn main(args: &Args) -> Result<()> {
    if let Some(unknown) = args.targets.iter().find(|name| !TARGETS.contains(&name.as_str())) {
        bail!("there is no target {unknown:?}: there are {}", TARGETS.join(", "));
    }
    let guided = !args.stable && probe(cargo().args(["+nightly", "fuzz", "--version"])).is_some();
    if !guided {
        say!(
            "without cargo-fuzz and a nightly toolchain: inputs are made by chance, and not guided by coverage"
        );
    }
    for target in TARGETS
        .iter()
        .filter(|name| args.targets.is_empty() || args.targets.iter().any(|asked| asked == *name))
    {
        say!("fuzzing {target} for {} s", args.seconds);
        if guided { by_coverage(target, args.seconds)? } else { by_chance(target, args.seconds)? }
    }
    Ok(())
}

fn by_coverage(target: &str, seconds: u64) -> Result<()> {
    let mut fuzz = cargo();
    fuzz.args(["+nightly", "fuzz", "run", "--features", "libfuzzer", "--fuzz-dir"]).arg(root().join("fuzz"));
    fuzz.args([target, "--"]).arg(format!("-max_total_time={seconds}"));
    run(&mut fuzz, "the input that failed is in fuzz/artifacts; add it to fuzz/corpus when it is mended")
}

fn by_chance(target: &str, seconds: u64) -> Result<()> {
    let mut test = cargo();
    test.args([
        "test",
        "--package",
        "flower-fuzz",
        "--test",
        "corpus",
        "--features",
        "smith",
        "--",
        "--exact",
        "--nocapture",
        target,
    ]);
    test.env("FLOWER_FUZZ_SECONDS", seconds.to_string());
    run(&mut test, "the input that failed is above; add it to fuzz/corpus when it is mended")
}

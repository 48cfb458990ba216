//! `cargo xtask fuzz`: the targets of `fuzz/`, for as long as asked for.
//!
//! With cargo-fuzz and a nightly toolchain they are guided by coverage, under the address sanitizer. Without, they
//! run on stable, on inputs that are made of the corpus by chance; the command says which.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::workspace::{cargo, nightly, probe, root, run, say, target_dir};

/// The targets, as `fuzz/src/lib.rs` has them.
const TARGETS: [&str; 5] = ["message", "pattern", "cli", "calls", "module"];

/// MiB that a target may take: a host keeps every module that it was given.
const MEMORY_MIB: u32 = 4096;

/// Hand random input to what strangers can reach.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How long, for each target, in seconds.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Run on stable, also where cargo-fuzz is installed.
    #[arg(long)]
    stable: bool,
    /// What looks at the memory of the targets besides: `address` or `none`.
    #[arg(long, default_value = "address")]
    sanitizer: String,
    /// Which targets; all of them if none is named.
    targets: Vec<String>,
}

/// Runs the command.
pub(crate) fn main(args: &Args) -> Result<()> {
    if let Some(unknown) = args.targets.iter().find(|name| !TARGETS.contains(&name.as_str())) {
        bail!("there is no target {unknown:?}: there are {}", TARGETS.join(", "));
    }
    let guided = !args.stable && probe(nightly().args(["fuzz", "--version"])).is_some();
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
        if guided { by_coverage(target, args)? } else { by_chance(target, args.seconds)? }
    }
    Ok(())
}

fn by_coverage(target: &str, args: &Args) -> Result<()> {
    let built = target_dir()?.join("fuzz");
    // What is found goes here: the corpus of the repository is chosen by hand.
    let found = built.join("corpus").join(target);
    fs::create_dir_all(&found).with_context(|| format!("cannot make {}", found.display()))?;
    let mut fuzz = nightly();
    quick_build(&mut fuzz).args(["fuzz", "run", "--features", "libfuzzer", "--codegen-units", "16"]);
    fuzz.args(["--sanitizer", &args.sanitizer, "--target-dir"]).arg(&built);
    fuzz.arg("--fuzz-dir").arg(root().join("fuzz")).arg(target);
    fuzz.arg(&found).arg(root().join("fuzz/corpus").join(target)).arg("--");
    fuzz.arg(format!("-max_total_time={}", args.seconds)).arg(format!("-rss_limit_mb={MEMORY_MIB}"));
    run(&mut fuzz, "the input that failed is in fuzz/artifacts; add it to fuzz/corpus when it is mended")
}

/// Without optimisation between crates, which takes longer than a run.
fn quick_build(command: &mut Command) -> &mut Command {
    command.env("CARGO_PROFILE_RELEASE_LTO", "off").env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "2")
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

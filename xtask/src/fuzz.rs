//! `cargo xtask fuzz`: the targets of `fuzz/`, for as long as asked for.
//!
//! Where a C++ compiler is they are guided by the coverage of flower's own code, on the stable toolchain: libFuzzer drives
//! them, and this program stands between cargo and rustc to mark where branches are, in flower's crates alone, so that the
//! engine is not built again. With `--address`, cargo-fuzz builds everything on a nightly toolchain under the address
//! sanitizer. Where neither is, inputs are made of the corpus by chance.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use anyhow::{Context, Result, bail};

use crate::workspace::{cargo, json_strings, nightly, output, probe, root, run, say, target_dir};

/// The targets, as `fuzz/src/lib.rs` has them.
const TARGETS: [&str; 5] = ["message", "pattern", "cli", "calls", "module"];

/// MiB that a target may take: a host keeps every module that it was given.
const MEMORY_MIB: u32 = 4096;

/// Seconds that one input may take on a busy machine: more is a finding.
const INPUT_SECONDS_MAX: u32 = 60;

/// The variable that makes this program a wrapper of rustc.
const WRAPS: &str = "FLOWER_FUZZ_WRAPS_RUSTC";

/// The crates in which branches are marked, beside the targets.
const MARKED: [&str; 4] = ["flower_host", "flower", "flower_abi", "flower_fuzz"];

/// What marks them, as cargo-fuzz does it.
const MARKS: [&str; 6] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Ccodegen-units=8",
];

/// Hand random input to what strangers can reach.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How long, for each target, in seconds.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Under the address sanitizer, by cargo-fuzz and a nightly toolchain; the first time this builds for a quarter of an hour.
    #[arg(long)]
    address: bool,
    /// Without guidance, also where there is a C++ compiler.
    #[arg(long, conflicts_with = "address")]
    by_chance: bool,
    /// Which targets; all of them if none is named.
    targets: Vec<String>,
}

/// Runs the command.
pub(crate) fn main(args: &Args) -> Result<()> {
    if let Some(unknown) = args.targets.iter().find(|name| !TARGETS.contains(&name.as_str())) {
        bail!("there is no target {unknown:?}: there are {}", TARGETS.join(", "));
    }
    let guided = !args.by_chance && probe(Command::new("c++").arg("--version")).is_some();
    if args.address && probe(nightly().args(["fuzz", "--version"])).is_none() {
        bail!("--address needs a nightly toolchain and cargo-fuzz: type `cargo install cargo-fuzz`");
    }
    if !guided && !args.address {
        say!("without a C++ compiler: inputs are made by chance, and not guided by coverage");
    }
    for target in TARGETS
        .iter()
        .filter(|name| args.targets.is_empty() || args.targets.iter().any(|asked| asked == *name))
    {
        say!("fuzzing {target} for {} s", args.seconds);
        match (args.address, guided) {
            (true, _) => under_address_sanitizer(target, args.seconds)?,
            (_, true) => by_coverage(target, args.seconds)?,
            (_, false) => by_chance(target, args.seconds)?,
        }
    }
    Ok(())
}

/// Builds a target with marked branches, and runs it.
fn by_coverage(target: &str, seconds: u64) -> Result<()> {
    let mut build = cargo();
    build.args(["build", "--package", "flower-fuzz", "--bin", target, "--features", "libfuzzer"]);
    build.args(["--message-format", "json-render-diagnostics"]);
    build.env("RUSTC_WORKSPACE_WRAPPER", env::current_exe()?).env(WRAPS, "1");
    build.env("CARGO_PROFILE_DEV_OPT_LEVEL", "2");
    let program = json_strings(&output(&mut build)?, "executable").pop().context("cargo built no target")?;
    let found = target_dir()?.join("fuzz");
    fs::create_dir_all(found.join("artifacts"))?;
    let mut fuzz = Command::new(program);
    fuzz.arg(format!("-artifact_prefix={}/", found.join("artifacts").display()));
    fuzz.args(corpora(&found, target)?).args(options(seconds));
    run(
        &mut fuzz,
        "the input that failed is in target/fuzz/artifacts; add it to fuzz/corpus when it is mended",
    )
}

fn under_address_sanitizer(target: &str, seconds: u64) -> Result<()> {
    let built = target_dir()?.join("fuzz");
    let mut fuzz = nightly();
    // Optimisation between crates takes longer than a run.
    fuzz.env("CARGO_PROFILE_RELEASE_LTO", "off").env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "2");
    fuzz.args(["fuzz", "run", "--features", "libfuzzer,smith", "--codegen-units", "16", "--target-dir"]);
    fuzz.arg(&built).arg("--fuzz-dir").arg(root().join("fuzz")).arg(target);
    fuzz.args(corpora(&built, target)?).arg("--").args(options(seconds));
    run(&mut fuzz, "the input that failed is in fuzz/artifacts; add it to fuzz/corpus when it is mended")
}

/// Where inputs come from. What is found goes into the first: the corpus of the repository is chosen by hand.
fn corpora(folder: &Path, target: &str) -> Result<[PathBuf; 2]> {
    let found = folder.join("corpus").join(target);
    fs::create_dir_all(&found).with_context(|| format!("cannot make {}", found.display()))?;
    Ok([found, root().join("fuzz/corpus").join(target)])
}

fn options(seconds: u64) -> [String; 3] {
    [
        format!("-max_total_time={seconds}"),
        format!("-rss_limit_mb={MEMORY_MIB}"),
        format!("-timeout={INPUT_SECONDS_MAX}"),
    ]
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

/// Whether cargo has started this program in the place of rustc.
pub(crate) fn wraps_rustc() -> bool {
    env::var_os(WRAPS).is_some()
}

/// Is rustc, for a crate of the workspace.
pub(crate) fn be_rustc() -> Result<ExitStatus> {
    let mut arguments = env::args_os().skip(1);
    let rustc = arguments.next().context("cargo names rustc first")?;
    let arguments: Vec<OsString> = arguments.collect();
    let name = arguments.windows(2).find(|pair| pair[0] == "--crate-name").and_then(|pair| pair[1].to_str());
    let marked = name.is_some_and(|name| MARKED.contains(&name) || TARGETS.contains(&name));
    let mut command = Command::new(rustc);
    command.args(arguments).args(MARKS.iter().filter(|_| marked));
    command.status().context("cannot start rustc")
}

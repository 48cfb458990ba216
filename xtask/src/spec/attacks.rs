//! The attacks of the tests, each some times in a process of its own: memory, mappings, threads and descriptors have to come
//! back.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use crate::workspace::{cargo, json_strings, output, say};

/// Asks the oracle of the attacks to look at the process, too.
const VARIABLE: &str = "FLOWER_FOOTPRINT";

/// The C library keeps memory for each thread by itself, by chance; the program as it is shipped has another allocator.
const ONE_ARENA: (&str, &str) = ("MALLOC_ARENA_MAX", "1");

/// Attacks that are programs of their own, and leave nothing in the process of the test.
const PROGRAMS: &str = "attack::log::";

/// Those that do something often, and are asked for more of it than in a test run: the variable that asks, and how often.
const OFTEN: [(&str, &str, &str); 3] = [
    ("attack::pid::no_reuse_is_ever_mistaken", "FLOWER_REUSES", "10000000"),
    ("attack::handle::no_reuse_of_a_handle_is_ever_mistaken", "FLOWER_REUSES", "10000000"),
    ("hostile::calls::random_arguments_are_contained_in_every_call", "FLOWER_RANDOM_CALLS", "1000000"),
];

/// Runs all of them; returns the names of those after which something is left.
pub(super) fn run(host: &Path) -> Result<Vec<String>> {
    say!("building the attacks (profile release)");
    let mut build = cargo();
    build.args(["test", "--release", "--package", "flower-tests", "--test", "all", "--no-run"]);
    build.args(["--message-format", "json-render-diagnostics"]).stdin(Stdio::null());
    // The programs of the package are built with them.
    let mut built = json_strings(&output(&mut build)?, "executable").into_iter();
    let tests = built.find(|path| path.contains("/deps/all-")).context("cargo built no tests")?;
    let list = output(Command::new(&tests).args(["attack::", "--list", "--format", "terse"]))?;
    let names = list.lines().filter_map(|line| line.strip_suffix(": test"));
    let mut broken = Vec::new();
    let mut withstands = |name: &str, variables: &[(&str, &str)]| -> Result<()> {
        let mut command = Command::new(&tests);
        command.args(["--exact", name]).env("FLOWER_HOST_BIN", host).envs(variables.iter().copied());
        command.env(ONE_ARENA.0, ONE_ARENA.1);
        let ran = command.stdin(Stdio::null()).output().with_context(|| format!("cannot start {tests}"))?;
        let verdict = if ran.status.success() { "holds" } else { "BROKEN" };
        println!("{name:<70} {verdict}");
        if !ran.status.success() {
            print!("{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
            broken.push(name.to_owned());
        }
        Ok(())
    };
    for name in names.filter(|name| !name.starts_with(PROGRAMS)) {
        withstands(name, &[(VARIABLE, "1")])?;
    }
    say!("using pids and handles again ten million times, and making a million random calls");
    for (name, variable, times) in OFTEN {
        withstands(name, &[(variable, times), ("FLOWER_PATIENCE", "3600")])?;
    }
    Ok(broken)
}

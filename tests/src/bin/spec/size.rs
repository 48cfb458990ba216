//! Memory per idle actor, as the kernel counts it with its own tables.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use flower_host::{Capture, Host, Source, Spawn, Stream, Strings};

use crate::{Failure, run};

/// How many wait at once.
const CROWD: u32 = 25_000;

/// KiB for each idle actor of a small program, which is written in Rust. The host's own part counts with it.
pub(crate) fn idle(guests: &Path, style: &str) -> Result<f64, Failure> {
    run(async {
        let before = resident_kib()?;
        Ok((with_crowd(guests, style, CROWD).await? - before) / f64::from(CROWD))
    })
}

/// KiB of the process while so many of them wait.
async fn with_crowd(guests: &Path, style: &str, count: u32) -> Result<f64, Failure> {
    let output = Arc::new(Capture::new(1 << 20));
    let host = Host::builder().output(output.clone()).build()?;
    let module = host.load("idle", &Source::from_file(&guests.join("idle.wasm"))?)?;
    let arguments = Strings::args(["idle", style, &count.to_string()])?;
    let main = host.spawn(Spawn::program(&module).program_args(arguments))?;
    // It waits for a while once it has said so.
    while !output.text(Stream::Stdout).ends_with("mark full\n") {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let kib = resident_kib()?;
    drop(main);
    drop(host);
    Ok(kib)
}

/// KiB of this process, with the kernel's own tables. A page that several actors share counts once.
pub(crate) fn resident_kib() -> Result<f64, Failure> {
    Ok(field("/proc/self/smaps_rollup", "Pss:")? + field("/proc/self/status", "VmPTE:")?)
}

/// The number behind a name.
fn field(file: &str, name: &str) -> Result<f64, Failure> {
    let text = fs::read_to_string(file)?;
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    number.ok_or_else(|| format!("{file} has no {name}").into())
}

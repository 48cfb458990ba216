//! Memory per idle actor, as the kernel counts it with its own tables.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use flower_host::{Capture, Host, Source, Spawn, Stream, Strings};

use crate::{Failure, run};

/// The two crowds whose difference is measured; the host's own part falls out.
const CROWDS: [u32; 2] = [5_000, 25_000];

/// KiB for each idle actor of a benchmark's guest, which is written in Rust.
pub(crate) fn idle(guests: &Path, guest: &str) -> Result<f64, Failure> {
    run(async {
        let mut kib = Vec::new();
        for crowd in CROWDS {
            kib.push(with_crowd(guests, guest, crowd).await?);
        }
        Ok((kib[1] - kib[0]) / f64::from(CROWDS[1] - CROWDS[0]))
    })
}

/// KiB of the process while so many of them wait.
async fn with_crowd(guests: &Path, guest: &str, count: u32) -> Result<f64, Failure> {
    let output = Arc::new(Capture::new(1 << 20));
    let host = Host::builder().output(output.clone()).build()?;
    let module = host.load(guest, &Source::from_file(&guests.join(format!("{guest}.wasm")))?)?;
    let arguments = Strings::args([guest, "spawn", &count.to_string()])?;
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

/// KiB of this process, with the kernel's own tables.
pub(crate) fn resident_kib() -> Result<f64, Failure> {
    let status = fs::read_to_string("/proc/self/status")?;
    let field = |name: &str| -> Result<f64, Failure> {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        number.ok_or_else(|| format!("/proc/self/status has no {name}").into())
    };
    Ok(field("VmRSS:")? + field("VmPTE:")?)
}

//! `cargo xtask demo`: what the host can do, in a minute: a few examples, one after the other.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::workspace::{run, say};
use crate::{guests, host};

/// What is shown, in this order: an example and its arguments.
const SHOW: &[(&str, &[&str])] = &[("consumer_and_publishers", &[]), ("harmless", &[]), ("ring", &["10000"])];

/// Build the host and run a few examples.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Build the host with the release profile.
    #[arg(long)]
    release: bool,
}

/// Runs the command.
pub(crate) fn main(args: &Args) -> Result<()> {
    let host = host::build(args.release)?;
    let names: Vec<String> = SHOW.iter().map(|(name, _)| (*name).to_owned()).collect();
    let folder = guests::build(&names, guests::PROFILE)?;
    say!("running {} examples in {}", SHOW.len(), folder.display());
    SHOW.iter().try_for_each(|(name, arguments)| show(&host, &folder, name, arguments))
}

/// Runs in the folder of the guests, so that the line shown is the line run.
fn show(host: &Path, folder: &Path, name: &str, arguments: &[&str]) -> Result<()> {
    let file = format!("{name}.wasm");
    let words = ["run", &file].into_iter().chain(arguments.iter().copied());
    println!("\n$ flower-host {}", words.clone().collect::<Vec<_>>().join(" "));
    run(Command::new(host).args(words).current_dir(folder), "the example's own message is above")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::{binaries, root};

    #[test]
    fn every_example_shown_exists() {
        let examples = binaries(&root().join("examples"));
        for (name, _) in SHOW {
            assert!(examples.iter().any(|example| example == name), "examples/src/bin/{name}.rs is gone");
        }
    }
}

//! `cargo xtask abi`: writes `docs/abi.md` from the table of host calls.

use std::fs;

use anyhow::{Context, Result};

use crate::workspace::{root, say};

/// Where the document is, from the root of the workspace.
pub(crate) const PATH: &str = "docs/abi.md";

/// Write docs/abi.md from the table of host calls.
#[derive(clap::Args)]
pub(crate) struct Args {}

/// Runs the command.
pub(crate) fn main(_: &Args) -> Result<()> {
    say!("writing {PATH}");
    let path = root().join(PATH);
    fs::write(&path, abi_doc()).with_context(|| format!("cannot write {}", path.display()))
}

/// The document as it must be; tidy compares.
pub(crate) fn abi_doc() -> String {
    let text = flower_abi::doc::markdown();
    format!("{}\n", text.trim_end())
}

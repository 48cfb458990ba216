//! Licences, duplicates, sources and advisories of all dependencies, by cargo-deny where it is installed.

use anyhow::Result;

use crate::workspace::{cargo, probe, run, say};

/// What `cargo xtask ci` runs.
pub(crate) fn everything() -> Result<()> {
    if probe(cargo().args(["deny", "--version"])).is_none() {
        say!(
            "SKIPPED: licences, duplicates and advisories of dependencies, because cargo-deny is not installed"
        );
        return Ok(());
    }
    say!("checking licences, duplicates and sources of dependencies");
    run(
        cargo().args(["deny", "--offline", "check", "licenses", "bans", "sources"]),
        "deny.toml says what may be there",
    )?;
    // Without a database on the disk and a way to fetch one there is nothing to compare with.
    if probe(cargo().args(["deny", "fetch", "db"])).is_none() {
        say!("SKIPPED: advisories, because their database is not here and cannot be fetched");
        return Ok(());
    }
    say!("checking advisories about dependencies");
    run(cargo().args(["deny", "check", "advisories"]), "update what is named above")
}

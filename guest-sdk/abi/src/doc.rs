//! `docs/abi.md`, written from the table and the layouts.

use std::fmt::Write;
use std::string::String;
use std::vec::Vec;

use crate::exit::{LimitCode, TrapCode};
use crate::{EXPORTS, GRANTS, Status, VERSION};

/// One host call as the documentation shows it.
struct Row {
    doc: Vec<&'static str>,
    waits: &'static str,
    name: &'static str,
    signature: &'static str,
    since: u32,
    handler: &'static str,
    right: &'static str,
    outcome: &'static str,
}

macro_rules! rows {
    ($( $(#[doc = $doc:literal])* $waits:ident fn $name:ident ( $($arg:ident : $ty:ty),* ) -> $ret:ty
        { since: $since:literal, handler: $handler:ident, right: $right:literal, outcome: $outcome:ident } )*) => {
        fn rows() -> Vec<Row> {
            std::vec![$( Row {
                doc: std::vec![$($doc),*],
                waits: stringify!($waits),
                name: stringify!($name),
                signature: concat!("(", $(stringify!($arg), ": ", stringify!($ty), ", ",)* ") -> ", stringify!($ret)),
                since: $since,
                handler: stringify!($handler),
                right: $right,
                outcome: stringify!($outcome),
            } ),*]
        }
    };
}
crate::for_each_host_call!(rows);

/// The whole document.
pub fn markdown() -> String {
    let mut out = String::new();
    write_all(&mut out).expect("writing to a string does not fail");
    out
}

fn write_all(out: &mut String) -> core::fmt::Result {
    writeln!(out, "# The ABI, version {VERSION}\n")?;
    writeln!(
        out,
        "Generated from `guest-sdk/abi` by `cargo xtask abi`; do not edit.\n\n\
         Host calls are imported from the module `flower`. All integers are little endian, pointers and\n\
         lengths are offsets into the caller's linear memory, times are nanoseconds of the host's monotonic\n\
         clock. A parking call takes a deadline: 2^64-1 waits without end, 0 polls. A result below zero is a\n\
         status code. A pointer or length outside the memory ends the actor with the trap `BAD_POINTER`.\n\
         The layouts are the `repr(C)` structures of the crate `flower-abi`.\n"
    )?;
    write_summary(out)?;
    write_calls(out)?;
    write_codes(out)?;
    write_grants(out)?;
    write_exports(out)
}

fn write_summary(out: &mut String) -> core::fmt::Result {
    writeln!(out, "## Summary\n\n| call | waits | in a handler | right | outcome | since |")?;
    writeln!(out, "|---|---|---|---|---|---|")?;
    for row in rows() {
        let Row { name, waits, handler, right, outcome, since, .. } = row;
        writeln!(out, "| [`{name}`](#{name}) | {waits} | {handler} | {right} | {outcome} | {since} |")?;
    }
    writeln!(out)
}

fn write_calls(out: &mut String) -> core::fmt::Result {
    writeln!(out, "## Calls\n")?;
    for row in rows() {
        let signature = row.signature.replace(", )", ")");
        writeln!(out, "### {}\n\n`{}{signature}`\n", row.name, row.name)?;
        for line in row.doc {
            writeln!(out, "{}", line.trim())?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn write_codes(out: &mut String) -> core::fmt::Result {
    writeln!(out, "## Status codes\n\n| code | name | meaning |\n|---|---|---|")?;
    for (status, name, meaning) in Status::ALL {
        writeln!(out, "| {} | `{name}` | {} |", status.0, meaning.trim())?;
    }
    writeln!(out, "\n## Trap codes\n\n| code | name | meaning |\n|---|---|---|")?;
    for (code, name, meaning) in TrapCode::ALL {
        writeln!(out, "| {} | `{name}` | {} |", code.0, meaning.trim())?;
    }
    writeln!(out, "\n## Limit codes\n\n| code | name | meaning |\n|---|---|---|")?;
    for (code, name, meaning) in LimitCode::ALL {
        writeln!(out, "| {} | `{name}` | {} |", code.0, meaning.trim())?;
    }
    writeln!(out)
}

fn write_grants(out: &mut String) -> core::fmt::Result {
    writeln!(out, "## Entries of `RightsOptions`\n\n| entry | meaning |\n|---|---|")?;
    for (entry, meaning) in GRANTS {
        writeln!(out, "| {entry} | {meaning} |")?;
    }
    writeln!(out)
}

fn write_exports(out: &mut String) -> core::fmt::Result {
    writeln!(out, "## Exports that the host looks for\n\n| export | meaning |\n|---|---|")?;
    for (name, meaning) in EXPORTS {
        writeln!(out, "| `{name}` | {meaning} |")?;
    }
    Ok(())
}

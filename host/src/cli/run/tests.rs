//! Command lines of every kind: each is understood or refused with a word, and what is understood says its limits and rights.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use clap::{CommandFactory, Parser};
use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};

use super::super::{Cli, Command};

/// Command lines that a run of the tests tries.
const LINES: u32 = 4000;

/// What may stand behind a flag, or for itself.
const VALUES: &[&str] = &[
    "",
    "0",
    "1",
    "-1",
    "4294967296",
    "18446744073709551615",
    "18446744073709551616",
    "1e9",
    "0x10",
    "4K",
    "1G",
    "16777216T",
    "slab",
    "large",
    "real",
    "=",
    "a=b",
    "=b",
    "a=",
    "a=b=c",
    "::",
    "/tmp::/data",
    "::/",
    "*",
    "*:443",
    "[::1]:80",
    "connect:10.0.0.0/33",
    "bind:unix:/x",
    "host:99999",
    "127.0.0.1:9-1",
    "*.",
    "\u{1b}[2J",
    "\u{e9}\u{301}",
    "--",
    "-",
    "-h",
    "program.wasm",
];

/// Every flag of every command.
fn flags() -> Vec<String> {
    let command = Cli::command();
    let arguments = command.get_subcommands().flat_map(|command| command.get_arguments());
    arguments.filter_map(|argument| argument.get_long().map(|long| format!("--{long}"))).collect()
}

struct Lines {
    rng: ChaCha8Rng,
    flags: Vec<String>,
}

impl Lines {
    fn below(&mut self, end: usize) -> usize {
        self.rng.next_u32() as usize % end
    }

    fn value(&mut self) -> OsString {
        match self.below(12) {
            0 => {
                let mut bytes = vec![0; self.below(40)];
                self.rng.fill_bytes(&mut bytes);
                OsString::from_vec(bytes)
            }
            1 => "x".repeat(5000).into(),
            _ => VALUES[self.below(VALUES.len())].into(),
        }
    }

    fn words(&mut self, line: &mut Vec<OsString>) {
        let at = self.below(self.flags.len());
        let flag = self.flags[at].clone();
        match self.below(4) {
            0 => line.push(self.value()),
            1 => line.push(flag.into()),
            2 => line.extend([flag.into(), self.value()]),
            _ => {
                let mut both = OsString::from(flag + "=");
                both.push(self.value());
                line.push(both);
            }
        }
    }

    /// The next command line, most often of `run`.
    fn next(&mut self) -> Vec<OsString> {
        let mut line = vec!["flower-host".into()];
        line.push(["run", "run", "run", "compile", "crash", "compile-apart"][self.below(6)].into());
        for _ in 0..self.below(4) {
            self.words(&mut line);
        }
        if self.below(4) > 0 {
            line.push("program.wasm".into());
        }
        line
    }
}

#[test]
fn any_command_line_is_understood_or_refused() {
    let mut lines = Lines { rng: ChaCha8Rng::seed_from_u64(1), flags: flags() };
    let (mut understood, mut refused) = (0, 0);
    for _ in 0..LINES {
        let line = lines.next();
        match Cli::try_parse_from(&line) {
            Ok(Cli { command: Command::Run(run) }) => {
                understood += 1;
                run.limits.limits();
                // A directory may not be there, or a variable not have a name.
                let _ =
                    run.rights.policy().map_err(|error| assert!(!error.to_string().is_empty(), "{line:?}"));
            }
            Ok(_) => {}
            Err(error) => {
                refused += 1;
                assert!(!error.to_string().is_empty(), "{line:?}");
            }
        }
    }
    assert!(understood > LINES / 20 && refused > LINES / 20, "{understood} and {refused}");
}

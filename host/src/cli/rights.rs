//! What the main actor is granted, as flags of `run`.

use clap::{Args, ValueEnum};

use super::values::{DirFlag, EnvFlag};
use crate::{Access, Clock, Dir, Dirs, NetRule, Policy, Strings};

/// Rights; without a flag there is nothing of the outside.
#[derive(Args)]
pub(super) struct RightFlags {
    /// Grant the program a directory (repeatable)
    #[arg(long = "dir", value_name = "HOST[::GUEST]")]
    dirs: Vec<DirFlag>,
    /// The same, to read only
    #[arg(long = "dir-read", value_name = "HOST[::GUEST]")]
    dirs_read: Vec<DirFlag>,
    /// Give the program an environment variable (repeatable); without a value, the host's own
    #[arg(long = "env", value_name = "NAME[=VALUE]")]
    env: Vec<EnvFlag>,
    /// Let the program use a part of the network (repeatable): [connect:|bind:]HOST[:PORT[-PORT]], where HOST is an
    /// address, a CIDR, a name, *.NAME or *; or [connect:|bind:]unix:PATH
    #[arg(long, value_name = "RULE")]
    allow_net: Vec<NetRule>,
    /// Show the time to the program, which otherwise stands still at midnight
    #[arg(long, value_name = "CLOCK", num_args = 0..=1, require_equals = true, default_missing_value = "real")]
    allow_clock: Option<ClockFlag>,
    /// Let the program read what flower-host is given to read
    #[arg(long)]
    allow_stdin: bool,
}

// Comments on the variants would give every flag of the help a paragraph of its own.
#[derive(Clone, Copy, ValueEnum)]
enum ClockFlag {
    Coarse,
    Real,
}

impl RightFlags {
    /// The rights of the main actor.
    pub(super) fn policy(&self) -> anyhow::Result<Policy> {
        let env = self.env.iter().map(|EnvFlag(name, value)| (name.clone(), value.clone()));
        let writable = self.dirs.iter().map(|flag| dir(flag, Access::ReadWrite));
        let readable = self.dirs_read.iter().map(|flag| dir(flag, Access::ReadOnly));
        let clock = match self.allow_clock {
            None => Clock::Frozen,
            Some(ClockFlag::Coarse) => Clock::Coarse,
            Some(ClockFlag::Real) => Clock::Real,
        };
        let policy = Policy::default().env(Strings::env(env)?).dirs(Dirs::new(writable.chain(readable))?);
        let policy = policy.stdin(self.allow_stdin);
        Ok(self.allow_net.iter().cloned().fold(policy.clock(clock), Policy::net))
    }
}

fn dir(flag: &DirFlag, access: Access) -> Dir {
    Dir { host: flag.host.clone(), guest: flag.guest.clone(), access }
}

//! Rights: what a child is granted out of what its parent has, and how a refusal reads.

use std::fmt::{self, Display, Write};
use std::time::Duration;

use flower_abi::RightsOptions;
use serde::{Deserialize, Serialize};

use crate::clock::period;
use crate::host::{self, address, length};
use crate::spawn::Spawn;

/// What the host did not let the actor do, as it says itself: `net connect 10.0.0.1:443 is not granted`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PermissionDenied(String);

impl PermissionDenied {
    /// What was refused last; for a call that has just answered `NOT_GRANTED`.
    pub(crate) fn last() -> PermissionDenied {
        PermissionDenied(host::refusal())
    }
}

impl Display for PermissionDenied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for PermissionDenied {}

impl From<PermissionDenied> for std::io::Error {
    fn from(denied: PermissionDenied) -> std::io::Error {
        std::io::Error::new(std::io::ErrorKind::PermissionDenied, denied)
    }
}

/// What the calendar clock of an actor shows, and so [`std::time::SystemTime`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Clock {
    /// The midnight (UTC) before the host was started, and never anything else: the default.
    #[default]
    Frozen,
    /// The time, to the second.
    Coarse,
    /// The time.
    Real,
}

/// What a spawn names of its child's rights, as the host reads it.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Grants(pub(crate) String);

impl Grants {
    fn add(&mut self, entry: impl Display) {
        // A zero byte would end the entry, and the host would read another.
        let start = self.0.len();
        write!(self.0, "{entry}").expect("writing to a string does not fail");
        if self.0[start..].contains('\0') {
            self.0.truncate(start);
            self.0.push_str("invalid");
        }
        self.0.push('\0');
    }

    /// Where the host finds it.
    pub(crate) fn options(&self) -> Option<RightsOptions> {
        let (entries, entries_len) = (address(&*self.0), length(self.0.as_bytes()));
        (entries_len > 0).then_some(RightsOptions { version: 1, reserved: 0, entries, entries_len })
    }
}

/// Rights of the new actor. By itself it prints, sends, waits, has randomness and monotonic time, spawns and
/// registers names; these methods add what the spawner itself was granted, or take away. What the spawner
/// does not have is refused: [`SpawnError::PermissionDenied`](crate::SpawnError::PermissionDenied).
///
/// ```no_run
/// # fn fetcher() {}
/// use flower::{Clock, Spawn};
///
/// let fetcher = Spawn::new(fetcher, ())
///     .allow_net("connect:api.example.org:443")
///     .allow_dir_read("/config")
///     .clock(Clock::Real)
///     .spawn()?;
/// # Ok::<(), flower::SpawnError>(())
/// ```
impl<R> Spawn<'_, R> {
    /// Grants a directory that the spawner has under this name, to read and to write.
    pub fn allow_dir(self, name: &str) -> Self {
        self.grant(format_args!("dir={name}"))
    }

    /// Grants a directory that the spawner has under this name, to read only.
    pub fn allow_dir_read(self, name: &str) -> Self {
        self.grant(format_args!("dir-read={name}"))
    }

    /// Grants a variable of the spawner's environment.
    pub fn allow_env(self, name: &str) -> Self {
        self.grant(format_args!("env={name}"))
    }

    /// Grants a part of the network: `[connect:|bind:]HOST[:PORT[-PORT]]`, where `HOST` is an address, a CIDR, a
    /// name, `*.NAME` or `*`; or `[connect:|bind:]unix:PATH`.
    pub fn allow_net(self, rule: &str) -> Self {
        self.grant(format_args!("net={rule}"))
    }

    /// Grants stdin, which is at its end without.
    pub fn allow_stdin(self) -> Self {
        self.grant("stdin")
    }

    /// What the calendar clock shows to it; [`Clock::Frozen`] by default.
    pub fn clock(self, clock: Clock) -> Self {
        self.grant(match clock {
            Clock::Frozen => "clock=frozen",
            Clock::Coarse => "clock=coarse",
            Clock::Real => "clock=real",
        })
    }

    /// One more argument of its program, as [`std::env::args`] shows them; the first is the program's name.
    pub fn program_arg(self, arg: &str) -> Self {
        self.grant(format_args!("arg={arg}"))
    }

    /// Lets what it prints to stdout come to nothing.
    pub fn deny_stdout(self) -> Self {
        self.grant("no-stdout")
    }

    /// Lets what it prints to stderr come to nothing.
    pub fn deny_stderr(self) -> Self {
        self.grant("no-stderr")
    }

    /// Gives it the same random numbers as everybody else of whom this is said.
    pub fn fixed_random(self) -> Self {
        self.grant("fixed-random")
    }

    /// Of the host's modules beside its own, it may spawn these only; one that ends in `*` stands for all that
    /// begin so.
    pub fn only_modules(self, modules: &[&str]) -> Self {
        self.patterns("module", modules)
    }

    /// It may register, take away and join these names and groups only, in the same form.
    pub fn only_names(self, names: &[&str]) -> Self {
        self.patterns("name", names)
    }

    /// How many generations may descend from it: 0 for none, 1 for children without children.
    pub fn depth_max(self, generations: u32) -> Self {
        self.grant(format_args!("depth-max={generations}"))
    }

    /// The most memory that it may give to one of its descendants.
    pub fn child_memory_max(self, bytes: u64) -> Self {
        self.grant(format_args!("child-memory-max={bytes}"))
    }

    /// The most messages that it may let wait for one of its descendants.
    pub fn child_mailbox_len_max(self, messages: u32) -> Self {
        self.grant(format_args!("child-mailbox-len-max={messages}"))
    }

    /// The most bytes that it may let wait for one of its descendants.
    pub fn child_mailbox_bytes_max(self, bytes: u64) -> Self {
        self.grant(format_args!("child-mailbox-bytes-max={bytes}"))
    }

    /// The longest that it may let one of its descendants run without waiting.
    pub fn child_run_time_max(self, duration: Duration) -> Self {
        self.grant(format_args!("child-run-time-max={}", period(duration)))
    }

    fn patterns(self, key: &str, patterns: &[&str]) -> Self {
        // The empty one stands for none, and says so even where there is no other.
        let patterns = [""].into_iter().chain(patterns.iter().copied());
        patterns.fold(self, |spawn, pattern| spawn.grant(format_args!("{key}={pattern}")))
    }

    fn grant(mut self, entry: impl Display) -> Self {
        self.grants.add(entry);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grants_are_entries_that_end_in_zero() {
        let spawn =
            Spawn::new(|| (), ()).allow_net("*:80").only_names(&["a", "b*"]).depth_max(2).deny_stdout();
        assert_eq!(spawn.grants.0, "net=*:80\0name=\0name=a\0name=b*\0depth-max=2\0no-stdout\0");
        assert!(Spawn::new(|| (), ()).grants.options().is_none());
    }

    #[test]
    fn no_entry_hides_in_another() {
        let spawn = Spawn::new(|| (), ()).program_arg("x\0net=*").allow_env("A");
        assert_eq!(spawn.grants.0, "invalid\0env=A\0");
    }
}

//! What an actor may do: one policy each, shared by all that may do the same.
//!
//! An actor without a word said about it prints, sends, waits, knows its arguments and how much time has
//! passed, has a random generator of its own, and spawns and registers names within the limits of the host.
//! Nothing of the outside is there unless it was granted: by the embedder to the actors that it spawns, and by
//! an actor to its children out of what it has itself ([`grant`]). Rights only ever shrink on that way.
//!
//! - [`net`]: the rules of the network, and what they say of an address.
//! - [`pattern`]: names and modules, by name or by how they begin.
//! - [`child_limits`]: what an actor may set for its children.
//! - [`grant`]: what a spawn names for its child, read and held against what the parent has.
//! - [`granted`]: a policy as actors hold it, and how it goes to children.
//! - [`refusal`]: what was not granted, as the guest and the operator are told.

mod child_limits;
mod grant;
mod granted;
mod net;
mod pattern;
mod refusal;

use std::net::SocketAddr;
use std::path::Path;

use crate::wasi::{Dirs, Strings};

pub use child_limits::ChildLimits;
pub(crate) use granted::{BadGrants, Granted};
pub use net::{NetOp, NetRule, NetRuleError, NetRules};
pub(crate) use refusal::{Refusal, Refusals};

use pattern::Patterns;

/// What a calendar clock shows to an actor. Monotonic time is never withheld.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum Clock {
    /// The midnight (UTC) before the host was made, and never anything else: the default.
    #[default]
    Frozen,
    /// The time, to the second.
    Coarse,
    /// The time.
    Real,
}

/// Where an actor's random numbers come from.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum Random {
    /// The same numbers for everybody: nothing can be told apart by them, and nothing is secret.
    Fixed,
    /// A generator of its own, seeded by the host: the default.
    #[default]
    Own,
}

/// The rights of one actor. [`Policy::default`] is what actors have of which nothing is said.
///
/// ```
/// use flower_host::{Clock, Dir, Policy};
///
/// let policy = Policy::default()
///     .net("connect:api.example.org:443".parse()?)
///     .net("bind:127.0.0.1:8080".parse()?)
///     .clock(Clock::Real)
///     .names(["api/*"])
///     .depth_max(2);
/// # let _ = policy;
/// # Ok::<(), flower_host::NetRuleError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Policy {
    pub(crate) args: Strings,
    pub(crate) env: Strings,
    pub(crate) dirs: Dirs,
    pub(crate) net: NetRules,
    /// Whether it may read what the host is given to read.
    stdin: bool,
    /// A bit for each of descriptors 1 and 2 that is withheld.
    withheld: u64,
    clock: Clock,
    random: Random,
    modules: Patterns,
    names: Patterns,
    depth_max: Option<u32>,
    child_limits: ChildLimits,
}

impl Policy {
    /// The arguments that the program sees; the first is its name. They are no right that children inherit.
    pub fn args(mut self, args: Strings) -> Policy {
        self.args = args;
        self
    }

    /// The environment that it sees; empty by default.
    pub fn env(mut self, env: Strings) -> Policy {
        self.env = env;
        self
    }

    /// The directories that it may use; none by default.
    pub fn dirs(mut self, dirs: Dirs) -> Policy {
        self.dirs = dirs;
        self
    }

    /// One more part of the network that it may use; nothing by default.
    pub fn net(mut self, rule: NetRule) -> Policy {
        self.net = self.net.with(rule);
        self
    }

    /// Whether it may read the host's stdin; it may not by default, and finds it at its end. Whatever several actors read,
    /// each gets a part of it.
    pub fn stdin(mut self, allowed: bool) -> Policy {
        self.stdin = allowed;
        self
    }

    /// Whether it may print to stdout; it may by default. What it prints without is gone.
    pub fn stdout(self, allowed: bool) -> Policy {
        self.withhold(1, !allowed)
    }

    /// The same for stderr.
    pub fn stderr(self, allowed: bool) -> Policy {
        self.withhold(2, !allowed)
    }

    /// What the calendar clock shows to it; [`Clock::Frozen`] by default.
    pub fn clock(mut self, clock: Clock) -> Policy {
        self.clock = clock;
        self
    }

    /// Where its random numbers come from; [`Random::Own`] by default.
    pub fn random(mut self, random: Random) -> Policy {
        self.random = random;
        self
    }

    /// The modules, beside its own, that it may spawn actors of, by name; one that ends in `*` stands for all
    /// that begin so. By default every module of the host.
    pub fn modules(mut self, modules: impl IntoIterator<Item = impl AsRef<str>>) -> Policy {
        self.modules = Patterns::only(modules);
        self
    }

    /// The names that it may register and take away, and the groups that it may join or put others into, in the
    /// same form. By default every one.
    pub fn names(mut self, names: impl IntoIterator<Item = impl AsRef<str>>) -> Policy {
        self.names = Patterns::only(names);
        self
    }

    /// How many generations may descend from it: 0 for none, 1 for children without children. By default any number;
    /// how many actors they may be is said by a [`Budget`](crate::Budget).
    pub fn depth_max(mut self, generations: u32) -> Policy {
        self.depth_max = Some(generations);
        self
    }

    /// What it may set for its children at most; by default what the host allows.
    pub fn child_limits(mut self, limits: ChildLimits) -> Policy {
        self.child_limits = limits;
        self
    }

    /// Whether this address may be used, however it is written.
    ///
    /// ```
    /// use flower_host::{NetOp, Policy};
    ///
    /// let policy = Policy::default().net("connect:127.0.0.1:80".parse()?);
    /// assert!(policy.net_allows(NetOp::Connect, "[::ffff:127.0.0.1]:80".parse().unwrap()));
    /// assert!(!policy.net_allows(NetOp::Bind, "127.0.0.1:80".parse().unwrap()));
    /// # Ok::<(), flower_host::NetRuleError>(())
    /// ```
    pub fn net_allows(&self, op: NetOp, address: SocketAddr) -> bool {
        self.net.allow(op, address)
    }

    /// Whether this name may be looked up.
    pub fn net_allows_lookup(&self, name: &str) -> bool {
        self.net.allow_lookup(name)
    }

    /// Whether an address may be used that `name` has resolved to: because it is granted itself, or because the
    /// name is and the address is public.
    pub fn net_allows_resolved(&self, op: NetOp, name: &str, address: SocketAddr) -> bool {
        self.net.allow_resolved(op, name, address)
    }

    /// Whether the Unix socket at this path may be used.
    pub fn net_allows_unix(&self, op: NetOp, path: &Path) -> bool {
        self.net.allow_unix(op, path)
    }

    /// Whether there is something to read on stdin.
    pub(crate) fn allows_stdin(&self) -> bool {
        self.stdin
    }

    /// Whether one of the standard streams may be used.
    pub(crate) fn allows_stream(&self, fd: u32) -> bool {
        self.withheld.checked_shr(fd).unwrap_or(0) & 1 == 0
    }

    /// What a calendar clock that stands at `now_ns` shows, in a host that was made on the day of `made_ns`.
    pub(crate) fn calendar(&self, now_ns: u64, made_ns: u64) -> u64 {
        const SECOND: u64 = 1_000_000_000;
        const DAY: u64 = 86_400 * SECOND;
        match self.clock {
            Clock::Real => now_ns,
            Clock::Coarse => now_ns - now_ns % SECOND,
            Clock::Frozen => made_ns - made_ns % DAY,
        }
    }

    /// Whether its random numbers are everybody's.
    pub(crate) fn has_fixed_randomness(&self) -> bool {
        self.random == Random::Fixed
    }

    /// Whether it may have this name, or join the group of this name.
    pub(crate) fn check_name(&self, name: &str) -> Result<(), Refusal> {
        if self.names.match_name(name) { Ok(()) } else { Err(Refusal::name(name)) }
    }

    /// Whether it may spawn at all, and if it names a module other than its own, that.
    pub(crate) fn check_spawn(&self, module: Option<&str>) -> Result<(), Refusal> {
        if self.depth_max == Some(0) {
            return Err(Refusal::spawn());
        }
        match module {
            Some(module) if !self.modules.match_name(module) => Err(Refusal::module(module)),
            _ => Ok(()),
        }
    }

    /// What it may set for its children.
    pub(crate) fn limits_of_children(&self) -> &ChildLimits {
        &self.child_limits
    }

    fn withhold(mut self, fd: u32, withheld: bool) -> Policy {
        self.withheld = (self.withheld & !(1 << fd)) | (u64::from(withheld) << fd);
        self
    }

    /// What a child gets of which the spawn says nothing: no more than the default, and no more than its parent.
    fn of_child(&self) -> Policy {
        Policy {
            args: Strings::default(),
            env: Strings::default(),
            dirs: Dirs::default(),
            net: NetRules::default(),
            stdin: false,
            clock: Clock::Frozen,
            depth_max: self.depth_max.map(|depth| depth.saturating_sub(1)),
            ..self.clone()
        }
    }

    /// Whether its children get the same, when nothing is said.
    fn is_hereditary(&self) -> bool {
        let has_nothing =
            self.args.is_empty() && self.env.is_empty() && self.dirs.is_empty() && self.net.is_empty();
        has_nothing && !self.stdin && self.clock == Clock::Frozen && self.depth_max.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_are_real_coarse_or_frozen() {
        let (noon, later) = (1_700_049_600_000_000_000, 1_700_049_601_234_567_890);
        let at = |clock| Policy::default().clock(clock).calendar(later, noon);
        assert_eq!(at(Clock::Real), later);
        assert_eq!(at(Clock::Coarse), 1_700_049_601_000_000_000);
        assert_eq!(at(Clock::Frozen), 1_700_006_400_000_000_000, "midnight of that day");
    }
}

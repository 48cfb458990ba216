//! Grants: what a spawn names for its child, held against what the parent has.
//!
//! They are entries of UTF-8 text, each ended by a zero byte: `net=connect:10.0.0.1:443`, `dir-read=/data`,
//! `no-stdout`. The table in `docs/SECURITY.md` and `SpawnOptions::grants` list them.

use std::time::Duration;

use super::granted::BadGrants;
use super::pattern::Patterns;
use super::{Clock, NetRule, Policy, Random, Refusal};
use crate::wasi::{Access, Dirs, Strings};

/// What a child with these grants gets: the default, what they name of the parent's, and no less than they withhold.
pub(super) fn narrow(parent: &Policy, grants: &str) -> Result<Policy, BadGrants> {
    let mut draft = Draft { parent, child: parent.of_child(), ..Draft::new(parent) };
    for entry in grants.split_terminator('\0') {
        let (key, value) = match entry.split_once('=') {
            Some((key, value)) => (key, Some(value)),
            None => (entry, None),
        };
        draft.add(entry, key, value)?;
    }
    draft.finish()
}

/// A child's policy on its way.
struct Draft<'a> {
    parent: &'a Policy,
    child: Policy,
    args: Vec<&'a str>,
    env: Vec<String>,
    dirs: Vec<crate::wasi::Dir>,
    net: Vec<NetRule>,
    modules: Option<Vec<&'a str>>,
    names: Option<Vec<&'a str>>,
}

impl<'a> Draft<'a> {
    fn new(parent: &'a Policy) -> Draft<'a> {
        let (args, env, dirs, net) = Default::default();
        Draft { parent, child: Policy::default(), args, env, dirs, net, modules: None, names: None }
    }

    fn add(&mut self, entry: &'a str, key: &str, value: Option<&'a str>) -> Result<(), BadGrants> {
        match (key, value) {
            ("arg", Some(arg)) => self.args.push(arg),
            ("env", Some(name)) => self.env(entry, name)?,
            ("dir", Some(name)) => self.dir(entry, name, Access::ReadWrite)?,
            ("dir-read", Some(name)) => self.dir(entry, name, Access::ReadOnly)?,
            ("net", Some(rule)) => self.net(entry, rule)?,
            ("stdin", None) => self.stdin(entry)?,
            ("no-stdout", None) => self.child.withheld |= 1 << 1,
            ("no-stderr", None) => self.child.withheld |= 1 << 2,
            ("clock", Some(clock)) => self.clock(entry, clock)?,
            ("fixed-random", None) => self.child.random = Random::Fixed,
            ("module", Some(module)) => {
                add_pattern(&mut self.modules, &self.parent.modules, module, || Refusal::module(module))?;
            }
            ("name", Some(name)) => {
                add_pattern(&mut self.names, &self.parent.names, name, || Refusal::name(name))?;
            }
            (_, Some(value)) => self.limit(key, value.parse().map_err(|_| BadGrants::Invalid)?)?,
            _ => return Err(BadGrants::Invalid),
        }
        Ok(())
    }

    fn env(&mut self, entry: &str, name: &str) -> Result<(), BadGrants> {
        let variable =
            self.parent.env.iter().find(|known| known.split_once('=').is_some_and(|(key, _)| key == name));
        let variable = variable.ok_or_else(|| Refusal::grant(entry, first(&format!("--env {name}"))))?;
        self.env.push(variable.to_owned());
        Ok(())
    }

    fn dir(&mut self, entry: &str, name: &str, access: Access) -> Result<(), BadGrants> {
        let held = self.parent.dirs.iter().find(|dir| dir.guest == name);
        let held = held.filter(|dir| dir.access == Access::ReadWrite || access == Access::ReadOnly);
        let held = held.ok_or_else(|| {
            Refusal::grant(entry, first(&format!("--{}", entry.replacen('=', " HOST::", 1))))
        })?;
        self.dirs.push(crate::wasi::Dir { access, ..held.clone() });
        Ok(())
    }

    fn net(&mut self, entry: &str, rule: &str) -> Result<(), BadGrants> {
        let rule: NetRule = rule.parse().map_err(|_| BadGrants::Invalid)?;
        if !self.parent.net.cover(&rule) {
            return Err(Refusal::grant(entry, first(&format!("--allow-net {rule}"))).into());
        }
        self.net.push(rule);
        Ok(())
    }

    fn stdin(&mut self, entry: &str) -> Result<(), BadGrants> {
        if !self.parent.stdin {
            return Err(Refusal::grant(entry, first("--allow-stdin")).into());
        }
        self.child.stdin = true;
        Ok(())
    }

    fn clock(&mut self, entry: &str, clock: &str) -> Result<(), BadGrants> {
        let clock = match clock {
            "frozen" => Clock::Frozen,
            "coarse" => Clock::Coarse,
            "real" => Clock::Real,
            _ => return Err(BadGrants::Invalid),
        };
        if clock > self.parent.clock {
            let flag = if clock == Clock::Real { "--allow-clock" } else { "--allow-clock=coarse" };
            return Err(Refusal::grant(entry, first(flag)).into());
        }
        self.child.clock = clock;
        Ok(())
    }

    /// Numbers are bounds, and a bound that says more than the parent's says nothing.
    fn limit(&mut self, key: &str, number: u64) -> Result<(), BadGrants> {
        fn lower<T: Ord>(bound: &mut Option<T>, number: T) {
            *bound = Some(match bound.take() {
                Some(before) => before.min(number),
                None => number,
            });
        }
        let limits = &mut self.child.child_limits;
        let small = u32::try_from(number).unwrap_or(u32::MAX);
        match key {
            "depth-max" => lower(&mut self.child.depth_max, small),
            "child-memory-max" => lower(&mut limits.memory_max, number),
            "child-mailbox-len-max" => lower(&mut limits.mailbox_len_max, small),
            "child-mailbox-bytes-max" => lower(&mut limits.mailbox_bytes_max, number),
            "child-run-time-max" => lower(&mut limits.run_time_max, Duration::from_nanos(number)),
            _ => return Err(BadGrants::Invalid),
        }
        Ok(())
    }

    fn finish(self) -> Result<Policy, BadGrants> {
        let Draft { mut child, args, env, dirs, net, modules, names, .. } = self;
        child.args = Strings::args(args).map_err(|_| BadGrants::Invalid)?;
        child.env = Strings::args(env).map_err(|_| BadGrants::Invalid)?;
        child.dirs = Dirs::of_granted(dirs).map_err(|_| BadGrants::Invalid)?;
        child.net = super::net::NetRules::new(net);
        if let Some(modules) = modules {
            child.modules = Patterns::only(modules);
        }
        if let Some(names) = names {
            child.names = Patterns::only(names);
        }
        Ok(child)
    }
}

/// One more pattern; the empty one adds nothing, and so says that there is none.
fn add_pattern<'a>(
    list: &mut Option<Vec<&'a str>>,
    held: &Patterns,
    pattern: &'a str,
    refusal: impl FnOnce() -> Refusal,
) -> Result<(), Refusal> {
    if !pattern.is_empty() && !held.cover(pattern) {
        return Err(refusal());
    }
    let list = list.get_or_insert_default();
    list.extend(Some(pattern).filter(|pattern| !pattern.is_empty()));
    Ok(())
}

/// How a right gets to a parent.
fn first(flag: &str) -> String {
    format!(
        "the parent does not have it: {flag} grants it to the first actor, and each spawn on the way must name it"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use crate::spawn::Options;

    fn parent() -> Policy {
        Policy::default()
            .env(Strings::env([("HOME", "/root"), ("HOMER", "x")]).expect("good variables"))
            .net("connect:10.0.0.0/8:80".parse().expect("a rule"))
            .clock(Clock::Coarse)
            .names(["web/*"])
            .modules(["worker", "web*"])
    }

    fn narrowed(grants: &[&str]) -> Result<Policy, BadGrants> {
        narrow(&parent(), &grants.iter().map(|grant| format!("{grant}\0")).collect::<String>())
    }

    #[test]
    fn a_child_gets_what_is_named_and_nothing_else() {
        let child = narrowed(&["env=HOME", "net=connect:10.1.0.0/16:80", "arg=prog", "arg=", "name=web/a*"]);
        let child = child.expect("the parent has all of it");
        assert_eq!(child.env.iter().collect::<Vec<_>>(), ["HOME=/root"]);
        assert_eq!(child.args.iter().collect::<Vec<_>>(), ["prog", ""]);
        assert!(child.net_allows(super::super::NetOp::Connect, "10.1.2.3:80".parse().expect("an address")));
        assert!(!child.net_allows(super::super::NetOp::Connect, "10.2.2.3:80".parse().expect("an address")));
        assert_eq!(child.clock, Clock::Frozen, "it was not named");
        assert!(child.check_name("web/ab").is_ok() && child.check_name("web/b").is_err());
        assert!(child.check_spawn(Some("worker")).is_ok() && child.check_spawn(Some("other")).is_err());
    }

    #[test]
    fn nothing_can_be_widened() {
        for more in [
            "env=PATH",
            "env=HOM",
            "env=HOME=/",
            "net=*",
            "net=bind:10.0.0.1:80",
            "net=connect:10.0.0.0/8:81",
            "net=connect:example.org:80",
            "dir=/",
            "dir-read=/",
            "clock=real",
            "stdin",
            "name=*",
            "name=web*",
            "module=other",
            "module=w*",
        ] {
            assert!(
                matches!(narrowed(&[more]), Err(BadGrants::Refused(_))),
                "{more}: {:?}",
                narrowed(&[more])
            );
        }
        let fixed = Policy::default().random(Random::Fixed).stdout(false);
        let child = narrow(&fixed, "no-stderr\0").expect("less can always be said");
        assert!(child.has_fixed_randomness() && !child.allows_stream(1) && !child.allows_stream(2));
    }

    #[test]
    fn the_last_of_several_bounds_is_not_the_one_that_counts() {
        let mut asked = Options { memory_max: Some(5000), ..Options::default() };
        let child =
            narrowed(&["child-memory-max=1000", "child-memory-max=2000", "depth-max=0", "depth-max=9"]);
        let child = child.expect("bounds are always granted");
        child.limits_of_children().bound(&mut asked, &Limits::default());
        assert_eq!(asked.memory_max, Some(1000));
        assert_eq!(child.check_spawn(None), Err(Refusal::spawn()));
    }

    #[test]
    fn an_empty_pattern_stands_for_none() {
        let child = narrowed(&["name=", "module="]).expect("less can always be said");
        assert!(child.check_name("web/a").is_err() && child.check_spawn(Some("worker")).is_err());
        assert!(child.check_spawn(None).is_ok(), "its own module is not named");
    }

    #[test]
    fn what_says_nothing_is_invalid() {
        for wrong in
            ["", "stdin=yes", "net", "net=10.0.0.0/33", "clock=now", "depth-max=many", "rights=all", "x"]
        {
            assert_eq!(narrowed(&[wrong]).map(drop), Err(BadGrants::Invalid), "{wrong:?}");
        }
    }
}

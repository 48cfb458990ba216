//! Rules of the network, as text and as what that stands for.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::RangeInclusive;
use std::path::{Component, Path, PathBuf};
use std::str::FromStr;

use ipnet::IpNet;

use super::NetOp;
use super::address::{ALL_V4, ALL_V6, effective, plain, plain_net};

/// Why a text is no rule for the network.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "{text:?} is not a rule for the network: {cause}; write [connect:|bind:]HOST[:PORT[-PORT]], where HOST is an \
     address, a CIDR, a name, *.NAME or * (an IPv6 address with a port in brackets), or unix:PATH"
)]
pub struct NetRuleError {
    text: String,
    cause: &'static str,
}

/// A part of the network: `[connect:|bind:]HOST[:PORT[-PORT]]` or `[connect:|bind:]unix:PATH`.
///
/// ```
/// use flower_host::NetRule;
///
/// for rule in ["*", "connect:api.example.org:443", "10.0.0.0/8:8000-8999", "bind:[::1]:80", "unix:/run/db.sock"] {
///     rule.parse::<NetRule>()?;
/// }
/// # Ok::<(), flower_host::NetRuleError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NetRule {
    text: Box<str>,
    pub(super) atoms: Vec<Atom>,
}

/// One operation on one set of hosts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Atom {
    pub(super) op: NetOp,
    pub(super) host: Host,
    pub(super) ports: RangeInclusive<u16>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Host {
    Net(IpNet),
    /// In lower case, without a dot at its end.
    Name(Box<str>),
    /// The same, with the dot at its start: every name that ends so.
    Suffix(Box<str>),
    /// The path of a Unix socket.
    Unix(PathBuf),
}

impl NetRule {
    /// The whole network.
    pub fn all() -> NetRule {
        "*".parse().expect("it is the rule for everything")
    }

    /// Every atom that this rule consists of, for every operation it names.
    fn expand(ops: &[NetOp], target: &str) -> Result<Vec<Atom>, &'static str> {
        if let Some(path) = target.strip_prefix("unix:") {
            let path = absolute(Path::new(path)).ok_or("the path must be absolute, without `..`")?;
            let atom = |op: &NetOp| Atom { op: *op, host: Host::Unix(path.clone()), ports: 0..=0 };
            return Ok(ops.iter().map(atom).collect());
        }
        let (host, ports) = split_ports(target)?;
        let mut atoms = Vec::new();
        for op in ops {
            for host in hosts(*op, host)? {
                atoms.push(Atom { op: *op, host, ports: ports.clone() });
            }
        }
        Ok(atoms)
    }
}

impl FromStr for NetRule {
    type Err = NetRuleError;

    fn from_str(text: &str) -> Result<NetRule, NetRuleError> {
        let wrong = |cause| NetRuleError { text: text.to_owned(), cause };
        let (ops, target) = match text.split_once(':') {
            Some(("connect", target)) => (&[NetOp::Connect][..], target),
            Some(("bind", target)) => (&[NetOp::Bind][..], target),
            _ => (&NetOp::BOTH[..], text),
        };
        let atoms = NetRule::expand(ops, target).map_err(wrong)?;
        Ok(NetRule { text: text.into(), atoms })
    }
}

impl fmt::Display for NetRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A target as host and ports; without ports all of them.
fn split_ports(target: &str) -> Result<(&str, RangeInclusive<u16>), &'static str> {
    if let Some(rest) = target.strip_prefix('[') {
        let (host, rest) = rest.split_once(']').ok_or("a bracket is not closed")?;
        return match rest.strip_prefix(':') {
            Some(ports) => Ok((host, parse_ports(ports)?)),
            None if rest.is_empty() => Ok((host, 0..=u16::MAX)),
            None => Err("behind the bracket stands neither `:` nor the end"),
        };
    }
    // More than one colon is a bare IPv6 address.
    match target.split_once(':') {
        Some((host, ports)) if !ports.contains(':') => Ok((host, parse_ports(ports)?)),
        _ => Ok((target, 0..=u16::MAX)),
    }
}

fn parse_ports(ports: &str) -> Result<RangeInclusive<u16>, &'static str> {
    let number = |text: &str| text.parse::<u16>().map_err(|_| "a port is a number up to 65535");
    match ports.split_once('-') {
        _ if ports == "*" => Ok(0..=u16::MAX),
        None => number(ports).map(|port| port..=port),
        Some((first, last)) => {
            let (first, last) = (number(first)?, number(last)?);
            if first > last { Err("the first port is above the last") } else { Ok(first..=last) }
        }
    }
}

/// The hosts that a text stands for in this operation.
fn hosts(op: NetOp, host: &str) -> Result<Vec<Host>, &'static str> {
    if host == "*" {
        return Ok(vec![Host::Net(ALL_V4), Host::Net(ALL_V6)]);
    }
    if let Ok(net) = host.parse::<IpNet>() {
        return Ok(vec![Host::Net(plain_net(net))]);
    }
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(match (op, plain(address)) {
            // Every interface; an IPv6 socket takes IPv4 connections too.
            (NetOp::Bind, IpAddr::V4(Ipv4Addr::UNSPECIFIED)) => vec![Host::Net(ALL_V4)],
            (NetOp::Bind, IpAddr::V6(Ipv6Addr::UNSPECIFIED)) => vec![Host::Net(ALL_V4), Host::Net(ALL_V6)],
            (_, address) => vec![Host::Net(effective(op, address).into())],
        });
    }
    match host.strip_prefix('*') {
        Some(suffix) if suffix.starts_with('.') => {
            Ok(vec![Host::Suffix(format!(".{}", check_name(&suffix[1..])?).into())])
        }
        Some(_) => Err("behind `*` a dot and a name must follow"),
        None => Ok(vec![Host::Name(check_name(host)?.into())]),
    }
}

/// A name in the form in which names are compared.
fn check_name(name: &str) -> Result<String, &'static str> {
    let name = fold(name);
    let is_label = |label: &str| {
        let known = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        !label.is_empty() && label.len() <= 63 && label.chars().all(known)
    };
    if name.len() > 253 || !name.split('.').all(is_label) {
        return Err("the host is neither an address nor a name");
    }
    if looks_like_an_address(&name) {
        return Err("a name does not end in a number: write an address in full");
    }
    Ok(name)
}

/// Two spellings of a name are the same in this form.
pub(super) fn fold(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

/// Resolvers take `127.1` and `0x7f000001` for addresses.
fn looks_like_an_address(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    last.starts_with("0x") || last.bytes().all(|byte| byte.is_ascii_digit())
}

/// A path that no component leads out of.
pub(super) fn absolute(path: &Path) -> Option<PathBuf> {
    let plain = path.components().all(|part| matches!(part, Component::RootDir | Component::Normal(_)));
    (path.is_absolute() && plain).then(|| path.components().collect())
}

impl Atom {
    /// Whether everything that `other` allows is allowed by this one too.
    pub(super) fn covers(&self, other: &Atom) -> bool {
        let ports = self.ports.contains(other.ports.start()) && self.ports.contains(other.ports.end());
        let host = match (&self.host, &other.host) {
            (Host::Net(net), Host::Net(part)) => net.contains(part),
            (Host::Name(name), Host::Name(other)) => name == other,
            (Host::Suffix(suffix), Host::Name(name) | Host::Suffix(name)) => name.ends_with(&**suffix),
            (Host::Unix(path), Host::Unix(other)) => path == other,
            _ => false,
        };
        self.op == other.op && ports && host
    }

    /// Whether this name is meant.
    pub(super) fn names(&self, name: &str) -> bool {
        match &self.host {
            Host::Name(known) => **known == *name,
            Host::Suffix(suffix) => name.ends_with(&**suffix),
            Host::Net(_) | Host::Unix(_) => false,
        }
    }
}

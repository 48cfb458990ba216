//! The network that an actor may use: rules, and what they say of an address.
//!
//! An address is judged by what the kernel would do with it, not by how it is written: an IPv4 address inside
//! an IPv6 one is the IPv4 address, and `0.0.0.0` is the machine itself to whoever connects, and every
//! interface to whoever binds. A rule that names a host lets that name be looked up, and lets through what
//! it resolves to as long as that is a public address; an address of the machine or of a private network needs
//! a rule of its own, or whoever controls a name would control where it leads.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::{Component, Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// What an actor wants to do with an address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NetOp {
    /// Connect to it, or send a datagram there.
    Connect,
    /// Listen, or receive datagrams, on it.
    Bind,
}

impl NetOp {
    const BOTH: [NetOp; 2] = [NetOp::Connect, NetOp::Bind];
}

impl fmt::Display for NetOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NetOp::Connect => "connect",
            NetOp::Bind => "bind",
        })
    }
}

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
    atoms: Vec<Atom>,
}

/// One operation on one set of hosts.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Atom {
    op: NetOp,
    host: Host,
    ports: RangeInclusive<u16>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Host {
    Net(IpNet),
    /// In lower case, without a dot at its end.
    Name(Box<str>),
    /// The same, with the dot at its start: every name that ends so.
    Suffix(Box<str>),
    /// The path of a Unix socket.
    Unix(PathBuf),
}

const ALL_V4: IpNet = IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::UNSPECIFIED, 0));
const ALL_V6: IpNet = IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::UNSPECIFIED, 0));

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

fn fold(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

/// Resolvers take `127.1` and `0x7f000001` for addresses.
fn looks_like_an_address(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    last.starts_with("0x") || last.bytes().all(|byte| byte.is_ascii_digit())
}

/// The address that is meant by one that has an IPv4 address inside.
fn plain(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => match v6.segments() {
            // Translated by the gateways of the network (RFC 6052).
            [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
                IpAddr::V4(Ipv4Addr::from_bits((u32::from(high) << 16) | u32::from(low)))
            }
            _ => IpAddr::V6(v6),
        },
        v4 => v4,
    }
}

/// A range of mapped addresses is a range of IPv4.
fn plain_net(net: IpNet) -> IpNet {
    match (net.addr().to_canonical(), net.prefix_len()) {
        (IpAddr::V4(v4), len @ 96..) if net.addr().is_ipv6() => {
            IpNet::V4(Ipv4Net::new_assert(v4, len - 96).trunc())
        }
        _ => net.trunc(),
    }
}

/// Where a connection to this address goes.
fn effective(op: NetOp, address: IpAddr) -> IpAddr {
    match (op, plain(address)) {
        (NetOp::Connect, IpAddr::V4(Ipv4Addr::UNSPECIFIED)) => Ipv4Addr::LOCALHOST.into(),
        (NetOp::Connect, IpAddr::V6(Ipv6Addr::UNSPECIFIED)) => Ipv6Addr::LOCALHOST.into(),
        (_, address) => address,
    }
}

/// Everything in IPv4 that is not the public network.
const NOT_PUBLIC_V4: &[Ipv4Net] = &[
    v4([0, 0, 0, 0], 8),
    v4([10, 0, 0, 0], 8),
    v4([100, 64, 0, 0], 10),
    v4([127, 0, 0, 0], 8),
    v4([169, 254, 0, 0], 16),
    v4([172, 16, 0, 0], 12),
    v4([192, 0, 0, 0], 24),
    v4([192, 88, 99, 0], 24),
    v4([192, 168, 0, 0], 16),
    v4([198, 18, 0, 0], 15),
    v4([224, 0, 0, 0], 3),
];

/// What of the public part of IPv6 leads elsewhere: tunnels into IPv4, and documentation.
const NOT_PUBLIC_V6: &[Ipv6Net] = &[
    Ipv6Net::new_assert(Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    Ipv6Net::new_assert(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    Ipv6Net::new_assert(Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
];

const PUBLIC_V6: Ipv6Net = Ipv6Net::new_assert(Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

const fn v4([a, b, c, d]: [u8; 4], len: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), len)
}

/// Whether an address is one of the public network, and not of this machine or of the networks around it.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => !NOT_PUBLIC_V4.iter().any(|net| net.contains(&v4)),
        IpAddr::V6(v6) => PUBLIC_V6.contains(&v6) && !NOT_PUBLIC_V6.iter().any(|net| net.contains(&v6)),
    }
}

/// A path that no component leads out of.
fn absolute(path: &Path) -> Option<PathBuf> {
    let plain = path.components().all(|part| matches!(part, Component::RootDir | Component::Normal(_)));
    (path.is_absolute() && plain).then(|| path.components().collect())
}

impl Atom {
    /// Whether everything that `other` allows is allowed by this one too.
    fn covers(&self, other: &Atom) -> bool {
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

    fn names(&self, name: &str) -> bool {
        match &self.host {
            Host::Name(known) => **known == *name,
            Host::Suffix(suffix) => name.ends_with(&**suffix),
            Host::Net(_) | Host::Unix(_) => false,
        }
    }
}

/// The rules of one actor; without any, it has no network.
#[derive(Clone, Debug, Default)]
pub struct NetRules(Arc<[NetRule]>);

impl NetRules {
    /// These rules.
    pub fn new(rules: impl IntoIterator<Item = NetRule>) -> NetRules {
        NetRules(rules.into_iter().collect())
    }

    /// These rules and another one.
    pub(crate) fn with(&self, rule: NetRule) -> NetRules {
        NetRules::new(self.0.iter().cloned().chain([rule]))
    }

    /// Whether nothing is allowed.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn atoms(&self) -> impl Iterator<Item = &Atom> {
        self.0.iter().flat_map(|rule| &rule.atoms)
    }

    /// Whether an address may be used, however it is written.
    pub(crate) fn allow(&self, op: NetOp, address: SocketAddr) -> bool {
        let (ip, port) = (effective(op, address.ip()), address.port());
        let covered = |net: IpNet| {
            self.atoms().any(|atom| {
                let covers = matches!(&atom.host, Host::Net(known) if known.contains(&net));
                atom.op == op && atom.ports.contains(&port) && covers
            })
        };
        match ip {
            // To bind to every interface is to bind to each.
            IpAddr::V4(Ipv4Addr::UNSPECIFIED) => covered(ALL_V4),
            IpAddr::V6(Ipv6Addr::UNSPECIFIED) => covered(ALL_V4) && covered(ALL_V6),
            ip => covered(ip.into()),
        }
    }

    /// Whether a name may be looked up: the question alone tells somebody something.
    pub(crate) fn allow_lookup(&self, name: &str) -> bool {
        let name = fold(name);
        // It is answered on the machine.
        let is_local = name == "localhost" && !self.is_empty();
        is_local || self.atoms().any(|atom| atom.names(&name) || atom.host == Host::Net(ALL_V4))
    }

    /// Whether an address that a name has resolved to may be used by whoever named it.
    pub(crate) fn allow_resolved(&self, op: NetOp, name: &str, address: SocketAddr) -> bool {
        let (name, ip) = (fold(name), effective(op, address.ip()));
        let leads_there = if name == "localhost" { ip.is_loopback() } else { is_public(ip) };
        let named = |atom: &Atom| atom.op == op && atom.ports.contains(&address.port()) && atom.names(&name);
        self.allow(op, address) || (leads_there && self.atoms().any(named))
    }

    /// Whether the Unix socket at this path may be used.
    pub(crate) fn allow_unix(&self, op: NetOp, path: &Path) -> bool {
        let Some(path) = absolute(path) else { return false };
        self.atoms().any(|atom| match &atom.host {
            Host::Unix(known) => atom.op == op && *known == path,
            Host::Net(_) | Host::Name(_) | Host::Suffix(_) => false,
        })
    }

    /// Whether nothing in `rule` goes beyond these rules.
    pub(crate) fn cover(&self, rule: &NetRule) -> bool {
        rule.atoms.iter().all(|part| {
            let everywhere = |net| {
                let host = Host::Net(net);
                let ports = part.ports.clone();
                self.atoms()
                    .any(|atom| atom.covers(&Atom { op: part.op, host: host.clone(), ports: ports.clone() }))
            };
            let is_name = matches!(part.host, Host::Name(_) | Host::Suffix(_));
            self.atoms().any(|atom| atom.covers(part))
                || (is_name && everywhere(ALL_V4) && everywhere(ALL_V6))
        })
    }
}

#[cfg(test)]
mod tests;

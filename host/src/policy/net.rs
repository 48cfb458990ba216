//! The network that an actor may use: rules, and what they say of an address.
//!
//! An address is judged by what the kernel would do with it, not by how it is written: an IPv4 address inside
//! an IPv6 one is the IPv4 address, and `0.0.0.0` is the machine itself to whoever connects, and every
//! interface to whoever binds. A rule that names a host lets that name be looked up, and lets through what
//! it resolves to as long as that is a public address; an address of the machine or of a private network needs
//! a rule of its own, or whoever controls a name would control where it leads.

mod address;
mod rule;

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use ipnet::IpNet;

use address::{ALL_V4, ALL_V6, effective, is_public};
use rule::{Atom, Host, absolute, fold};
pub use rule::{NetRule, NetRuleError};

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

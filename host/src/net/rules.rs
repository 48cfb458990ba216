//! What of the network an actor may use: nothing, unless a rule grants it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::str::FromStr;

use super::Address;

/// What one does with an address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Use {
    Connect,
    Bind,
}

/// Grants that an actor is spawned with; none by default. A child has none unless it is given some.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NetRules {
    rules: Vec<NetRule>,
}

/// One grant: `[connect:|bind:]HOST:PORT`, where HOST is an address, a network (`10.0.0.0/8`), a name or `*`, and PORT is a
/// number, a range (`8000-8999`) or `*`; `unix:PATH` grants a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetRule {
    only: Option<Use>,
    hosts: Hosts,
    ports: RangeInclusive<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Hosts {
    All,
    Network(IpAddr, u8),
    Name(String),
    Path(String),
}

impl NetRules {
    /// These grants.
    pub fn new(rules: impl IntoIterator<Item = NetRule>) -> NetRules {
        NetRules { rules: rules.into_iter().collect() }
    }

    /// Whether one of them grants this; `name` is what the address was looked up by.
    pub(crate) fn allow(&self, wanted: Use, name: Option<&str>, address: &Address) -> bool {
        self.rules.iter().any(|rule| rule.grants(wanted, name, address))
    }

    /// Whether names may be looked up: by whom a name, or everything, is granted.
    pub(crate) fn allow_names(&self) -> bool {
        self.rules.iter().any(|rule| matches!(rule.hosts, Hosts::All | Hosts::Name(_)) || rule.is_loopback())
    }
}

impl NetRule {
    fn is_loopback(&self) -> bool {
        matches!(self.hosts, Hosts::Network(address, _) if address.is_loopback())
    }

    fn grants(&self, wanted: Use, name: Option<&str>, address: &Address) -> bool {
        if self.only.is_some_and(|only| only != wanted) {
            return false;
        }
        match (&self.hosts, address) {
            (Hosts::Path(granted), Address::Unix(path)) => path.to_str() == Some(granted),
            (Hosts::Path(_), _) | (_, Address::Unix(_)) => false,
            (hosts, Address::Ip(address)) => {
                self.ports.contains(&address.port()) && hosts.contain(wanted, name, reached(wanted, *address))
            }
        }
    }
}

impl Hosts {
    fn contain(&self, wanted: Use, name: Option<&str>, address: IpAddr) -> bool {
        match self {
            Hosts::All => true,
            Hosts::Network(network, bits) => {
                same_family(*network, address) && prefix(*network, *bits) == prefix(address, *bits)
            }
            Hosts::Name(granted) => {
                let asked = name.and_then(|name| name.rsplit_once(':')).map(|(host, _)| host);
                let is_it = asked.is_some_and(|asked| asked.eq_ignore_ascii_case(granted));
                // Whoever decides what a name stands for must not thereby open what is not public.
                wanted == Use::Connect && is_it && (is_public(address) || granted == "localhost")
            }
            Hosts::Path(_) => false,
        }
    }
}

/// The address that is really reached: no other spelling of it gets by.
fn reached(wanted: Use, address: SocketAddr) -> IpAddr {
    match (wanted, address.ip().to_canonical()) {
        (Use::Connect, IpAddr::V4(ip)) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        (Use::Connect, IpAddr::V6(ip)) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        (_, ip) => ip,
    }
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(ip) => {
            let shared = ip.octets()[0] == 100 && ip.octets()[1] & 0xc0 == 64;
            !(ip.is_private()
                || ip.is_loopback()
                || ip.is_link_local()
                || ip.is_unspecified()
                || ip.is_broadcast()
                || ip.is_multicast()
                || shared)
        }
        IpAddr::V6(ip) => {
            !(ip.is_loopback()
                || ip.is_unspecified()
                || ip.is_unique_local()
                || ip.is_unicast_link_local()
                || ip.is_multicast())
        }
    }
}

fn same_family(one: IpAddr, other: IpAddr) -> bool {
    one.is_ipv4() == other.is_ipv4()
}

/// The first bits of an address, the others zero.
fn prefix(address: IpAddr, bits: u8) -> u128 {
    let (number, width) = match address {
        IpAddr::V4(ip) => (u128::from(ip.to_bits()), 32),
        IpAddr::V6(ip) => (ip.to_bits(), 128),
    };
    number.checked_shr(width - u32::from(bits)).unwrap_or(0)
}

impl FromStr for NetRule {
    type Err = String;

    fn from_str(text: &str) -> Result<NetRule, String> {
        let wrong = || {
            format!(
                "{text:?} is not [connect:|bind:]HOST:PORT, as in 127.0.0.1:8080, connect:10.0.0.0/8:443 or bind:*:8000-8999"
            )
        };
        let (only, rest) = match text.split_once(':') {
            Some(("connect", rest)) => (Some(Use::Connect), rest),
            Some(("bind", rest)) => (Some(Use::Bind), rest),
            _ => (None, text),
        };
        if let Some(path) = rest.strip_prefix("unix:") {
            return Ok(NetRule { only, hosts: Hosts::Path(path.to_owned()), ports: 0..=u16::MAX });
        }
        let (host, ports) = rest.rsplit_once(':').ok_or_else(wrong)?;
        let hosts = hosts(host.trim_start_matches('[').trim_end_matches(']')).ok_or_else(wrong)?;
        Ok(NetRule { only, hosts, ports: parse_ports(ports).ok_or_else(wrong)? })
    }
}

fn hosts(text: &str) -> Option<Hosts> {
    if text == "*" {
        return Some(Hosts::All);
    }
    let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
    match (address.parse::<IpAddr>(), bits) {
        (Ok(address), bits) => {
            let address = address.to_canonical();
            let most = if address.is_ipv4() { 32 } else { 128 };
            let bits = bits.map_or(Some(most), |bits| bits.parse().ok().filter(|bits| *bits <= most))?;
            Some(Hosts::Network(address, bits))
        }
        (Err(_), None) if !text.is_empty() && !text.contains([':', '*', ' ']) => {
            Some(Hosts::Name(text.to_owned()))
        }
        _ => None,
    }
}

fn parse_ports(text: &str) -> Option<RangeInclusive<u16>> {
    match text.split_once('-') {
        None if text == "*" => Some(0..=u16::MAX),
        None => text.parse().ok().map(|port| port..=port),
        Some((first, last)) => Some(first.parse().ok()?..=last.parse().ok()?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(rules: &[&str], wanted: Use, name: Option<&str>, address: &str) -> bool {
        let rules = NetRules::new(rules.iter().map(|rule| rule.parse().expect("a rule")));
        let address = address.parse().map_or_else(|_| Address::Unix(address.into()), Address::Ip);
        rules.allow(wanted, name, &address)
    }

    fn connects(rule: &str, address: &str) -> bool {
        allows(&[rule], Use::Connect, None, address)
    }

    #[test]
    fn nothing_is_granted_unless_a_rule_says_so() {
        assert!(!allows(&[], Use::Connect, None, "127.0.0.1:80"));
        assert!(connects("127.0.0.1:80", "127.0.0.1:80"));
        assert!(!connects("127.0.0.1:80", "127.0.0.1:81") && !connects("127.0.0.1:80", "127.0.0.2:80"));
        assert!(connects("connect:*:80", "1.2.3.4:80") && !connects("bind:*:80", "1.2.3.4:80"));
        assert!(allows(&["bind:0.0.0.0:*"], Use::Bind, None, "0.0.0.0:7"));
        assert!(!allows(&["bind:127.0.0.1:*"], Use::Bind, None, "0.0.0.0:7"));
    }

    #[test]
    fn networks_and_ranges_have_edges() {
        assert!(connects("10.0.0.0/8:1-9", "10.255.255.255:9") && !connects("10.0.0.0/8:1-9", "11.0.0.0:9"));
        assert!(!connects("10.0.0.0/8:1-9", "10.0.0.1:10") && !connects("10.0.0.0/8:1-9", "10.0.0.1:0"));
        assert!(connects("0.0.0.0/0:*", "9.9.9.9:1") && !connects("0.0.0.0/0:*", "[2001:db8::1]:1"));
        assert!(
            connects("[2001:db8::]/32:*", "[2001:db8::1]:1")
                || connects("2001:db8::/32:*", "[2001:db8::1]:1")
        );
    }

    #[test]
    fn another_spelling_of_an_address_is_that_address() {
        assert!(connects("127.0.0.1:80", "[::ffff:127.0.0.1]:80"));
        assert!(!connects("10.0.0.1:80", "[::ffff:127.0.0.1]:80"));
        assert!(connects("127.0.0.1:80", "0.0.0.0:80"), "it is this host that is reached");
        assert!(!connects("0.0.0.0:80", "0.0.0.0:80"), "a rule for no address grants no host");
    }

    #[test]
    fn a_name_does_not_open_what_is_not_public() {
        let named = |name, address| allows(&["example.com:443"], Use::Connect, Some(name), address);
        assert!(named("example.com:443", "93.184.216.34:443"));
        assert!(!named("example.org:443", "93.184.216.34:443"));
        for forbidden in [
            "127.0.0.1:443",
            "10.1.2.3:443",
            "169.254.169.254:443",
            "[::1]:443",
            "[::ffff:10.0.0.1]:443",
            "100.64.0.1:443",
        ] {
            assert!(!named("example.com:443", forbidden), "{forbidden}");
        }
        assert!(!connects("example.com:443", "93.184.216.34:443"), "the address alone was not granted");
        assert!(allows(&["localhost:80"], Use::Connect, Some("localhost:80"), "127.0.0.1:80"));
    }

    #[test]
    fn paths_are_granted_as_they_are_written() {
        assert!(connects("unix:/run/a", "/run/a") && !connects("unix:/run/a", "/run/../run/a"));
        assert!(!connects("*:*", "/run/a") && !connects("unix:/run/a", "127.0.0.1:80"));
    }

    #[test]
    fn what_is_no_rule_is_refused() {
        for wrong in ["", "127.0.0.1", "127.0.0.1:", "a b:80", "10.0.0.0/33:1", "*:70000", "1.2.3.4/8/8:1"] {
            assert!(wrong.parse::<NetRule>().is_err(), "{wrong:?}");
        }
    }
}

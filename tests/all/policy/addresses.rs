//! Addresses that seem to lead where nothing was granted: none does, neither an actor nor its child. Each way of writing is
//! tried with a rule that covers the place, and with one that does not.

use std::net::{IpAddr, TcpListener};

use flower_host::{NetOp, NetRule, Policy};

use crate::support::{Guest, Mode};

/// What a guest with these rules is told when it connects or binds, which is what its child is told.
#[track_caller]
fn told<const N: usize>(rules: [&str; N], op: &str, address: &str) -> String {
    let parse = |rule: &str| rule.parse::<NetRule>().expect("a rule");
    let policy = rules.iter().fold(Policy::default(), |policy, rule| policy.net(parse(rule)));
    let guest = Guest::named("policy_addresses").policy(policy).args([op, address]).args(rules);
    let ran = guest.run(Mode::Threads);
    ran.expect_success();
    let (own, childs) = ran.stdout.trim_end().split_once('\n').expect("two lines");
    assert_eq!(own, childs, "{ran}");
    own.to_owned()
}

#[track_caller]
fn expect_refused<const N: usize>(rules: [&str; N], op: &str, address: &str) {
    let expected = format!("PermissionDenied: net {op} {address} is not granted");
    assert_eq!(told(rules, op, address), expected, "{rules:?}");
}

#[track_caller]
fn expect_allowed<const N: usize>(rules: [&str; N], op: &str, address: &str) {
    assert_eq!(told(rules, op, address), "allowed", "{rules:?}");
}

/// What is said of a name that may be looked up and leads where the guest may not go.
#[track_caller]
fn expect_led_astray<const N: usize>(rules: [&str; N], name: &str) {
    let told = told(rules, "connect", name);
    let beginning = format!("PermissionDenied: net connect {name} (which is ");
    assert!(told.starts_with(&beginning) && told.ends_with(") is not granted"), "{rules:?}: {told}");
}

#[test]
fn an_address_inside_another_is_the_one_inside() {
    for inside in ["[::ffff:127.0.0.1]:1", "[::ffff:7f00:1]:1", "[64:ff9b::127.0.0.1]:1"] {
        expect_allowed(["connect:127.0.0.1:1"], "connect", inside);
        let shown = inside.parse::<std::net::SocketAddr>().expect("an address").to_string();
        expect_refused(["connect:::/0", "connect:127.0.0.2:1"], "connect", &shown);
    }
}

#[test]
fn no_address_is_this_machine_to_who_connects() {
    expect_allowed(["connect:127.0.0.1:1"], "connect", "0.0.0.0:1");
    expect_refused(["connect:192.0.2.1:1"], "connect", "0.0.0.0:1");
    expect_allowed(["connect:[::1]:1"], "connect", "[::]:1");
    expect_refused(["connect:127.0.0.1:1"], "connect", "[::]:1");
}

#[test]
fn no_address_is_all_of_this_machine_to_who_binds() {
    expect_allowed(["bind:0.0.0.0:0"], "bind", "0.0.0.0:0");
    expect_refused(["bind:127.0.0.1:0"], "bind", "0.0.0.0:0");
    expect_refused(["bind:0.0.0.0:0"], "bind", "[::]:0");
    expect_allowed(["bind:[::]:0"], "bind", "[::]:0");
}

#[test]
fn a_rule_to_connect_lets_nobody_bind_and_the_other_way_round() {
    expect_refused(["connect:127.0.0.1:0"], "bind", "127.0.0.1:0");
    expect_refused(["bind:127.0.0.1:1"], "connect", "127.0.0.1:1");
}

#[test]
fn localhost_is_looked_up_and_its_address_checked() {
    expect_led_astray(["connect:192.0.2.1:1"], "localhost:1");
    expect_led_astray(["connect:localhost:2", "connect:192.0.2.1"], "localhost:1");
    expect_allowed(["connect:localhost:1"], "connect", "localhost:1");
    expect_allowed(["connect:localhost:1"], "connect", "LOCALHOST.:1");
}

#[test]
fn localhost_that_was_granted_is_reached() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = format!("localhost:{}", listener.local_addr().expect("it has one").port());
    expect_allowed([&format!("connect:{address}")], "connect", &address);
    listener.set_nonblocking(true).expect("it can be");
    assert!(listener.accept().is_ok() && listener.accept().is_ok(), "the guest and its child have come");
}

/// Resolvers take these for addresses, so that they need neither a server of names nor a file.
#[test]
fn other_spellings_of_an_address_are_names_and_lead_where_it_does() {
    for spelling in ["127.1", "0x7f000001", "2130706433", "0177.0.0.1"] {
        let address = format!("{spelling}:1");
        expect_refused(["connect:127.0.0.1:1"], "connect", &address);
        // Whoever may use all of IPv4 may look up whatever it likes, but this is not the port.
        expect_led_astray(["connect:0.0.0.0/0:2"], &address);
        expect_allowed(["connect:0.0.0.0/0:1"], "connect", &address);
    }
}

/// A name of this machine, other than `localhost`, that leads to itself or to the network around it.
fn alias() -> Option<(String, IpAddr)> {
    let hosts = std::fs::read_to_string("/etc/hosts").ok()?;
    let lines = hosts.lines().map(|line| line.split('#').next().unwrap_or_default());
    let mut names = lines.filter_map(|line| {
        let mut words = line.split_whitespace();
        let address: IpAddr = words.next()?.parse().ok()?;
        let rule = |name: &str| format!("connect:{name}:1").parse::<NetRule>();
        let name = words.find(|name| *name != "localhost" && rule(name).is_ok())?;
        let policy = Policy::default().net(rule(name).ok()?);
        let leads_out = policy.net_allows_resolved(NetOp::Connect, name, (address, 1).into());
        (!leads_out && !address.is_multicast() && !address.is_unspecified())
            .then(|| (name.to_owned(), address))
    });
    names.next()
}

/// Whoever controls a name must not thereby open this machine. Where `/etc/hosts` has no other name, `localhost` has to do.
#[test]
fn a_name_that_was_granted_opens_nothing_around_this_machine() {
    let Some((name, address)) = alias() else {
        return expect_led_astray(["connect:localhost:2", "connect:192.0.2.1"], "localhost:1");
    };
    let (rule, wanted) = (format!("connect:{name}:1"), format!("{name}:1"));
    expect_led_astray([&rule], &wanted);
    let own = match address {
        IpAddr::V4(v4) => format!("connect:{v4}:1"),
        IpAddr::V6(v6) => format!("connect:[{v6}]:1"),
    };
    expect_allowed([&rule, &own], "connect", &wanted);
    expect_refused([&own], "connect", &wanted);
}

#[test]
fn a_name_does_not_lead_to_forbidden_addresses() {
    let policy = Policy::default().net("connect:example.org:80".parse().expect("a rule"));
    for inside in ["127.0.0.1:80", "10.0.0.1:80", "169.254.169.254:80", "[::1]:80", "[::ffff:127.0.0.1]:80"] {
        let inside = inside.parse().expect("an address");
        assert!(!policy.net_allows_resolved(NetOp::Connect, "example.org", inside), "{inside}");
    }
    assert!(policy.net_allows_lookup("example.org") && !policy.net_allows_lookup("example.com"));
}

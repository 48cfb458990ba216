//! Rules against addresses, in every spelling.

use super::*;
use NetOp::{Bind, Connect};

fn rules(texts: &[&str]) -> NetRules {
    NetRules::new(texts.iter().map(|text| text.parse().expect("a rule")))
}

fn at(address: &str) -> SocketAddr {
    address.parse().expect("an address with a port")
}

#[test]
fn without_a_rule_there_is_no_network() {
    let none = NetRules::default();
    for address in ["127.0.0.1:80", "[::1]:80", "0.0.0.0:0", "93.184.215.14:443"] {
        assert!(!none.allow(Connect, at(address)) && !none.allow(Bind, at(address)), "{address}");
    }
    assert!(!none.allow_lookup("example.org") && !none.allow_lookup("localhost"));
    assert!(!none.allow_unix(Connect, Path::new("/run/db.sock")));
}

#[test]
fn the_rule_for_everything_allows_every_address() {
    let all = rules(&["*"]);
    for address in
        ["127.0.0.1:80", "[::1]:80", "0.0.0.0:0", "[::]:9", "93.184.215.14:443", "[::ffff:1.2.3.4]:5"]
    {
        assert!(all.allow(Connect, at(address)) && all.allow(Bind, at(address)), "{address}");
    }
    assert!(all.allow_lookup("anything.example"));
    assert!(
        !all.allow_unix(Connect, Path::new("/run/db.sock")),
        "a socket in the file system is named by itself"
    );
}

#[test]
fn an_operation_is_granted_by_itself() {
    let connect = rules(&["connect:127.0.0.1:80"]);
    assert!(connect.allow(Connect, at("127.0.0.1:80")) && !connect.allow(Bind, at("127.0.0.1:80")));
    let bind = rules(&["bind:127.0.0.1:80"]);
    assert!(!bind.allow(Connect, at("127.0.0.1:80")) && bind.allow(Bind, at("127.0.0.1:80")));
}

#[test]
fn ports_and_ranges_are_exact() {
    let range = rules(&["10.0.0.0/8:8000-8010"]);
    for (address, allowed) in [
        ("10.1.2.3:7999", false),
        ("10.1.2.3:8000", true),
        ("10.255.255.255:8010", true),
        ("10.1.2.3:8011", false),
        ("10.1.2.3:0", false),
        ("11.0.0.0:8000", false),
        ("9.255.255.255:8000", false),
    ] {
        assert_eq!(range.allow(Connect, at(address)), allowed, "{address}");
    }
}

#[test]
fn a_mapped_address_is_the_address_inside() {
    let v4 = rules(&["127.0.0.1:80"]);
    for inside in ["[::ffff:127.0.0.1]:80", "[::ffff:7f00:1]:80", "[64:ff9b::127.0.0.1]:80"] {
        assert!(v4.allow(Connect, at(inside)), "{inside}");
    }
    let v6 = rules(&["::/0"]);
    for inside in ["[::ffff:127.0.0.1]:80", "[64:ff9b::10.0.0.1]:80"] {
        assert!(!v6.allow(Connect, at(inside)), "{inside} is IPv4, which was not granted");
    }
    let written_mapped = rules(&["[::ffff:10.0.0.0/104]:80", "::ffff:1.2.3.4"]);
    assert!(
        written_mapped.allow(Connect, at("10.9.9.9:80")) && written_mapped.allow(Connect, at("1.2.3.4:5"))
    );
    assert!(!written_mapped.allow(Connect, at("11.0.0.1:80")));
}

#[test]
fn zero_is_the_machine_itself_to_who_connects() {
    let public = rules(&["93.184.215.14:80"]);
    let loopback = rules(&["127.0.0.1:80", "[::1]:80"]);
    for zero in ["0.0.0.0:80", "[::]:80", "[::ffff:0.0.0.0]:80"] {
        assert!(!public.allow(Connect, at(zero)), "{zero}");
        assert!(loopback.allow(Connect, at(zero)), "{zero}");
    }
    assert!(rules(&["connect:0.0.0.0:80"]).allow(Connect, at("127.0.0.1:80")));
    assert!(!rules(&["connect:0.0.0.0:80"]).allow(Connect, at("10.0.0.1:80")));
}

#[test]
fn zero_is_every_interface_to_who_binds() {
    assert!(!rules(&["127.0.0.1"]).allow(Bind, at("0.0.0.0:80")));
    assert!(!rules(&["10.0.0.0/8"]).allow(Bind, at("0.0.0.0:80")));
    assert!(rules(&["bind:0.0.0.0:80"]).allow(Bind, at("0.0.0.0:80")));
    assert!(rules(&["bind:0.0.0.0:80"]).allow(Bind, at("127.0.0.1:80")));
    let v4 = rules(&["0.0.0.0/0"]);
    assert!(v4.allow(Bind, at("0.0.0.0:80")) && !v4.allow(Bind, at("[::]:80")), "which takes IPv6 too");
    assert!(!rules(&["::/0"]).allow(Bind, at("[::]:80")), "which takes IPv4 too");
    assert!(rules(&["[::]:80"]).allow(Bind, at("[::]:80")));
}

#[test]
fn a_name_allows_what_it_resolves_to_in_public() {
    let named = rules(&["connect:example.org:443", "connect:*.example.net"]);
    for name in ["example.org", "EXAMPLE.org.", "a.example.net", "b.a.example.net"] {
        assert!(named.allow_lookup(name), "{name}");
        assert!(named.allow_resolved(Connect, name, at("93.184.215.14:443")), "{name}");
    }
    for name in ["example.net", "xexample.net", "example.org.evil.test", "localhost.evil.test", "127.1"] {
        assert!(!named.allow_lookup(name), "{name}");
        assert!(!named.allow_resolved(Connect, name, at("93.184.215.14:443")), "{name}");
    }
    assert!(!named.allow_resolved(Connect, "example.org", at("93.184.215.14:80")), "another port");
    assert!(!named.allow_resolved(Bind, "example.org", at("93.184.215.14:443")), "another operation");
    assert!(!named.allow(Connect, at("93.184.215.14:443")), "the address was granted by its name alone");
}

#[test]
fn a_name_does_not_lead_inside() {
    let named = rules(&["connect:rebound.example.org"]);
    for inside in [
        "127.0.0.1:80",
        "0.0.0.0:80",
        "10.0.0.1:80",
        "172.16.0.1:80",
        "192.168.1.1:80",
        "169.254.169.254:80",
        "100.64.0.1:80",
        "224.0.0.1:80",
        "255.255.255.255:80",
        "[::1]:80",
        "[::]:80",
        "[fe80::1]:80",
        "[fc00::1]:80",
        "[::ffff:127.0.0.1]:80",
        "[::ffff:169.254.169.254]:80",
        "[64:ff9b::10.0.0.1]:80",
        "[2002:7f00:1::]:80",
        "[::127.0.0.1]:80",
        "[ff02::1]:80",
    ] {
        assert!(!named.allow_resolved(Connect, "rebound.example.org", at(inside)), "{inside}");
    }
    let both = rules(&["connect:db.example.org", "connect:10.0.0.5:5432"]);
    assert!(both.allow_resolved(Connect, "db.example.org", at("10.0.0.5:5432")));
    assert!(!both.allow_resolved(Connect, "db.example.org", at("10.0.0.6:5432")));
}

#[test]
fn localhost_is_this_machine_and_nothing_else() {
    let local = rules(&["connect:localhost:80"]);
    assert!(local.allow_resolved(Connect, "localhost", at("127.0.0.1:80")));
    assert!(local.allow_resolved(Connect, "localhost", at("[::1]:80")));
    assert!(!local.allow_resolved(Connect, "localhost", at("93.184.215.14:80")));
    let address = rules(&["127.0.0.1:80"]);
    assert!(
        address.allow_lookup("localhost") && address.allow_resolved(Connect, "localhost", at("127.0.0.1:80"))
    );
    assert!(!address.allow_lookup("example.org"), "a question is a message too");
}

#[test]
fn unix_sockets_are_named_by_their_path() {
    let unix = rules(&["connect:unix:/run/db.sock"]);
    assert!(
        unix.allow_unix(Connect, Path::new("/run/db.sock"))
            && unix.allow_unix(Connect, Path::new("/run//db.sock"))
    );
    for path in ["/run/other.sock", "/run/x/../db.sock", "run/db.sock", "/run/db.sock/x", ""] {
        assert!(!unix.allow_unix(Connect, Path::new(path)), "{path:?}");
    }
    assert!(!unix.allow_unix(Bind, Path::new("/run/db.sock")));
}

#[test]
fn a_part_is_covered_and_more_is_not() {
    let held = rules(&["10.0.0.0/8:80-90", "connect:*.example.org:443", "unix:/run/db.sock"]);
    let covered = |rule: &str| held.cover(&rule.parse().expect("a rule"));
    for part in [
        "10.0.0.0/8:80-90",
        "10.1.0.0/16:85",
        "connect:10.2.3.4:80",
        "[::ffff:10.2.3.4]:80",
        "connect:a.example.org:443",
        "connect:*.b.example.org:443",
        "bind:unix:/run/db.sock",
    ] {
        assert!(covered(part), "{part}");
    }
    for more in [
        "*",
        "10.0.0.0/7:80",
        "10.0.0.0/8:80-91",
        "10.0.0.0/8",
        "11.0.0.1:80",
        "0.0.0.0:80",
        "bind:0.0.0.0:80",
        "a.example.org:443",
        "connect:example.org:443",
        "connect:*.org:443",
        "connect:a.example.org:80",
        "connect:example.com:80",
        "unix:/run/other.sock",
    ] {
        assert!(!covered(more), "{more}");
    }
    assert!(rules(&["*"]).cover(&"connect:example.org:443".parse().expect("a rule")));
    assert!(!rules(&["connect:*"]).cover(&"example.org:443".parse().expect("a rule")), "bind was not held");
}

#[test]
fn what_is_no_rule_is_refused_with_its_cause() {
    for (text, cause) in [
        ("", "neither an address nor a name"),
        ("connect:", "neither an address nor a name"),
        ("example.org:http", "a port is a number"),
        ("example.org:70000", "a port is a number"),
        ("example.org:90-80", "the first port is above the last"),
        ("[::1", "a bracket is not closed"),
        ("[::1]80", "behind the bracket"),
        ("*example.org", "behind `*` a dot"),
        ("127.1", "a name does not end in a number"),
        ("0x7f000001", "a name does not end in a number"),
        ("10.0.0.0/33", "neither an address nor a name"),
        ("exa mple.org", "neither an address nor a name"),
        ("unix:run/db.sock", "the path must be absolute"),
        ("unix:/run/../db.sock", "the path must be absolute"),
    ] {
        let error = text.parse::<NetRule>().expect_err(text).to_string();
        assert!(error.contains(cause), "{text:?}: {error}");
    }
}

//! Rights: what an actor may do only if it was granted, and how that goes to its children.
//!
//! `docs/SECURITY.md` has the matrix whose cells are tested here by name.

mod paths;
mod table;

use flower_host::{NetOp, NetRule, Policy};

use crate::support::{Program, guest_file, guest_tests};

guest_tests! {
    policy_narrow;
    used: policy_table, policy_paths
}

/// The address that a policy with this rule is asked about.
fn allows(rule: &str, op: NetOp, address: &str) -> bool {
    let rule: NetRule = rule.parse().expect("a rule");
    Policy::default().net(rule).net_allows(op, address.parse().expect("an address"))
}

#[test]
fn an_address_inside_another_is_the_one_inside() {
    for address in ["[::ffff:10.0.0.1]:443", "[::ffff:a00:1]:443", "[64:ff9b::10.0.0.1]:443"] {
        assert!(allows("connect:10.0.0.1:443", NetOp::Connect, address), "{address}");
        assert!(!allows("connect:::/0", NetOp::Connect, address), "{address} is not of IPv6");
    }
}

#[test]
fn no_address_is_this_machine_to_who_connects_and_all_of_it_to_who_binds() {
    assert!(!allows("connect:192.0.2.1:80", NetOp::Connect, "0.0.0.0:80"));
    assert!(allows("connect:127.0.0.1:80", NetOp::Connect, "0.0.0.0:80"));
    assert!(!allows("bind:127.0.0.1:80", NetOp::Bind, "0.0.0.0:80"));
    assert!(!allows("bind:0.0.0.0:80", NetOp::Bind, "[::]:80"));
    assert!(allows("bind:0.0.0.0:80", NetOp::Bind, "0.0.0.0:80"));
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

#[test]
fn the_operator_reads_which_flag_would_allow_it() {
    let ran = Program::run(&[], &guest_file("policy_table"), &["direct", "connect"]).expect_code(0);
    assert_eq!(ran.stdout, "PermissionDenied: net connect 127.0.0.1:1 is not granted\n");
    ran.expect_in_stderr(&["--allow-net connect:127.0.0.1:1 would grant it", "refusals so far: 1"]);
    let ran = Program::run(
        &["--allow-net", "connect:127.0.0.1:1"],
        &guest_file("policy_table"),
        &["direct", "connect"],
    );
    assert_eq!(ran.expect_code(0).stdout, "granted\n");
}

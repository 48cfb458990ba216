//! An ordinary load generator: `ab`, the one of the Apache server.

use std::process::Command;

use super::free_port;
use super::programs::program;
use crate::support::{Program, Watchdog, guest_file};

/// What `ab` counts under a name, such as `Complete requests`; 0 where it says nothing.
fn count(report: &str, name: &str) -> u32 {
    let line = report.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let word = line.and_then(|line| line.split_whitespace().next()).unwrap_or("0");
    word.parse().unwrap_or_else(|_| panic!("{name} is no number:\n{report}"))
}

/// Fails unless so many requests over fifty connections are all answered, over connections that are kept if that is wanted.
fn expect_all(address: &str, requests: u32, is_kept: bool) {
    let _watchdog = Watchdog::start();
    let requests = requests.to_string();
    let kept: &[&str] = if is_kept { &["-k"] } else { &[] };
    let ran = Command::new("ab")
        .args(["-q", "-s", "30", "-c", "50", "-n", &requests])
        .args(kept)
        .arg(format!("http://{address}/"))
        .output()
        .expect("ab is installed: on Debian it is in the package apache2-utils, and `cargo xtask setup` installs it");
    let report = String::from_utf8_lossy(&ran.stdout).into_owned();
    let counts = ["Complete requests", "Keep-Alive requests", "Failed requests", "Non-2xx responses"];
    let all = requests.parse().expect("a number");
    let expected = [all, if is_kept { all } else { 0 }, 0, 0];
    assert_eq!(counts.map(|name| count(&report, name)), expected, "{report}");
}

#[test]
fn every_request_of_a_load_is_answered_by_the_host() {
    let (running, address) = program("http_hello", &[]);
    expect_all(&address, 2000, true);
    expect_all(&address, 300, false);
    running.signal("TERM");
    running.ended();
}

#[test]
fn every_request_of_a_load_is_answered_by_an_actor_for_each() {
    let address = format!("127.0.0.1:{}", free_port());
    let flags = ["--http", &format!("{address}=spawn:page"), "--stop-deadline-ms", "1"];
    let mut running = Program::of_run(&flags, &guest_file("http_requests"), &[]).start();
    running.line();
    expect_all(&address, 300, true);
    running.signal("TERM");
    running.ended();
}

#[test]
fn every_request_of_a_load_is_answered_by_an_actor_for_each_connection() {
    let address = format!("127.0.0.1:{}", free_port());
    let flags = ["--allow-net", "127.0.0.1:*", "--stop-deadline-ms", "1"];
    let mut running = Program::of_run(&flags, &guest_file("http_stream"), &[&address]).start();
    running.line();
    expect_all(&address, 1000, true);
    expect_all(&address, 300, false);
    running.signal("TERM");
    running.ended();
}

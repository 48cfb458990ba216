//! An ordinary load generator: `ab`, the one of the Apache server, or curl where there is none.

use std::io::ErrorKind;
use std::process::Command;

use super::programs::program;
use super::{curl, free_port};
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
    let number = requests.to_string();
    let kept: &[&str] = if is_kept { &["-k"] } else { &[] };
    let url = format!("http://{address}/");
    let ran =
        Command::new("ab").args(["-q", "-s", "30", "-c", "50", "-n", &number]).args(kept).arg(&url).output();
    let ran = match ran {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return expect_all_of_curl(&url, requests, is_kept);
        }
        ran => ran.expect("ab can be run"),
    };
    let report = String::from_utf8_lossy(&ran.stdout).into_owned();
    let counts = ["Complete requests", "Keep-Alive requests", "Failed requests", "Non-2xx responses"];
    let expected = [requests, if is_kept { requests } else { 0 }, 0, 0];
    assert_eq!(counts.map(|name| count(&report, name)), expected, "{report}");
}

/// The same with curl, which more machines have.
fn expect_all_of_curl(url: &str, requests: u32, is_kept: bool) {
    let url = format!("{url}?[1-{requests}]");
    let kept: &[&str] = if is_kept { &[] } else { &["-H", "Connection: close"] };
    let told = ["--parallel", "--parallel-max", "50", "-o", "/dev/null", "-w", "%{http_code}\n", &url];
    let codes = curl(&[kept, &told].concat());
    assert_eq!(codes.lines().filter(|code| *code == "200").count(), requests as usize, "{codes}");
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

//! A right that nobody has by itself, used directly, by a child to which it was named, by one to which it was not, and further
//! down. Its arguments are the way and the right.

use std::io::{read_to_string, stdin};
use std::time::{SystemTime, UNIX_EPOCH};
use std::{env, fs};

use flower::net::{NetError, TcpListener, TcpStream, UdpSocket, UnixListener, UnixStream};
use flower::{Clock, Spawn, sleep};
use flower_guests::ms;

const SECOND: u128 = 1_000_000_000;
const DAY: u128 = 86_400 * SECOND;

fn main() {
    let args: Vec<String> = env::args().collect();
    let right = args[2].clone();
    println!(
        "{}",
        match &*args[1] {
            "direct" => attempt(right),
            "child" => outcome(named(&right, Spawn::new(attempt, right.clone()))),
            "unnamed_child" => outcome(Spawn::new(attempt, right)),
            "grandchild" => outcome(named(&right, Spawn::new(hand_on, right.clone()))),
            "child_of_an_unnamed_child" => outcome(Spawn::new(hand_on, right)),
            other => panic!("no way {other}"),
        }
    );
}

fn hand_on(right: String) -> String {
    outcome(named(&right, Spawn::new(attempt, right.clone())))
}

fn outcome(spawn: Spawn<'_, String>) -> String {
    match spawn.spawn_join() {
        Ok(child) => child.join().expect("it ends well"),
        Err(error) => error.to_string(),
    }
}

fn named<'a>(right: &str, spawn: Spawn<'a, String>) -> Spawn<'a, String> {
    match right {
        "arg" => spawn.program_arg("hello"),
        "env" => spawn.allow_env("GREETING"),
        "dir" => spawn.allow_dir("/data"),
        "dir_read" => spawn.allow_dir_read("/data"),
        "stdin" => spawn.allow_stdin(),
        "clock" => spawn.clock(Clock::Real),
        "clock_coarse" => spawn.clock(Clock::Coarse),
        "connect" => spawn.allow_net("connect:127.0.0.1:1"),
        "connect_name" => spawn.allow_net("connect:localhost:1"),
        "connect_unix" => spawn.allow_net("connect:unix:/nobody/listens"),
        "bind" => spawn.allow_net("bind:127.0.0.1:0"),
        "bind_unix" => spawn.allow_net("bind:unix:/no/such/folder"),
        "datagram" => spawn.allow_net("bind:127.0.0.1:0").allow_net("connect:127.0.0.1:1"),
        other => panic!("no right {other}"),
    }
}

/// `granted`, `missing`, what a clock shows, or what the host says.
fn attempt(right: String) -> String {
    let there = match &*right {
        "arg" => env::args().any(|arg| arg == "hello"),
        "env" => env::var("GREETING").is_ok(),
        "dir" => fs::write("/data/made", "x").is_ok(),
        "dir_read" => fs::read("/data/file").is_ok() && fs::write("/data/file", "x").is_err(),
        "stdin" => read_to_string(stdin()).expect("it is text") == "something to read\n",
        "clock" | "clock_coarse" => return calendar().to_owned(),
        "connect" => return used(TcpStream::connect("127.0.0.1:1").map(drop)),
        "connect_name" => return used(TcpStream::connect("localhost:1").map(drop)),
        "connect_unix" => return used(UnixStream::connect("/nobody/listens").map(drop)),
        "bind" => return used(TcpListener::bind("127.0.0.1:0").map(drop)),
        "bind_unix" => return used(UnixListener::bind("/no/such/folder").map(drop)),
        "datagram" => return used(datagram()),
        other => panic!("no right {other}"),
    };
    if there { "granted".to_owned() } else { "missing".to_owned() }
}

fn datagram() -> Result<(), NetError> {
    let to = "127.0.0.1:1".parse().expect("an address");
    UdpSocket::bind("127.0.0.1:0")?.send_to(b"hello", to).map(drop)
}

/// What nobody answers was tried all the same.
fn used(result: Result<(), NetError>) -> String {
    match result.map_err(|error| error.to_string()) {
        Err(error) if error.starts_with("PermissionDenied") => error,
        Ok(()) | Err(_) => "granted".to_owned(),
    }
}

/// Which clock this is; one that happens to stand at midnight is looked at again.
#[expect(clippy::disallowed_methods, reason = "the calendar clock is one of the rights")]
fn calendar() -> &'static str {
    let look = || SystemTime::now().duration_since(UNIX_EPOCH).expect("it is later").as_nanos();
    sleep(ms(1));
    let mut now = look();
    if now.is_multiple_of(DAY) {
        sleep(ms(1001));
        now = look();
    }
    match now {
        now if now.is_multiple_of(DAY) => "frozen",
        now if now.is_multiple_of(SECOND) => "coarse",
        _ => "real",
    }
}

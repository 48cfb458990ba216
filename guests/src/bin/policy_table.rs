//! One right, used directly, by a child to which it was named, by one to which it was not, and further down.

use std::io::{read_to_string, stdin};
use std::time::{SystemTime, UNIX_EPOCH};
use std::{env, fs};

use flower::net::{TcpListener, TcpStream};
use flower::{Clock, Spawn, sleep};
use flower_guests::ms;

const DAY: u128 = 86_400_000_000_000;

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
        "env" => spawn.allow_env("GREETING"),
        "dir" => spawn.allow_dir("/data"),
        "dir_read" => spawn.allow_dir_read("/data"),
        "stdin" => spawn.allow_stdin(),
        "clock" => spawn.clock(Clock::Real),
        "connect" => spawn.allow_net("connect:127.0.0.1:1"),
        "bind" => spawn.allow_net("bind:127.0.0.1:0"),
        other => panic!("no right {other}"),
    }
}

/// `granted`, `missing`, or what the host says.
#[expect(clippy::disallowed_methods, reason = "the calendar clock is one of the rights")]
fn attempt(right: String) -> String {
    let there = match &*right {
        "env" => env::var("GREETING").is_ok(),
        "dir" => fs::write("/data/made", "x").is_ok(),
        "dir_read" => fs::read("/data/file").is_ok() && fs::write("/data/file", "x").is_err(),
        "stdin" => read_to_string(stdin()).expect("it is text") == "something to read\n",
        "clock" => {
            sleep(ms(1));
            let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is later");
            !now.as_nanos().is_multiple_of(DAY)
        }
        "connect" => {
            return used(TcpStream::connect("127.0.0.1:1").map(drop).map_err(|error| error.to_string()));
        }
        "bind" => return used(TcpListener::bind("127.0.0.1:0").map(drop).map_err(|error| error.to_string())),
        other => panic!("no right {other}"),
    };
    if there { "granted".to_owned() } else { "missing".to_owned() }
}

/// What nobody answers was tried all the same.
fn used(result: Result<(), String>) -> String {
    match result {
        Err(error) if error.starts_with("PermissionDenied") => error,
        Ok(()) | Err(_) => "granted".to_owned(),
    }
}

//! A pid or a token that the host did not make is worth nothing, whatever its bytes say.

use flower::{
    CallError, Pid, PidError, RegisterError, Reply, Request, SendError, call, is_alive, kill, link, monitor,
    names_of, receive, register, request, self_pid, send, spawn,
};
use flower_guests::PATIENCE;
use serde::Serialize;
use serde::de::DeserializeOwned;

fn main() {
    let zeros: Pid = from_text(&"0".repeat(64));
    let ones: Pid = from_text(&"f".repeat(64));
    for pid in [zeros, ones].into_iter().chain((0..8).map(random)).chain((0..64).map(tampered)) {
        is_worth_nothing(pid);
    }
    a_tampered_token();
    the_secret_is_not_shown();
}

/// The hexadecimal text that it is in JSON.
fn text(value: &impl Serialize) -> String {
    serde_json::from_value(serde_json::to_value(value).expect("it is data")).expect("it is text")
}

fn from_text<T: DeserializeOwned>(text: &str) -> T {
    serde_json::from_value(text.into()).expect("any bytes can be read")
}

/// Bytes without a meaning.
fn random(seed: u64) -> Pid {
    let mut state = seed;
    let digit = |_| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        char::from_digit((state >> 60) as u32, 16).expect("a digit")
    };
    from_text(&(0..64).map(digit).collect::<String>())
}

/// A true pid with one digit changed.
fn tampered(at: usize) -> Pid {
    from_text(&change_digit(&text(&self_pid()), at))
}

fn change_digit(text: &str, at: usize) -> String {
    let mut digits: Vec<u32> = text.chars().map(|digit| digit.to_digit(16).expect("a digit")).collect();
    digits[at] ^= 1;
    digits.into_iter().filter_map(|digit| char::from_digit(digit, 16)).collect()
}

fn is_worth_nothing(pid: Pid) {
    assert_eq!(send(pid, "?"), Err(SendError::InvalidPid), "{pid:?}");
    assert_eq!(call::<_, ()>(pid, "?", PATIENCE), Err(CallError::InvalidPid));
    assert_eq!(request::<_, ()>(pid, "?").wait(), Err(CallError::InvalidPid));
    assert_eq!(monitor(pid), Err(PidError::InvalidPid));
    assert_eq!(link(pid), Err(PidError::InvalidPid));
    assert_eq!(kill(pid), Err(PidError::InvalidPid));
    assert_eq!(register("forged", pid), Err(RegisterError::InvalidPid));
    assert_eq!(names_of(pid), Err(PidError::InvalidPid));
    assert!(pid.restrict(pid.rights()).is_err());
    assert!(!is_alive(pid));
}

/// Every digit of it counts, and the true one still works after all attempts.
fn a_tampered_token() {
    fn forger((): ()) {
        let Request { message: (), reply } = receive().expect("a request");
        let token = text(&reply);
        for at in 0..token.len() {
            let forged: Reply = from_text(&change_digit(&token, at));
            assert_eq!(forged.send("forged"), Err(SendError::NotPermitted), "digit {at}");
        }
        reply.send("true").expect("somebody waits");
    }
    assert_eq!(call(spawn(forger, ()), &(), PATIENCE), Ok("true".to_owned()));
}

fn the_secret_is_not_shown() {
    let secret = &text(&self_pid())[48..];
    assert!(!format!("{} {0:?}", self_pid()).contains(secret));
}

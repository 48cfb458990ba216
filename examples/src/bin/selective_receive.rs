//! Selective receive: an actor takes the message that it wants now, and leaves the others in order.
//!
//! A pattern looks like the JSON value that it matches. Rust types select as well: see `receive!`.

use std::time::Duration;

use flower::{Pattern, pattern, poll, receive, receive_match, receive_match_timeout, self_pid, send};
use serde_json::{Value, json};

fn main() {
    by_shape();
    messages_before_patterns();
    timeouts();
}

/// The first message of the shape is taken, wherever it stands.
fn by_shape() {
    mail([json!({ "a": 1 }), json!({ "c": "x" }), json!({ "b": 2 }), json!({ "a": 3 })]);
    println!("an int b:              {}", take(&[pattern!({ "b": int })]));
    println!("whatever is next:      {}", receive::<Value>().expect("any JSON is a value"));
    println!("an int a or a text c:  {}", take(&[pattern!({ "a": int }), pattern!({ "c": str })]));
    println!("what is left:          {}", poll::<Value>().expect("any JSON is a value").expect("a message"));
}

/// The order of the messages counts, not that of the patterns.
fn messages_before_patterns() {
    mail([json!({ "k": "first" }), json!({ "k": "second" })]);
    let either = [pattern!({ "k": "second" }), pattern!({ "k": "first" })];
    println!("second or first:       {}", take(&either));
    println!("the same again:        {}", take(&either));
}

/// What does not match neither shortens the wait nor is lost.
fn timeouts() {
    mail([json!({ "other": true })]);
    let wanted = [pattern!({ "wanted": _ })];
    let found = receive_match_timeout(&wanted, Duration::from_millis(10));
    println!(
        "wanted, within 10 ms:  {}",
        found.map_or("nothing".to_owned(), |found| found.value.to_string())
    );
    println!("it is still there:     {}", take(&[pattern!(object)]));
}

fn mail(messages: impl IntoIterator<Item = Value>) {
    for message in messages {
        send(self_pid(), &message).expect("the mailbox has room");
    }
}

fn take(patterns: &[Pattern]) -> Value {
    receive_match(patterns).value
}

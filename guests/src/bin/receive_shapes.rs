//! A7: the table of shapes, and patterns so odd that a receiver might fall over them.

use flower::{Pattern, pattern, receive_match, receive_match_timeout, self_pid, send};
use flower_guests::ms;
use serde_json::{Value, json};

fn main() {
    a7_the_table();
    odd_patterns_and_messages();
}

fn table() -> Vec<(Value, Pattern, bool)> {
    vec![
        (json!({ "a": "b", "c": 5 }), pattern!({ "a": str, "c": int }), true),
        (json!({ "a": "b", "c": 5, "d": 6 }), pattern!({ "a": str, "c": int }), true),
        (json!({ "a": "b" }), pattern!({ "a": str, "c": int }), false),
        (json!([1, 2, 3]), pattern!([int]), true),
        (json!([1, "a"]), pattern!([int]), false),
        (json!([]), pattern!([int]), true),
        (json!([1, "a"]), pattern!((int, str)), true),
        (json!([1]), pattern!((int, str)), false),
        (json!([1, "a", 2]), pattern!((int, str)), false),
        (json!(1), pattern!(bool), false),
        (json!(true), pattern!(int), true),
        (json!(1.0), pattern!(int), false),
        (json!(null), pattern!(_), true),
        (json!({ "x": [1, { "y": "z" }] }), pattern!(_), true),
        (json!({ "hello": "world" }), pattern!({ "hello": "something" }), false),
        (json!({ "hello": "world" }), pattern!({ "hello": "world" }), true),
        (json!({ "world": [{ "abc": "def" }] }), pattern!({ "world": [{ "abc": str }] }), true),
        (json!({ "world": [{ "abc": 5 }] }), pattern!({ "world": [{ "abc": str }] }), false),
    ]
}

/// Each message is received by its own pattern, or else is still there for the next who takes all.
fn a7_the_table() {
    for (value, pattern, matches) in table() {
        assert_eq!(pattern.matches(&value), matches, "{value} ~ {pattern:?}");
        send(self_pid(), &value).expect("there is room");
        let found = receive_match_timeout(std::slice::from_ref(&pattern), ms(0));
        assert_eq!(found.is_some(), matches, "{value} ~ {pattern:?}");
        if !matches {
            assert_eq!(receive_match(&[pattern!(_)]).value, value);
        }
    }
}

fn odd_patterns_and_messages() {
    let deep = (0..100_000).fold(Pattern::INT, |inner, _| Pattern::items(inner));
    send(self_pid(), &json!([[], [[]]])).expect("there is room");
    assert!(receive_match_timeout(&[deep], ms(0)).is_some());

    flower::send_bytes(self_pid(), b"\xff not JSON").expect("there is room");
    send(self_pid(), &flower::Binary(5)).expect("there is room");
    assert!(receive_match_timeout(&[pattern!(_)], ms(0)).is_none(), "only JSON is looked at");
    assert!(receive_match_timeout(&[], ms(0)).is_none());
    assert_eq!(flower::flush(), 2, "what no pattern can read stays where it is");
}

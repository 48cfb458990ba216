//! A4, A5: selective receive takes the first message of a shape, and leaves the others in order.

use flower::{mailbox_len, pattern, poll, receive, receive_match, self_pid, send};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

fn main() {
    a4_the_first_of_the_shape();
    a5_messages_before_patterns();
    by_type();
    by_the_value_of_a_variable();
}

fn mail(messages: impl IntoIterator<Item = Value>) {
    for message in messages {
        send(self_pid(), &message).expect("there is room");
    }
}

fn a4_the_first_of_the_shape() {
    mail([json!({ "a": 1 }), json!({ "c": "x" }), json!({ "b": 2 }), json!({ "a": 3 })]);
    let found = receive_match(&[pattern!({ "b": int })]);
    assert_eq!((found.index, found.value), (0, json!({ "b": 2 })));
    assert_eq!(found.envelope.sender(), self_pid());
    assert_eq!(receive(), Ok(json!({ "a": 1 })));
    let found = receive_match(&[pattern!({ "a": int }), pattern!({ "c": str })]);
    assert_eq!((found.index, found.value), (1, json!({ "c": "x" })));
    assert_eq!(poll(), Ok(Some(json!({ "a": 3 }))));
    assert_eq!(poll::<Value>(), Ok(None));
}

fn a5_messages_before_patterns() {
    mail([json!({ "k": "first" }), json!({ "k": "second" })]);
    let either = [pattern!({ "k": "second" }), pattern!({ "k": "first" })];
    assert_eq!(receive_match(&either).value, json!({ "k": "first" }));
    assert_eq!(receive_match(&either).value, json!({ "k": "second" }));
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Meters(u32);
#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Seconds(u32);

/// The same bytes on the wire, but not the same type.
fn by_type() {
    for number in 1..=3 {
        send(self_pid(), &Meters(number)).expect("there is room");
    }
    send(self_pid(), &Seconds(4)).expect("there is room");
    let seconds = flower::receive! { seconds: Seconds => seconds };
    assert_eq!(seconds, Ok(Seconds(4)));
    let either = || {
        flower::receive! {
            Seconds(n): Seconds => (n, "s"),
            Meters(n): Meters => (n, "m"),
            after flower_guests::ms(1) => (0, "nothing"),
        }
    };
    let taken: Vec<_> = (0..4).map(|_| either()).collect();
    assert_eq!(taken, [Ok((1, "m")), Ok((2, "m")), Ok((3, "m")), Ok((0, "nothing"))]);
}

fn by_the_value_of_a_variable() {
    mail((0..100).map(|id| json!({ "id": id, "square": id * id })));
    for id in (0..100).rev() {
        let found = receive_match(&[pattern!({ "id": id })]);
        assert_eq!(found.value["square"], id * id);
    }
    assert_eq!(mailbox_len(), 0);
}

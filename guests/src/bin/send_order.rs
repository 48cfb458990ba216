//! F7, F8: what one sender sends arrives in order, and each message names its true sender.

use flower::{Envelope, Pid, receive, self_pid, send, spawn};

fn main() {
    f7_one_sender_keeps_its_order();
    f8_two_senders_are_told_apart();
}

fn f7_one_sender_keeps_its_order() {
    let sender = spawn(send_words, (self_pid(), ["hello", " ", "world"].map(String::from)));
    for expected in ["hello", " ", "world"] {
        assert_eq!(next(), (sender, expected.to_owned()));
    }
}

fn f8_two_senders_are_told_apart() {
    let first = spawn(send_words, (self_pid(), ["a1", "a2", "a3"].map(String::from)));
    let second = spawn(send_words, (self_pid(), ["b1", "b2", "b3"].map(String::from)));
    let (from_first, from_second): (Vec<_>, Vec<_>) =
        (0..6).map(|_| next()).partition(|(from, _)| *from == first);
    assert!(from_second.iter().all(|(from, _)| *from == second));
    assert_eq!(words(from_first), ["a1", "a2", "a3"]);
    assert_eq!(words(from_second), ["b1", "b2", "b3"]);
}

fn send_words((to, words): (Pid, [String; 3])) {
    for word in &words {
        send(to, word).expect("it waits");
        flower::yield_now();
    }
}

fn next() -> (Pid, String) {
    let message: Envelope = receive().expect("an envelope holds any message");
    (message.sender(), message.decode().expect("a word"))
}

fn words(messages: Vec<(Pid, String)>) -> Vec<String> {
    messages.into_iter().map(|(_, word)| word).collect()
}

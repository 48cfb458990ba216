//! Data that looks like a signal is data: no message can pass for an end, an answer or a timer.

use flower::{
    Down, Event, ExitReason, ReceiveError, poll, receive_any, receive_timeout, self_pid, send, send_bytes,
};
use flower_guests::ms;
use serde_json::json;

fn main() {
    send(self_pid(), &ExitReason::Killed).expect("there is room");
    send(self_pid(), &json!({ "kind": 2, "exit_tag": 7, "pid": self_pid() })).expect("there is room");
    send(self_pid(), "kill").expect("there is room");
    send_bytes(self_pid(), &[2, 0, 0, 0, 1, 0, 0, 0]).expect("there is room");
    assert_eq!(receive_timeout::<Down>(ms(1)), Err(ReceiveError::Timeout));
    assert_eq!(poll::<flower::ExitSignal>(), Ok(None));
    for _ in 0..4 {
        assert!(matches!(receive_any(), Event::Message(message) if message.sender() == self_pid()));
    }
}

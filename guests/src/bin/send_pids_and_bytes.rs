//! A10: a pid that was sent inside a message can be sent to, and bytes come through as they are.

use std::collections::BTreeMap;

use flower::{Binary, Bytes, Codec, Envelope, Pid, Raw, receive, self_pid, send, send_bytes, spawn};
use serde::{Deserialize, Serialize};

const BYTES: &[u8] = b"\x00\xffaa";

/// A pid and bytes where they are hard to get at.
#[derive(Serialize, Deserialize)]
struct Parcel {
    addresses: BTreeMap<String, Vec<Pid>>,
    content: Bytes,
}

fn main() {
    a10_a_pid_inside_a_message();
    a10_bytes_inside_a_message();
    a10_bytes_alone();
}

fn a10_a_pid_inside_a_message() {
    fn answer((): ()) {
        let parcel: Parcel = receive().expect("a parcel");
        send(parcel.addresses["home"][0], "it came").expect("it waits");
    }
    for _ in 0..2 {
        send(spawn(answer, ()), &parcel()).expect("it waits");
        assert_eq!(receive(), Ok("it came".to_owned()));
    }
    send(spawn(answer, ()), &Binary(parcel())).expect("it waits");
    assert_eq!(receive(), Ok("it came".to_owned()));
}

fn parcel() -> Parcel {
    let addresses = BTreeMap::from([("home".to_owned(), vec![self_pid()])]);
    Parcel { addresses, content: Bytes(BYTES.to_vec()) }
}

fn a10_bytes_inside_a_message() {
    send(self_pid(), &parcel()).expect("there is room");
    send(self_pid(), &Binary(parcel())).expect("there is room");
    for _ in 0..2 {
        let parcel: Parcel = receive().expect("a parcel");
        assert_eq!(parcel.content.0, BYTES);
    }
}

fn a10_bytes_alone() {
    send_bytes(self_pid(), BYTES).expect("there is room");
    let message: Envelope = receive().expect("an envelope holds any message");
    assert_eq!((message.bytes(), message.codec(), message.fingerprint()), (BYTES, Codec::RAW, 0));
    send(self_pid(), &Raw(BYTES.to_vec())).expect("there is room");
    assert_eq!(receive(), Ok(Raw(BYTES.to_vec())));
}

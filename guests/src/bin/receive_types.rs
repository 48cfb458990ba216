//! A message of another type is an error that its receiver handles, and never a misread value.

use flower::{
    Binary, Codec, DecodeError, Envelope, Message, Raw, ReceiveError, poll, receive, self_pid, send,
    send_bytes,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Apple {
    weight: u32,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Pear {
    weight: u32,
}

fn main() {
    another_type();
    malformed();
    a_value_is_any_type();
    the_wrong_codec();
    it_is_taken_all_the_same();
}

fn mail<M: Message + ?Sized>(message: &M) {
    send(self_pid(), message).expect("there is room");
}

fn decode_error<T>(received: Result<T, ReceiveError>) -> DecodeError {
    match received {
        Err(ReceiveError::Decode(error)) => error,
        _ => panic!("it is not of that type"),
    }
}

fn another_type() {
    mail(&Apple { weight: 5 });
    let error = decode_error(receive::<Pear>());
    let DecodeError::TypeMismatch { expected, got } = error else { panic!("{error}") };
    assert!(expected.ends_with("::Pear"), "{expected}");
    assert_eq!(got, Apple::fingerprint());
    mail(&Binary(Apple { weight: 5 }));
    assert!(matches!(decode_error(receive::<Pear>()), DecodeError::TypeMismatch { .. }));
}

fn malformed() {
    mail(&json!({ "weight": "much" }));
    assert!(matches!(decode_error(receive::<Apple>()), DecodeError::Malformed(_)));
    mail(&json!({ "weight": -1 }));
    assert!(matches!(decode_error(receive::<Apple>()), DecodeError::Malformed(_)));
}

fn a_value_is_any_type() {
    mail(&json!({ "weight": 6 }));
    assert_eq!(receive(), Ok(Apple { weight: 6 }));
    mail(&Apple { weight: 7 });
    assert_eq!(receive(), Ok(json!({ "weight": 7 })));
}

fn the_wrong_codec() {
    send_bytes(self_pid(), b"{\"weight\":8}").expect("there is room");
    assert_eq!(decode_error(receive::<Apple>()), DecodeError::Codec(Codec::RAW));
    mail(&Apple { weight: 9 });
    assert_eq!(receive(), Ok(Raw(b"{\"weight\":9}".to_vec())), "bytes are bytes");
    mail(&Apple { weight: 10 });
    let envelope: Envelope = receive().expect("an envelope holds any message");
    assert!(envelope.is::<Apple>() && !envelope.is::<Pear>());
    assert!(envelope.decode::<Pear>().is_err());
    assert_eq!(envelope.decode(), Ok(Apple { weight: 10 }));
}

fn it_is_taken_all_the_same() {
    mail("text");
    mail(&Apple { weight: 11 });
    assert!(receive::<Apple>().is_err());
    assert_eq!(receive(), Ok(Apple { weight: 11 }));
    assert_eq!(poll::<Value>(), Ok(None));
}

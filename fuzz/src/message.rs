//! Decoding: headers, pids, and bodies in every codec, as a receiver gets them from a stranger.

use std::collections::BTreeMap;

use flower::{Binary, Codec, Message};
use flower_abi::{MessageInfo, Pid};
use serde::{Deserialize, Serialize};

/// A type with something of everything.
#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Sample {
    number: i64,
    text: String,
    bytes: Vec<u8>,
    choice: Option<Choice>,
    map: BTreeMap<String, Vec<u16>>,
    fraction: f64,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
enum Choice {
    None,
    One(u8),
    Two { left: Box<Sample>, right: (bool, char) },
}

/// Reads the bytes as all that a message may be; what can be read can be written and read again.
pub fn run(bytes: &[u8]) {
    if let Some(header) = bytes.first_chunk() {
        let info = MessageInfo::from_bytes(header);
        let mut written = [0; MessageInfo::SIZE];
        info.write_to(&mut written);
        assert_eq!(&written, header);
    }
    if let Some(bytes) = bytes.first_chunk() {
        assert_eq!(&Pid::from_bytes(bytes).to_bytes(), bytes);
    }
    for codec in [Codec::RAW, Codec::JSON, Codec::BINARY, Codec(u32::MAX)] {
        again::<Sample>(codec, bytes);
        again::<Binary<Sample>>(codec, bytes);
        again::<String>(codec, bytes);
        again::<Vec<Option<u64>>>(codec, bytes);
        again::<Binary<(u8, i128, String)>>(codec, bytes);
    }
}

/// What was decoded encodes to what decodes again. Between codecs that need not be: JSON has no infinity.
fn again<T: Message>(codec: Codec, bytes: &[u8]) {
    let Ok(decoded) = T::decode(codec, bytes) else { return };
    if codec != T::CODEC {
        return;
    }
    let mut encoded = Vec::new();
    decoded.encode(&mut encoded).expect("what was read can be written");
    let decoded = T::decode(T::CODEC, &encoded).expect("what was written can be read");
    let mut twice = Vec::new();
    decoded.encode(&mut twice).expect("as above");
    assert_eq!(encoded, twice);
}

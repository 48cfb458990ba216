//! JSON and the binary codec carry the same values; bodies of every size come through whole.

use flower::{Binary, Codec, Envelope, Raw, receive, self_pid, send, spawn_join};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, PartialEq, Clone, Debug)]
enum Shape {
    Point,
    Circle { radius: f64 },
    Polygon(Vec<(i32, i32)>),
    Named(String, Option<Box<Shape>>),
}

fn main() {
    both_codecs();
    every_size();
    as_arguments_and_results();
}

fn shapes() -> Vec<Shape> {
    let inner = Shape::Polygon(vec![(0, 0), (i32::MIN, i32::MAX)]);
    vec![Shape::Point, Shape::Circle { radius: 0.1 }, Shape::Named("näme".to_owned(), Some(Box::new(inner)))]
}

fn both_codecs() {
    send(self_pid(), &shapes()).expect("there is room");
    send(self_pid(), &Binary(shapes())).expect("there is room");
    let [json, binary] = [(); 2].map(|()| receive::<Envelope>().expect("an envelope holds any message"));
    assert_eq!((json.codec(), binary.codec()), (Codec::JSON, Codec::BINARY));
    assert!(binary.bytes().len() < json.bytes().len());
    assert_eq!((json.decode(), binary.decode()), (Ok(shapes()), Ok(shapes())));
    assert_eq!(json.fingerprint(), binary.fingerprint(), "the type is the same");
}

/// A receive has room for 4 KiB; the host hands over the rest when it is asked.
fn every_size() {
    for len in [0, 1, 39, 40, 41, 4095, 4096, 4097, 70_000, 1 << 20] {
        let bytes: Vec<u8> = (0..len).map(|n| (n % 251) as u8).collect();
        send(self_pid(), &Raw(bytes.clone())).expect("there is room");
        assert!(receive() == Ok(Raw(bytes)), "{len} bytes came back changed");
    }
}

fn as_arguments_and_results() {
    fn reverse(mut shapes: Vec<Shape>) -> Vec<Shape> {
        shapes.reverse();
        shapes
    }
    fn reverse_binary(Binary(shapes): Binary<Vec<Shape>>) -> Binary<Vec<Shape>> {
        Binary(reverse(shapes))
    }
    let reversed = reverse(shapes());
    assert_eq!(spawn_join(reverse, shapes()).join(), Ok(reversed.clone()));
    assert_eq!(spawn_join(reverse_binary, Binary(shapes())).join(), Ok(Binary(reversed)));
}

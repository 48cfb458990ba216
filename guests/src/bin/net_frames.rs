//! Frames: cut by the codecs of the SDK and by one of the guest's own, from bytes at hand and from streams.

use std::fmt::Debug;
use std::io::{self, ErrorKind, Write};
use std::net::Shutdown;

use flower::net::framing::bytes::{Buf, BufMut, BytesMut};
use flower::net::framing::{
    AnyDelimiterCodec, Decoder, Encoder, Framed, LengthDelimitedCodec, LinesCodec, LinesCodecError,
};
use flower::net::{Active, SocketChange, SocketMessage, TcpListener, TcpStream};
use flower::{receive, task};

fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("it is granted");
    let client = TcpStream::connect(&listener.local_addr().expect("it has one").to_string());
    (client.expect("it listens"), listener.accept().expect("it has come"))
}

/// The frames of these bytes, fed in parts of every length.
fn frames<C>(make: impl Fn() -> C, bytes: &[u8]) -> Vec<C::Item>
where
    C: Decoder<Error: Debug, Item: PartialEq + Debug>,
{
    let all = |part: usize| {
        let mut framed = Framed::new((), make());
        let mut frames = Vec::new();
        for part in bytes.chunks(part) {
            framed.feed(part);
            while let Some(frame) = framed.take().expect("short frames") {
                frames.push(frame);
            }
        }
        frames
    };
    let whole = all(bytes.len());
    for part in 1..bytes.len() {
        assert_eq!(all(part), whole, "in parts of {part}");
    }
    whole
}

fn counted() -> LengthDelimitedCodec {
    LengthDelimitedCodec::builder().max_frame_length(10).new_codec()
}

/// A codec of the guest's own: each frame is one number.
struct Numbers;

impl Decoder for Numbers {
    type Item = u16;
    type Error = io::Error;

    fn decode(&mut self, from: &mut BytesMut) -> io::Result<Option<u16>> {
        Ok(if from.len() < 2 { None } else { Some(from.get_u16()) })
    }
}

impl Encoder<u16> for Numbers {
    type Error = io::Error;

    fn encode(&mut self, number: u16, into: &mut BytesMut) -> io::Result<()> {
        into.put_u16(number);
        Ok(())
    }
}

fn frames_are_the_same_however_they_come() {
    let lines = || LinesCodec::new_with_max_length(10);
    assert_eq!(frames(lines, b"one\r\n\ntwo\nrest"), ["one", "", "two"]);
    let parts = || AnyDelimiterCodec::new_with_max_length(b"\0;".to_vec(), b";".to_vec(), 10);
    assert_eq!(frames(parts, b"a\0;bc\0d"), [&b"a"[..], b"", b"bc"]);
    assert_eq!(frames(counted, b"\0\0\0\x02hi\0\0\0\0\0\0\0\x01x\0"), [&b"hi"[..], b"", b"x"]);
    assert_eq!(frames(|| Numbers, b"\x01\0\0\x02\x03"), [256, 2]);
}

fn a_frame_that_is_too_long_is_refused_before_it_is_whole() {
    let mut lines = Framed::new((), LinesCodec::new_with_max_length(10));
    lines.feed(b"01234567890");
    assert!(matches!(lines.take(), Err(LinesCodecError::MaxLineLengthExceeded)));
    let mut parts = Framed::new((), counted());
    parts.feed(b"\0\0\0\x0b");
    assert_eq!(parts.take().expect_err("too long").kind(), ErrorKind::InvalidData);
    let mut out = Framed::new(Vec::new(), counted());
    assert!(out.write_frame(&b"01234567890"[..]).is_err());
    assert!(out.get_ref().is_empty());
}

fn at_the_end_the_codec_says_what_a_rest_is() {
    let mut rest = Framed::new(&b"x"[..], LinesCodec::new());
    assert_eq!(rest.read_frame().expect("a frame").as_deref(), Some("x"));
    assert_eq!(rest.read_frame().expect("the end"), None);
    let mut cut = Framed::new(&b"\0\0\0\x02h"[..], counted());
    assert!(cut.read_frame().is_err());
    let mut cut = Framed::new(&b"\x01"[..], Numbers);
    assert!(cut.read_frame().is_err());
}

/// What comes behind the last frame is not lost with the codec.
fn what_is_written_is_read() {
    let (client, server) = pair();
    let mut out = Framed::new(client, Numbers);
    let mut back = Framed::new(server, Numbers);
    for number in (0..60_000).step_by(7) {
        out.write_frame(number).expect("it is open");
        assert_eq!(back.read_frame().expect("it is open"), Some(number));
    }
    let (mut client, _) = out.into_parts();
    client.write_all(b"\x01\x02hello\n").expect("it is open");
    client.shutdown(Shutdown::Write).expect("it is open");
    assert_eq!(back.read_frame().expect("it is open"), Some(0x102));
    let (server, rest) = back.into_parts();
    let mut lines = Framed::new(server, LinesCodec::new());
    lines.feed(&rest);
    assert_eq!(lines.read_frame().expect("it is open").as_deref(), Some("hello"));
    assert_eq!(lines.read_frame().expect("the end"), None);
}

/// Frames of more than one read, both ways at once.
async fn in_tasks() {
    let (client, server) = pair();
    let echo = task::spawn(async move {
        let mut frames = Framed::new(server, LengthDelimitedCodec::new());
        while let Some(frame) = frames.read_frame_async().await.expect("it is open") {
            frames.write_frame_async(frame.freeze()).await.expect("it is open");
        }
    });
    let mut frames = Framed::new(client, LengthDelimitedCodec::new());
    for len in [0, 1, 4096, 200_000] {
        let sent: Vec<u8> = (0..len).map(|n| (n % 251) as u8).collect();
        frames.write_frame_async(&sent[..]).await.expect("it is open");
        let came = frames.read_frame_async().await.expect("it is open");
        assert!(came.is_some_and(|came| came == sent[..]), "{len} bytes");
    }
    drop(frames);
    echo.await.expect("it is not aborted");
}

fn from_an_active_socket() {
    let (mut client, server) = pair();
    server.set_active(Active::Always).expect("it can be");
    client.write_all(b"one\ntwo\nrest").expect("it is open");
    drop(client);
    let mut lines = Framed::new((), LinesCodec::new_with_max_length(10));
    let mut heard = Vec::new();
    loop {
        let message: SocketMessage = receive().expect("it is one");
        match message.change {
            SocketChange::Data(bytes) => lines.feed(&bytes),
            SocketChange::Closed => break,
            other => panic!("{other:?}"),
        }
        while let Some(line) = lines.take().expect("short lines") {
            heard.push(line);
        }
    }
    heard.extend(lines.take_last().expect("a short line"));
    assert_eq!(heard, ["one", "two", "rest"]);
}

fn main() {
    frames_are_the_same_however_they_come();
    a_frame_that_is_too_long_is_refused_before_it_is_whole();
    at_the_end_the_codec_says_what_a_rest_is();
    what_is_written_is_read();
    task::block_on(in_tasks());
    from_an_active_socket();
}

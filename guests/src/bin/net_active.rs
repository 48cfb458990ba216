//! Active sockets: what comes is a message, as long as there is room; and how a handler reads, writes and accepts.

use std::io::{Read, Write};

use flower::net::{Active, SocketChange, SocketMessage, SocketReady, TcpListener, TcpStream};
use flower::{mailbox_len, receive, yield_now};

fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("it is granted");
    let client = TcpStream::connect(&listener.local_addr().expect("it has one").to_string());
    (client.expect("it listens"), listener.accept().expect("it has come"))
}

fn next() -> SocketMessage {
    receive().expect("nothing to misread")
}

/// The data of messages until so many bytes have come.
fn gather(len: usize, chunk: usize) -> Vec<u8> {
    let mut all = Vec::new();
    while all.len() < len {
        let SocketChange::Data(data) = next().change else { panic!("data was to come") };
        assert!(!data.is_empty() && data.len() <= chunk, "{} bytes", data.len());
        all.extend_from_slice(&data);
    }
    all
}

fn always() {
    let (mut client, server) = pair();
    server.set_active(Active::Always).expect("it can be");
    for n in 0..250 {
        let line = format!("echo{n}\n");
        client.write_all(line.as_bytes()).expect("it is open");
        assert_eq!(gather(line.len(), 4096), line.as_bytes());
    }
    drop(client);
    let message = next();
    assert_eq!((message.socket, message.change), (server.id(), SocketChange::Closed));
}

fn once_is_one_message() {
    let (mut client, mut server) = pair();
    client.write_all(b"one").expect("it is open");
    server.set_active(Active::Once).expect("it can be");
    assert_eq!(next().change, SocketChange::Data(b"one".to_vec()));
    client.write_all(b"two").expect("it is open");
    let mut buffer = [0; 3];
    server.read_exact(&mut buffer).expect("it comes by a read");
    assert_eq!(&buffer, b"two");
    assert_eq!(mailbox_len(), 0);
}

fn chunks_are_as_long_as_they_may(chunk: u32) {
    let (client, server) = pair();
    server.set_active_chunks(Active::Always, chunk).expect("it can be");
    let sent: Vec<u8> = (0..100_000_u32).map(|n| n as u8).collect();
    let mut at = 0;
    let mut came = Vec::new();
    while came.len() < sent.len() {
        // As much as the kernel takes; the rest when something has been read.
        while at < sent.len()
            && let Ok(written) = client.try_write(&sent[at..])
        {
            at += written;
        }
        came.extend(gather(1, chunk as usize));
    }
    assert!(came == sent, "100,000 bytes arrive as they were sent");
}

fn a_reset_is_told() {
    let (client, server) = pair();
    server.set_active(Active::Always).expect("it can be");
    client.reset();
    let SocketChange::Error(text) = next().change else { panic!("an error was to come") };
    assert!(text.starts_with("CONNECTION_RESET"), "{text}");
}

/// The mailbox holds eight messages; what comes beyond waits in the kernel.
fn a_full_mailbox_pauses() {
    let (mut client, server) = pair();
    server.set_active_chunks(Active::Always, 1).expect("it can be");
    client.write_all(&[7; 1000]).expect("it is open");
    for _ in 0..100 {
        yield_now();
        assert!(mailbox_len() <= 8, "{} messages wait", mailbox_len());
    }
    assert_eq!(gather(1000, 1), [7; 1000]);
}

fn readiness_is_told_once() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("it is granted");
    listener.notify_readable().expect("it can be");
    let client =
        TcpStream::connect(&listener.local_addr().expect("it has one").to_string()).expect("it listens");
    let ready = |socket, writable| {
        assert_eq!(receive(), Ok(SocketReady { socket, writable }));
    };
    ready(listener.id(), false);
    let mut server = listener.try_accept().expect("it has come");
    client.notify_writable().expect("it can be");
    ready(client.id(), true);
    client.notify_readable().expect("it can be");
    server.write_all(b"x").expect("it is open");
    ready(client.id(), false);
    assert_eq!(client.try_read(&mut [0; 4]), Ok(1));
}

fn main() {
    always();
    once_is_one_message();
    chunks_are_as_long_as_they_may(4096);
    chunks_are_as_long_as_they_may(1024);
    a_reset_is_told();
    readiness_is_told_once();
    a_full_mailbox_pauses();
}

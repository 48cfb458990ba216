//! Sockets in a select: each operation as an arm, beside a channel, the mailbox and a time; blocking, and in tasks.

use std::io::{Read, Write};

use flower::net::{NetErrorKind, TcpListener, TcpStream, UdpSocket, UnixListener, UnixStream};
use flower::{Select, Sender, channel, select, select_async, self_pid, send, sleep, spawn, task};
use flower_guests::ms;

fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("it is granted");
    let client = TcpStream::connect(&listener.local_addr().expect("it has one").to_string());
    (client.expect("it listens"), listener.accept().expect("it has come"))
}

/// Writes a little later, from another actor.
fn write_later(stream: TcpStream, bytes: &str) {
    fn writer((mut stream, bytes): (TcpStream, String)) {
        sleep(ms(5));
        stream.write_all(bytes.as_bytes()).expect("the reader is there");
        // The stream is not closed before it was read.
        sleep(ms(10_000));
    }
    spawn(writer, (stream, bytes.to_owned()));
}

fn the_one_that_comes_is_taken() {
    let (sender, receiver) = channel::<u32>(1);
    let (quiet, _silent) = pair();
    let (busy, other) = pair();
    let mut buffers = [[0; 8]; 2];
    let [one, two] = &mut buffers;
    write_later(other, "data");
    let which = select! {
        _ = quiet.read(one) => "quiet",
        read = busy.read(two) => {
            assert_eq!(read, Ok(4));
            "busy"
        }
        _ = receiver.recv() => "channel",
        _ = receive::<String>() => "mailbox",
    };
    assert_eq!((which, &buffers[1][..4]), ("busy", &b"data"[..]));

    let [one, two] = &mut buffers;
    sender.send(7).expect("there is room");
    let which = select! {
        _ = quiet.read(one) => 0,
        _ = busy.read(two) => 0,
        value = receiver.recv() => value.expect("it is open"),
    };
    assert_eq!(which, 7);
    send(self_pid(), "a message").expect("it is there");
    let which = select! {
        _ = quiet.read(one) => String::new(),
        text = receive::<String>() => text.expect("it is text"),
    };
    assert_eq!(which, "a message");
    let which = select! {
        _ = quiet.read(one) => "read",
        after(ms(5)) => "nothing came",
    };
    assert_eq!(which, "nothing came");
    assert!(select! { _ = quiet.read(one) => false, default => true });
}

/// An arm that another was faster than has read nothing.
fn who_loses_has_taken_nothing() {
    let (one, mut to_one) = pair();
    let (two, mut to_two) = pair();
    for n in 0..100_u8 {
        to_one.write_all(&[n]).expect("it is open");
        to_two.write_all(&[n]).expect("it is open");
    }
    let mut next = [0_u8; 2];
    while next != [100, 100] {
        let (mut from_one, mut from_two) = ([0; 1], [0; 1]);
        let (stream, byte) = select! {
            read = one.read(&mut from_one) => (0, read.map(|_| from_one[0])),
            read = two.read(&mut from_two) => (1, read.map(|_| from_two[0])),
        };
        assert_eq!(byte, Ok(next[stream]));
        next[stream] += 1;
    }
}

fn connections_come_about_and_are_accepted(path: &str) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("it is granted");
    let port = listener.local_addr().expect("it has one").port();
    let unix = UnixListener::bind(path).expect("it is granted");
    let address = format!("localhost:{port}");
    let mut client = select! {
        connected = TcpStream::connect(&address) => connected.expect("it listens"),
        _ = unix.accept() => panic!("nobody comes there"),
    };
    let mut server = select! {
        _ = unix.accept() => panic!("nobody comes there"),
        accepted = listener.accept() => accepted.expect("it has come"),
    };
    server.write_all(b"x").expect("it is open");
    client.read_exact(&mut [0; 1]).expect("it has come");
    drop(listener);
    let refused = select! { connected = TcpStream::connect(&address) => connected.map(drop) };
    assert_eq!(refused.expect_err("nobody listens").kind, NetErrorKind::ConnectionRefused);
    let denied = select! { connected = TcpStream::connect("10.0.0.1:443") => connected.map(drop) };
    assert_eq!(
        denied.expect_err("it is not granted").to_string(),
        "PermissionDenied: net connect 10.0.0.1:443 is not granted"
    );
    let unix_client = select! { connected = UnixStream::connect(path) => connected.expect("it listens") };
    let unix_server =
        Select::new().socket(unix.accept_arm(), |accepted| accepted.expect("it has come")).wait();
    assert_eq!(select! { written = unix_client.write(b"yz") => written }, Ok(2));
    let mut buffer = [0; 4];
    assert_eq!(select! { seen = unix_server.peek(&mut buffer) => seen }, Ok(2));
    assert_eq!(select! { read = unix_server.read(&mut buffer) => read }, Ok(2));
    assert_eq!(&buffer[..2], b"yz");
}

/// There is room again when the other side reads.
fn a_write_waits_for_room() {
    let (client, server) = pair();
    let block = vec![1; 65_536];
    let mut written = 0;
    loop {
        match client.try_write(&block) {
            Ok(more) => written += more,
            Err(error) => break assert_eq!(error.kind, NetErrorKind::WouldBlock),
        }
    }
    let timed_out = select! { _ = client.write(&block) => false, after(ms(2)) => true };
    assert!(timed_out, "there is no room");
    spawn(
        |(mut server, written): (TcpStream, usize)| {
            let mut all = vec![0; written];
            server.read_exact(&mut all).expect("it was written");
            sleep(ms(10_000));
        },
        (server, written),
    );
    let more = select! { more = client.write(&block) => more.expect("the other reads") };
    assert!(more > 0);
}

/// More than the kernel takes at once, to one that reads it beside.
fn all_of_it_is_written() {
    const MUCH: usize = 8_000_000;
    let (client, server) = pair();
    let (sender, read) = channel::<usize>(1);
    let block: Vec<u8> = (0..MUCH).map(|n| (n / 1000) as u8).collect();
    let done = select! { done = client.write_all(&block) => done.is_ok(), after(ms(2)) => false };
    assert!(!done, "nobody reads");
    spawn(
        |(server, sender): (TcpStream, Sender<usize>)| {
            let mut stream = server;
            let mut all = Vec::new();
            stream.read_to_end(&mut all).expect("it was written");
            sender.send(all.len()).expect("somebody asks");
        },
        (server, sender),
    );
    let written = select! {
        done = client.write_all(&block) => done,
        _ = read.recv() => panic!("it has not ended"),
    };
    assert_eq!(written, Ok(()));
    drop(client);
    // What was written when the time was over, and all of it.
    let read = read.recv().expect("it tells");
    assert!((MUCH..2 * MUCH).contains(&read), "{read}");
}

fn datagrams() {
    let (one, other) = (UdpSocket::bind("127.0.0.1:0"), UdpSocket::bind("127.0.0.1:0"));
    let (one, other) = (one.expect("it is granted"), other.expect("it is granted"));
    let (from, to) = (one.local_addr().expect("it has one"), other.local_addr().expect("it has one"));
    let mut buffer = [0; 8];
    assert!(select! { _ = other.recv_from(&mut buffer) => false, after(ms(2)) => true });
    assert_eq!(select! { sent = one.send_to(b"hi", to) => sent }, Ok(2));
    assert_eq!(select! { came = other.recv_from(&mut buffer) => came }, Ok((2, from)));
    task::block_on(async {
        let late = task::spawn(async move {
            let mut buffer = [0; 8];
            let (received, _) = other.recv_from_async(&mut buffer).await.expect("it comes");
            buffer[..received].to_vec()
        });
        task::yield_now().await;
        one.send_to_async(b"late", to).await.expect("it is granted");
        assert_eq!(late.await.expect("it is not aborted"), b"late");
    });
}

/// Two tasks that wait for sockets do not keep a third from counting.
fn in_tasks_the_others_go_on() {
    task::block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").expect("it is granted");
        let address = format!("localhost:{}", listener.local_addr().expect("it has one").port());
        let server = task::spawn(async move {
            let stream = listener.accept_async().await.expect("it comes");
            let mut buffer = [0; 16];
            let mut heard = String::new();
            loop {
                select_async! {
                    read = stream.read(&mut buffer) => match read.expect("it is open") {
                        0 => return heard,
                        len => heard.push_str(&String::from_utf8_lossy(&buffer[..len])),
                    },
                    after(ms(10_000)) => panic!("the client forgets"),
                }
            }
        });
        let counting = task::spawn(async {
            for _ in 0..100 {
                task::yield_now().await;
            }
        });
        let stream = TcpStream::connect_async(&address).await.expect("it listens");
        counting.await.expect("it goes on");
        for word in ["in ", "parts"] {
            stream.write_all_async(word.as_bytes()).await.expect("the server reads");
            task::sleep(ms(1)).await;
        }
        drop(stream);
        assert_eq!(server.await.expect("it is not aborted"), "in parts");
        let refused = TcpStream::connect_async(&address).await.expect_err("nobody listens any more");
        assert_eq!(refused.kind, NetErrorKind::ConnectionRefused);
    });
}

fn main() {
    let path = std::env::args().nth(1).expect("a path for a Unix socket");
    the_one_that_comes_is_taken();
    who_loses_has_taken_nothing();
    connections_come_about_and_are_accepted(&path);
    a_write_waits_for_room();
    all_of_it_is_written();
    datagrams();
    in_tasks_the_others_go_on();
}

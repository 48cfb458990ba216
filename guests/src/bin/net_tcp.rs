//! Both ends of TCP and Unix connections in one actor: the kernel completes a connection before it is accepted.

use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;
use std::time::Duration;

use flower::Instant;
use flower::net::{NetErrorKind, TcpListener, TcpStream, UnixListener, UnixStream, resolve, resolve_timeout};
use flower_guests::ms;

fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("it is granted");
    let address = listener.local_addr().expect("it has one");
    let client = TcpStream::connect(&address.to_string()).expect("it listens");
    let server = listener.accept().expect("it has come");
    assert_eq!(server.peer_addr(), client.local_addr());
    assert_eq!(client.peer_addr().expect("it has one"), address);
    (client, server)
}

fn bytes_go_both_ways() {
    let (mut client, mut server) = pair();
    client.set_nodelay(true).expect("TCP has that");
    client.set_keepalive(Some(Duration::from_secs(60))).expect("TCP has that");
    let mut buffer = [0; 16];
    for n in 0..100_u8 {
        client.write_all(&[n; 10]).expect("it is open");
        server.read_exact(&mut buffer[..10]).expect("it has come");
        assert_eq!(buffer[..10], [n; 10]);
        server.write_all(&buffer[..3]).expect("it is open");
        client.read_exact(&mut buffer[..3]).expect("it has come");
    }
}

fn looking_takes_nothing() {
    let (mut client, mut server) = pair();
    client.write_all(b"abc").expect("it is open");
    let mut buffer = [0; 16];
    assert_eq!((server.peek(&mut buffer), server.peek(&mut buffer[..2])), (Ok(3), Ok(2)));
    assert_eq!(server.read(&mut buffer).expect("it is there"), 3);
    assert_eq!(server.try_read(&mut buffer).expect_err("nothing is there").kind, NetErrorKind::WouldBlock);
}

fn an_end_is_of_one_direction() {
    let (mut client, mut server) = pair();
    client.write_all(b"question").expect("it is open");
    client.shutdown(Shutdown::Write).expect("it is open");
    let mut all = String::new();
    server.read_to_string(&mut all).expect("it ends");
    assert_eq!(all, "question");
    assert_eq!(server.read(&mut [0; 4]).expect("it has ended"), 0, "an end stays");
    server.write_all(b"answer").expect("that direction is open");
    drop(server);
    all.clear();
    client.read_to_string(&mut all).expect("it ends");
    assert_eq!(all, "answer");
}

fn a_reset_is_an_error() {
    let (mut client, mut server) = pair();
    client.write_all(b"x").expect("it is open");
    server.read_exact(&mut [0; 1]).expect("it has come");
    client.reset();
    assert_eq!(server.read(&mut [0; 4]).expect_err("it was reset").kind(), ErrorKind::ConnectionReset);
    assert_eq!(server.write(b"x").expect_err("it is gone").kind(), ErrorKind::BrokenPipe);
}

fn waits_have_deadlines() {
    let (mut client, mut server) = pair();
    client.set_read_timeout(Some(ms(20)));
    assert_eq!(client.read(&mut [0; 4]).expect_err("nothing comes").kind(), ErrorKind::TimedOut);
    // A peer that never reads: at some point there is no room for more.
    client.set_write_timeout(Some(ms(20)));
    let mut written = 0;
    let error = loop {
        match client.write(&[7; 65536]) {
            Ok(more) => written += more,
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert_eq!(client.try_write(b"x").expect_err("it is full").kind, NetErrorKind::WouldBlock);
    client.shutdown(Shutdown::Write).expect("it is open");
    let mut all = Vec::new();
    server.read_to_end(&mut all).expect("it ends");
    assert_eq!((all.len(), all.iter().all(|byte| *byte == 7)), (written, true));

    // A deadline bounds all that follows.
    let (mut client, mut server) = pair();
    client.set_read_timeout(Some(Duration::from_secs(60)));
    client.set_deadline(Some(Instant::now() + ms(20)));
    server.write_all(b"in time").expect("it is open");
    client.read_exact(&mut [0; 7]).expect("it is there");
    for _ in 0..2 {
        assert_eq!(client.read(&mut [0; 4]).expect_err("nothing comes").kind(), ErrorKind::TimedOut);
    }
    client.set_deadline(None);
    server.write_all(b"late").expect("it is open");
    client.read_exact(&mut [0; 4]).expect("it is there");

    let listener = TcpListener::bind("127.0.0.1:0").expect("it is granted");
    listener.set_accept_timeout(Some(ms(20)));
    assert_eq!(listener.accept().expect_err("nobody comes").kind, NetErrorKind::TimedOut);
    assert_eq!(listener.try_accept().expect_err("nobody comes").kind, NetErrorKind::WouldBlock);
}

fn errors_say_what_and_where() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("it is granted");
    let taken = listener.local_addr().expect("it has one").to_string();
    let error = TcpListener::bind(&taken).expect_err("it is taken");
    assert_eq!(error.to_string(), format!("AddressInUse {taken}"));
    drop(listener);
    let error = TcpStream::connect(&taken).expect_err("nobody listens any more");
    assert_eq!(error.to_string(), format!("ConnectionRefused {taken}"));
    let error = TcpStream::connect("10.0.0.1:443").expect_err("it is not granted");
    assert_eq!(error.to_string(), "PermissionDenied: net connect 10.0.0.1:443 is not granted");
    let error = TcpListener::bind("0.0.0.0:0").expect_err("it is not granted");
    assert_eq!(error.to_string(), "PermissionDenied: net bind 0.0.0.0:0 is not granted");
    let error = TcpStream::connect("[::ffff:10.0.0.1]:443").expect_err("another spelling");
    assert_eq!(error.kind, NetErrorKind::PermissionDenied);
}

fn names_are_looked_up() {
    let found = resolve("localhost:80").expect("every machine knows it");
    assert!(found.iter().all(|address| address.ip().is_loopback() && address.port() == 80), "{found:?}");
    let listener = TcpListener::bind("127.0.0.1:0").expect("it is granted");
    let port = listener.local_addr().expect("it has one").port();
    let mut client = TcpStream::connect(&format!("localhost:{port}")).expect("it is granted");
    client.write_all(b"x").expect("it is open");
    listener.accept().expect("it has come").read_exact(&mut [0; 1]).expect("it has come");
    assert_eq!(
        resolve("no.such.name.invalid:80").expect_err("there is none").kind,
        NetErrorKind::NameNotFound
    );
    let again = resolve_timeout("localhost:80", Duration::from_secs(60)).expect("as above");
    assert_eq!(again, found);
    let error = resolve("example.org:80").expect_err("nobody may ask for it");
    assert_eq!(error.to_string(), "PermissionDenied: net connect example.org:80 is not granted");
}

fn unix_sockets_do_the_same(path: &str) {
    let listener = UnixListener::bind(path).expect("it is granted");
    let mut client = UnixStream::connect(path).expect("it listens");
    let mut server = listener.accept().expect("it has come");
    client.write_all(b"hello").expect("it is open");
    let mut buffer = [0; 5];
    server.read_exact(&mut buffer).expect("it has come");
    assert_eq!(&buffer, b"hello");
    assert_eq!(
        UnixStream::connect("/etc/passwd").expect_err("not granted").kind,
        NetErrorKind::PermissionDenied
    );
}

fn main() {
    let path = std::env::args().nth(1).expect("a path for a Unix socket");
    bytes_go_both_ways();
    looking_takes_nothing();
    an_end_is_of_one_direction();
    a_reset_is_an_error();
    waits_have_deadlines();
    errors_say_what_and_where();
    names_are_looked_up();
    unix_sockets_do_the_same(&path);
}

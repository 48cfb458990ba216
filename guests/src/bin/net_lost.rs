//! Peers that are lost: that fall silent, never read, or break off in the middle. What waits for them ends, and says how.

use std::io::{ErrorKind, Read, Write};
use std::time::Duration;

use flower::Instant;
use flower::net::{Active, NetErrorKind, SocketChange, SocketMessage, TcpListener, TcpStream};
use flower::{receive, receive_timeout, select};
use flower_guests::{PATIENCE, ms};

fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("it is granted");
    let client = TcpStream::connect(&listener.local_addr().expect("it has one").to_string());
    (client.expect("it listens"), listener.accept().expect("it has come"))
}

/// It is asked whether it is there, and answers: silence alone ends nothing but the wait.
fn a_silent_peer_is_asked_and_not_waited_for() {
    let (mut client, mut server) = pair();
    client.set_keepalive(Some(ms(10))).expect("a second is the least, and no error");
    client.set_keepalive_probes(Duration::from_secs(1), 3).expect("TCP has that");
    client.set_user_timeout(Some(Duration::from_secs(5))).expect("TCP has that");
    assert!(client.set_keepalive_probes(Duration::from_secs(1), 0).is_err(), "who asks, asks at least once");
    client.set_deadline(Some(Instant::now() + ms(20)));
    assert_eq!(client.read(&mut [0; 4]).expect_err("nothing comes").kind(), ErrorKind::TimedOut);
    client.set_deadline(None);
    server.write_all(b"late").expect("it is open");
    client.read_exact(&mut [0; 4]).expect("the connection has outlived the wait");
}

/// Whoever set no deadline hears of it all the same: the connection is given up by the system.
fn a_peer_that_never_reads_is_given_up() {
    let (mut client, server) = pair();
    client.set_user_timeout(Some(ms(200))).expect("TCP has that");
    let error = loop {
        if let Err(error) = client.write_all(&[7; 65_536]) {
            break error;
        }
    };
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert_eq!(client.write(b"x").expect_err("it has ended").kind(), ErrorKind::BrokenPipe);
    drop(server);
}

fn a_reset_ends_whatever_waits() {
    let (mut client, mut server) = pair();
    server.write_all(b"half a m").expect("it is open");
    client.read_exact(&mut [0; 4]).expect("it comes");
    server.reset();
    let error = client.read_exact(&mut [0; 12]).expect_err("half of it");
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);

    let (client, server) = pair();
    server.reset();
    let mut buffer = [0; 4];
    let read = select! { read = client.read(&mut buffer) => read, after(PATIENCE) => panic!("it waits on") };
    assert_eq!(read.expect_err("it was reset").kind, NetErrorKind::ConnectionReset);
}

fn an_active_socket_tells_of_it() {
    let (client, mut server) = pair();
    client.set_active(Active::Always).expect("it can be");
    server.write_all(b"hello").expect("it is open");
    let message: SocketMessage = receive().expect("it is one");
    assert_eq!(message.change, SocketChange::Data(b"hello".to_vec()));
    server.reset();
    let message: SocketMessage = receive_timeout(PATIENCE).expect("it is told");
    let SocketChange::Error(text) = message.change else { panic!("{message:?}") };
    assert!(text.starts_with("CONNECTION_RESET"), "{text}");
}

fn main() {
    a_silent_peer_is_asked_and_not_waited_for();
    a_peer_that_never_reads_is_given_up();
    a_reset_ends_whatever_waits();
    an_active_socket_tells_of_it();
}

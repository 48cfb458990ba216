//! A socket has one owner: sent in a message or given to a new actor it moves, and it is closed when its owner ends.

use std::io::{Read, Write};

use flower::net::{NetErrorKind, TcpListener, TcpStream};
use flower::{Pid, SendError, call, receive, receive_request, self_pid, send, spawn};
use flower_guests::{PATIENCE, end_of};
use serde::{Deserialize, Serialize};

fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("it is granted");
    let client = TcpStream::connect(&listener.local_addr().expect("it has one").to_string());
    (client.expect("it listens"), listener.accept().expect("it has come"))
}

/// A socket deep within a value.
#[derive(Serialize, Deserialize)]
struct Work {
    name: String,
    streams: Vec<Option<TcpStream>>,
}

/// Writes its name to the sockets that it is sent.
fn worker(parent: Pid) {
    let work: Work = receive().expect("work");
    for mut stream in work.streams.into_iter().flatten() {
        stream.write_all(work.name.as_bytes()).expect("it is open");
    }
    send(parent, &()).expect("it waits");
}

fn a_socket_moves_with_a_message() {
    let ((mut one, one_far), (mut two, two_far)) = (pair(), pair());
    let worker = spawn(worker, self_pid());
    let work = Work { name: "ada".to_owned(), streams: vec![Some(one_far), None, Some(two_far)] };
    send(worker, &work).expect("it waits");
    let [Some(one_far), None, Some(_)] = &work.streams[..] else { panic!("it was made so") };
    assert_eq!(one_far.try_read(&mut [0; 1]).expect_err("it has gone").kind, NetErrorKind::Other);
    let mut all = String::new();
    one.read_to_string(&mut all).expect("it is closed at the end of its owner");
    two.read_to_string(&mut all).expect("it is closed at the end of its owner");
    assert_eq!(all, "adaada");
    receive::<()>().expect("it has ended");
}

fn a_refused_message_leaves_it_with_its_sender() {
    let (mut one, mut far) = pair();
    let dead = spawn(|()| (), ());
    end_of(dead);
    assert_eq!(send(dead, &far), Err(SendError::NoActor));
    far.write_all(b"here").expect("it is still ours");
    one.read_exact(&mut [0; 4]).expect("it has come");
}

/// Takes a request and never looks into it.
fn careless((): ()) {
    let _ignored: flower::Envelope = receive().expect("anything");
}

fn what_nobody_takes_is_closed() {
    let (mut one, far) = pair();
    let careless = spawn(careless, ());
    send(careless, &far).expect("it waits");
    assert_eq!(one.read(&mut [0; 1]).expect("it ends"), 0);
}

/// Lends a socket back.
fn lender((): ()) {
    let (mut stream, reply) = receive_request::<TcpStream>().expect("a socket");
    stream.write_all(b"seen").expect("it is open");
    reply.send(&stream).expect("it waits");
}

fn an_answer_brings_it_back() {
    let (mut one, far) = pair();
    let mut far: TcpStream = call(spawn(lender, ()), &far, PATIENCE).expect("it lends it back");
    far.write_all(b"and back").expect("it is ours again");
    let mut bytes = [0; 12];
    one.read_exact(&mut bytes).expect("it has come");
    assert_eq!(&bytes, b"seenand back");
}

fn main() {
    a_socket_moves_with_a_message();
    a_refused_message_leaves_it_with_its_sender();
    what_nobody_takes_is_closed();
    an_answer_brings_it_back();
}

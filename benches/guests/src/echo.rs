//! The TCP echo: an actor for each connection, on both sides.

use std::io::{Read, Write};

use flower::net::{TcpListener, TcpStream};
use flower::{Instant, JoinHandle, spawn, spawn_join};

use crate::report;

/// Bytes that go back and forth.
const BYTES: usize = 64;

/// Says back what comes, until the end.
fn connection(mut stream: TcpStream) {
    let mut buffer = [0; 4096];
    while let Ok(len @ 1..) = stream.read(&mut buffer) {
        stream.write_all(&buffer[..len]).expect("the client reads");
    }
}

fn server(listener: TcpListener) {
    loop {
        let stream = listener.accept().expect("the clients come");
        stream.set_nodelay(true).expect("TCP has that");
        spawn(connection, stream);
    }
}

fn client((mut stream, rounds): (TcpStream, u64)) {
    let mut bytes = [7; BYTES];
    for _ in 0..rounds {
        stream.write_all(&bytes).expect("the server reads");
        stream.read_exact(&mut bytes).expect("the server answers");
    }
}

/// Sends back and forth on all connections at once.
pub fn echo(connections: u64, rounds: u64) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("it is granted");
    let address = listener.local_addr().expect("it has one").to_string();
    spawn(server, listener);
    let connect = |_| {
        let stream = TcpStream::connect(&address).expect("it listens");
        stream.set_nodelay(true).expect("TCP has that");
        stream
    };
    let streams: Vec<TcpStream> = (0..connections).map(connect).collect();
    let start = Instant::now();
    let clients: Vec<JoinHandle<()>> =
        streams.into_iter().map(|stream| spawn_join(client, (stream, rounds))).collect();
    clients.into_iter().for_each(|client| client.join().expect("it is served"));
    report(start);
}

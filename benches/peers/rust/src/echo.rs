//! The TCP echo: tasks as clients; each peer serves a connection in its own way.

use std::time::Instant;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::report;

/// Bytes that go back and forth.
const BYTES: usize = 64;

/// Sends back and forth on all connections at once; `serve` has each served.
pub async fn drive<F: Future<Output = ()> + Send>(
    connections: usize,
    rounds: usize,
    serve: impl Fn(TcpStream) -> F + Send + 'static,
) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            serve(stream).await;
        }
    });
    let mut streams = Vec::new();
    for _ in 0..connections {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        streams.push(stream);
    }
    let start = Instant::now();
    let clients: Vec<_> = streams.into_iter().map(|stream| tokio::spawn(client(stream, rounds))).collect();
    for client in clients {
        client.await.unwrap();
    }
    report(start);
}

async fn client(mut stream: TcpStream, rounds: usize) {
    let mut bytes = [7; BYTES];
    for _ in 0..rounds {
        stream.write_all(&bytes).await.unwrap();
        stream.read_exact(&mut bytes).await.unwrap();
    }
}

/// Says back what comes, until the end.
pub async fn connection(stream: &mut TcpStream) {
    let mut buffer = [0; 4096];
    while let Ok(len @ 1..) = stream.read(&mut buffer).await {
        stream.write_all(&buffer[..len]).await.unwrap();
    }
}

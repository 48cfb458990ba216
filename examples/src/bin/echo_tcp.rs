//! A TCP echo server with an actor for each connection, and a client of it.
//!
//! ```text
//! flower-host run --allow-net '127.0.0.1:*' echo_tcp.wasm                  # both
//! flower-host run --allow-net 127.0.0.1:7001 echo_tcp.wasm 127.0.0.1:7001  # the server alone, for
//! nc 127.0.0.1 7001
//! ```
//!
//! The listener, and later each connection, moves to the actor that serves it: a socket has one owner, and is closed
//! when that ends. Reading parks the one actor; the others go on.

use std::io::{Read, Write};

use flower::net::{TcpListener, TcpStream};
use flower::spawn;

/// Says back what it reads, until the client has nothing more to say.
fn connection(mut stream: TcpStream) {
    let mut buffer = [0; 4096];
    while let Ok(len @ 1..) = stream.read(&mut buffer) {
        if stream.write_all(&buffer[..len]).is_err() {
            return;
        }
    }
}

fn server(listener: TcpListener) {
    loop {
        match listener.accept() {
            Ok(stream) => _ = spawn(connection, stream),
            // It waits in the system's queue until there is room for it.
            Err(error) => eprintln!("nobody is accepted: {error}"),
        }
    }
}

fn client(address: &str) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(address)?;
    for _ in 0..3 {
        stream.write_all(b"hello")?;
        println!("sent hello");
        let mut echo = [0; 5];
        stream.read_exact(&mut echo)?;
        println!("echo: {}", String::from_utf8_lossy(&echo));
    }
    Ok(())
}

/// Without an argument it is its own client; with an address it serves that for ever.
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = std::env::args().nth(1);
    let listener = TcpListener::bind(address.as_deref().unwrap_or("127.0.0.1:0"))?;
    let served = listener.local_addr()?.to_string();
    if address.is_some() {
        println!("listening at {served}");
        server(listener);
    } else {
        spawn(server, listener);
        client(&served)?;
    }
    Ok(())
}

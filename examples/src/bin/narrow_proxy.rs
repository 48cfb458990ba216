//! A proxy that may reach one host only, because nothing else was granted to it.
//!
//! ```text
//! python3 -m http.server 9000 --bind 127.0.0.1      # the one host, in another terminal
//! flower-host run --allow-net bind:127.0.0.1:8000 --allow-net connect:127.0.0.1:9000 narrow_proxy.wasm 127.0.0.1:8000
//! printf '127.0.0.1:9000\nGET / HTTP/1.0\r\n\r\n' | nc 127.0.0.1 8000
//! printf '127.0.0.1:22\n' | nc 127.0.0.1 8000         # PermissionDenied: net connect 127.0.0.1:22 is not granted
//! ```
//!
//! Its first line from a client is where to connect to; after that it passes bytes on. It does not check anything: the
//! host refuses what was not granted, however the address is written, and the client is told.

use std::io::{Read, Write};
use std::net::Shutdown;

use flower::net::framing::{Framed, LinesCodec};
use flower::net::{Active, SocketChange, SocketMessage, TcpListener, TcpStream};
use flower::receive;

/// Passes bytes on in both directions until one of them ends.
fn pass_on(client: &mut TcpStream, server: &mut TcpStream) {
    let both = client.set_active(Active::Always).and_then(|()| server.set_active(Active::Always));
    let mut open = if both.is_ok() { 2 } else { 0 };
    while open > 0 {
        let SocketMessage { socket, change } = receive().expect("nothing else comes");
        let to = match socket {
            id if id == client.id() => &mut *server,
            id if id == server.id() => &mut *client,
            // Of the client before.
            _ => continue,
        };
        match change {
            SocketChange::Data(data) if to.write_all(&data).is_ok() => {}
            SocketChange::Closed if to.shutdown(Shutdown::Write).is_ok() => open -= 1,
            _ => return,
        }
    }
}

/// Reads a line by the byte, since what comes behind it is not for this program.
fn first_line(client: &mut TcpStream) -> Option<String> {
    let mut line = Framed::new((), LinesCodec::new_with_max_length(300));
    loop {
        let mut byte = [0];
        client.read_exact(&mut byte).ok()?;
        line.feed(&byte);
        if let Some(line) = line.take().ok()? {
            return Some(line);
        }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:0".to_owned());
    let listener = TcpListener::bind(&address)?;
    println!("a narrow proxy at {}", listener.local_addr()?);
    // One client at a time: an actor for each would have no right to connect, unless it was granted on.
    loop {
        let mut client = listener.accept()?;
        let Some(wanted) = first_line(&mut client) else { continue };
        match TcpStream::connect(&wanted) {
            Ok(mut server) => {
                println!("connected to {wanted}");
                client.write_all(b"connected\n")?;
                pass_on(&mut client, &mut server);
            }
            Err(error) => {
                println!("{error}");
                let _gone = client.write_all(format!("{error}\n").as_bytes());
            }
        }
    }
}

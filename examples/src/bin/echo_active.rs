//! The echo server of `echo_tcp` with active sockets: what comes is a message, and one handler serves all connections.
//!
//! ```text
//! flower-host run --allow-net '127.0.0.1:*' echo_active.wasm                  # the server and two clients
//! flower-host run --allow-net 127.0.0.1:7001 echo_active.wasm 127.0.0.1:7001  # the server alone, for
//! nc 127.0.0.1 7001
//! ```
//!
//! A handler never waits, so it does not read: the host reads for it, as long as its mailbox has room. What it cannot
//! write at once it keeps until the socket says that there is room again.

use std::collections::HashMap;
use std::io::{Read, Write};

use flower::net::{Active, NetErrorKind, SocketChange, SocketId, TcpListener, TcpStream};
use flower::{Down, Event, Flow, Handler, monitor, receive, spawn_handler};

struct Server {
    listener: TcpListener,
    connections: HashMap<SocketId, Connection>,
}

struct Connection {
    stream: TcpStream,
    unsent: Vec<u8>,
}

impl Connection {
    /// Writes what the socket takes; false when it takes nothing any more, because it has failed.
    fn write(&mut self) -> bool {
        while !self.unsent.is_empty() {
            match self.stream.try_write(&self.unsent) {
                Ok(written) => drop(self.unsent.drain(..written)),
                Err(error) if error.kind == NetErrorKind::WouldBlock => {
                    return self.stream.notify_writable().is_ok();
                }
                Err(_) => return false,
            }
        }
        // Nothing more is read before what was read is written.
        self.stream.set_active(Active::Once).is_ok()
    }
}

impl Server {
    fn accept(&mut self) {
        while let Ok(stream) = self.listener.try_accept() {
            let mut connection = Connection { stream, unsent: Vec::new() };
            if connection.write() {
                self.connections.insert(connection.stream.id(), connection);
            }
        }
        self.listener.notify_readable().expect("it listens");
    }

    /// What happens to a connection, which is dropped when it has come to its end.
    fn serve(&mut self, socket: SocketId, change: SocketChange) {
        let Some(connection) = self.connections.get_mut(&socket) else { return };
        let goes_on = match change {
            SocketChange::Data(data) => {
                connection.unsent.extend_from_slice(&data);
                connection.write()
            }
            SocketChange::Writable => connection.write(),
            _ => false,
        };
        if !goes_on {
            self.connections.remove(&socket);
        }
    }
}

impl Handler for Server {
    type Args = TcpListener;

    fn start(listener: TcpListener) -> Server {
        let mut server = Server { listener, connections: HashMap::new() };
        server.accept();
        server
    }

    fn handle(&mut self, event: Event) -> Flow {
        match event {
            Event::Socket(message) if message.socket == self.listener.id() => self.accept(),
            Event::Socket(message) => self.serve(message.socket, message.change),
            Event::Stop => return Flow::Stop,
            _ => {}
        }
        Flow::Continue
    }
}

flower::handler!(Server);

/// Without an argument it is its own client; with an address it serves that for ever.
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = std::env::args().nth(1);
    let listener = TcpListener::bind(address.as_deref().unwrap_or("127.0.0.1:0"))?;
    let served = listener.local_addr()?.to_string();
    let server = spawn_handler::<Server>(listener);
    if address.is_some() {
        println!("listening at {served}");
        monitor(server)?;
        let down: Down = receive()?;
        return Err(format!("the server has ended: {}", down.reason).into());
    }
    clients(&served)?;
    Ok(())
}

fn clients(address: &str) -> std::io::Result<()> {
    let mut streams = [TcpStream::connect(address)?, TcpStream::connect(address)?];
    for (n, stream) in streams.iter_mut().enumerate() {
        writeln!(stream, "hello from {n}")?;
    }
    for stream in streams.iter_mut().rev() {
        let mut echo = [0; 13];
        stream.read_exact(&mut echo)?;
        print!("echo: {}", String::from_utf8_lossy(&echo));
    }
    Ok(())
}

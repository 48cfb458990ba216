//! A chat over TCP: an actor for each guest, and a group that is the room.
//!
//! ```text
//! flower-host run --allow-net 127.0.0.1:7000 chat_server.wasm 127.0.0.1:7000
//! nc 127.0.0.1 7000      # in two other terminals
//! ```
//!
//! The first line that somebody sends is the name. Each actor waits for two things at once: what its guest types, and
//! what the others say. A guest who does not read loses the connection, and nobody waits for that.

use std::io::Write;
use std::time::Duration;

use flower::net::framing::{Framed, LinesCodec};
use flower::net::{Active, SocketChange, SocketMessage, TcpListener, TcpStream};
use flower::{broadcast, join_group, receive, spawn};
use serde::{Deserialize, Serialize};

/// Something that is said in the room.
#[derive(Serialize, Deserialize)]
struct Said(String);

const ROOM: &str = "chat";
const LINE_MAX: usize = 1000;

fn say(text: String) {
    // Who has just left does not hear it.
    let _ = broadcast(ROOM, &Said(text));
}

fn guest(mut stream: TcpStream) {
    stream.set_write_timeout(Some(Duration::from_secs(5)));
    if stream.set_active(Active::Always).is_err() || stream.write_all(b"your name?\n").is_err() {
        return;
    }
    let mut lines = Framed::new((), LinesCodec::new_with_max_length(LINE_MAX));
    let mut name: Option<String> = None;
    loop {
        let came = receive! {
            Said(text): Said => stream.write_all(format!("{text}\n").as_bytes()).is_ok(),
            SocketMessage { change, .. }: SocketMessage => hear(change, &mut lines, &mut name),
        };
        if !came.unwrap_or(false) {
            break;
        }
    }
    if let Some(name) = name {
        say(format!("{name} has left"));
    }
}

/// Takes in what the guest has typed; false when that is over.
fn hear(change: SocketChange, lines: &mut Framed<(), LinesCodec>, name: &mut Option<String>) -> bool {
    let SocketChange::Data(data) = change else { return false };
    lines.feed(&data);
    loop {
        match lines.take() {
            Ok(Some(line)) => speak(line, name),
            Ok(None) => return true,
            Err(_) => return false,
        }
    }
}

fn speak(line: String, name: &mut Option<String>) {
    match name {
        Some(name) => say(format!("{name}: {line}")),
        None => {
            join_group(ROOM).expect("the room is large enough");
            say(format!("{line} has come"));
            *name = Some(line);
        }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:0".to_owned());
    let listener = TcpListener::bind(&address)?;
    println!("the room is open at {}", listener.local_addr()?);
    loop {
        spawn(guest, listener.accept()?);
    }
}

//! A chat room is a group: whoever joins it hears what is said, and whoever ends has left it.
//!
//! Nobody keeps a list of who is there. To speak is to broadcast to the group, and the host takes an
//! actor out of it before anybody can hear of its end.

use std::time::Duration;

use flower::{
    Down, Envelope, Pid, broadcast, call, join_group, kill, leave_group, members, monitor, receive, spawn,
};
use serde::{Deserialize, Serialize};

/// What a chatter is asked to do.
#[derive(Serialize, Deserialize)]
enum Ask {
    Join(String),
    Leave(String),
    Say(String, String),
    Transcript,
}

/// What is said in a room.
#[derive(Serialize, Deserialize)]
struct Said {
    room: String,
    by: String,
    text: String,
}

/// Does what it is asked, and writes down what it hears.
fn chatter(name: String) {
    let mut heard = Vec::new();
    loop {
        let message: Envelope = receive().expect("an envelope holds any message");
        if let Ok(Said { room, by, text }) = message.decode() {
            heard.push(format!("  [{room}] {by}: {text}"));
        }
        let (Ok(ask), Some(reply)) = (message.decode(), message.reply()) else { continue };
        let answer = match ask {
            Ask::Join(room) => format!("joins {room}: {}", join_group(&room).is_ok()),
            Ask::Leave(room) => format!("leaves {room}: {}", leave_group(&room).is_ok()),
            Ask::Say(room, text) => say(&name, room, text),
            Ask::Transcript => format!("heard\n{}", heard.join("\n")),
        };
        reply.send(&format!("{name} {answer}")).expect("somebody waits");
    }
}

fn say(name: &str, room: String, text: String) -> String {
    let said = Said { room: room.clone(), by: name.to_owned(), text };
    let sent = broadcast(&room, &said).expect("it is short");
    format!("speaks in {room}, heard by {}", sent.accepted)
}

fn main() {
    let [ada, grace, edsger] = ["ada", "grace", "edsger"].map(|name| spawn(chatter, name.to_owned()));
    for chatter in [ada, grace, edsger] {
        ask(chatter, Ask::Join("lobby".into()));
    }
    ask(grace, Ask::Join("compilers".into()));
    ask(ada, Ask::Say("lobby".into(), "Hello, everybody.".into()));
    ask(edsger, Ask::Say("lobby".into(), "Testing shows the presence of bugs.".into()));
    ask(grace, Ask::Say("compilers".into(), "Is anybody here?".into()));

    println!("edsger's line breaks");
    kill(edsger).expect("a spawner may");
    end_of(edsger);
    println!("lobby has {} members", members("lobby").len());
    ask(grace, Ask::Say("lobby".into(), "And now?".into()));
    ask(ada, Ask::Leave("lobby".into()));
    ask(ada, Ask::Say("lobby".into(), "One can speak to a room from outside.".into()));

    for chatter in [ada, grace] {
        ask(chatter, Ask::Transcript);
        kill(chatter).expect("a spawner may");
        end_of(chatter);
    }
    println!("lobby has {} members, compilers has {}", members("lobby").len(), members("compilers").len());
}

fn ask(chatter: Pid, ask: Ask) {
    let answer: String = call(chatter, &ask, Duration::from_secs(5)).expect("it answers");
    println!("{answer}");
}

fn end_of(pid: Pid) {
    monitor(pid).expect("a spawner may");
    let _down: Down = receive().expect("a monitor tells of the end");
}

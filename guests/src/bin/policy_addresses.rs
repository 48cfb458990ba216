//! Connects or binds to an address, by itself and through a child to which it names all that it has, and says what came of each.
//! Its arguments are what to do, the address, and the rules.

use std::env;

use flower::Spawn;
use flower::net::{TcpListener, TcpStream};

fn main() {
    let args: Vec<String> = env::args().skip(1).collect();
    let [op, address, rules @ ..] = &args[..] else { panic!("too few arguments") };
    let asked = (op.clone(), address.clone());
    println!("{}", attempt(asked.clone()));
    let child = rules.iter().fold(Spawn::new(attempt, asked), |spawn, rule| spawn.allow_net(rule));
    println!("{}", child.spawn_join().expect("this actor has all of them").join().expect("it ends well"));
}

/// `allowed`, whether somebody answers or not, or what the host says.
fn attempt((op, address): (String, String)) -> String {
    let done = match &*op {
        "connect" => TcpStream::connect(&address).map(drop),
        "bind" => TcpListener::bind(&address).map(drop),
        other => panic!("no operation {other}"),
    };
    match done.map_err(|error| error.to_string()) {
        Err(error) if error.starts_with("PermissionDenied") => error,
        Ok(()) | Err(_) => "allowed".to_owned(),
    }
}

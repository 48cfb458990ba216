//! Rights: a child has what its spawn names and its parent has, and what was taken from it comes back nowhere below.
//!
//! ```text
//! flower-host run --env GREETING=hello rights.wasm
//! ```
//!
//! Without the flag the first actor has no environment, and so has nothing of it to give.

use std::env;

use flower::{Message, Spawn, register, self_pid};

fn main() {
    println!("named: {}", outcome(Spawn::new(greeting, ()).allow_env("GREETING")));
    println!("not named: {}", outcome(Spawn::new(greeting, ())));
    println!(
        "a name that is listed: {}",
        outcome(Spawn::new(hold, "web/1".to_owned()).only_names(&["web/*"]))
    );
    println!("another: {}", outcome(Spawn::new(hold, "db".to_owned()).only_names(&["web/*"])));
    let above = || outcome(Spawn::new(hold, "db".to_owned()));
    println!("another, further down: {}", outcome(Spawn::new(above, ()).only_names(&["web/*"])));
}

fn greeting() -> String {
    env::var("GREETING").unwrap_or_else(|_| "nothing".to_owned())
}

fn hold(name: String) -> String {
    match register(&name, self_pid()) {
        Ok(()) => format!("it holds {name}"),
        Err(error) => error.to_string(),
    }
}

/// What a child returns, or why there is none.
fn outcome<R: Message + std::fmt::Display>(spawn: Spawn<'_, R>) -> String {
    match spawn.spawn_join() {
        Ok(child) => child.join().map_or_else(|error| error.to_string(), |value| value.to_string()),
        Err(error) => error.to_string(),
    }
}

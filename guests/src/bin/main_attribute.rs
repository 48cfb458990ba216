//! `#[flower::main]` marks the main actor, whatever it returns: prints one line and exits with 0.

use std::error::Error;

#[flower::main]
fn main() -> Result<(), Box<dyn Error>> {
    let greeting = flower::spawn_join(|name: String| format!("hello, {name}"), "attribute".to_owned());
    println!("{}", greeting.join()?);
    Ok(())
}

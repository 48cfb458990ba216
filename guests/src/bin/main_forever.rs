//! Runs until somebody interrupts it; then everybody cleans up and says so.

use flower::{Event, receive_any, spawn, tick, trap_stop};
use flower_guests::ms;

fn run(name: String) {
    trap_stop(true);
    tick(ms(10)).expect("a timer is free");
    println!("{name}: running");
    while !matches!(receive_any(), Event::Stop) {}
    println!("{name}: stopped");
}

fn main() {
    spawn(run, "child".to_owned());
    run("main".to_owned());
}

//! Actors that have sent one message and wait for another, and do nothing else: `idle.wasm process|handler COUNT`. Prints
//! `mark full` when all of them wait. What one costs depends on the program too, so this is a small one.

use flower::{Event, Flow, Handler, Pid, handler, parent, receive, self_pid, send, spawn, spawn_handler};
use flower_bench_guests::mark;

fn main() {
    let mut args = std::env::args().skip(1);
    let style = args.next().expect("a style");
    let count: u64 = args.next().expect("how many").parse().expect("a number");
    for _ in 0..count {
        match style.as_str() {
            "process" => drop(spawn(process, self_pid())),
            "handler" => drop(spawn_handler::<Waits>(())),
            other => panic!("there is no style {other}"),
        }
        receive::<()>().expect("it has started");
    }
    mark("full");
}

fn process(parent: Pid) {
    send(parent, &()).expect("it waits");
    receive::<()>().expect("nothing, for ever");
}

struct Waits;

impl Handler for Waits {
    type Args = ();

    fn start((): ()) -> Waits {
        send(parent().expect("somebody spawned it"), &()).expect("it waits");
        Waits
    }

    fn handle(&mut self, _: Event) -> Flow {
        Flow::Stop
    }
}

handler!(Waits);

//! As many actors as asked for, processes or handlers, wait for a message that does not come, while
//! somebody outside weighs the host.

use std::time::Duration;

use flower::{Event, Flow, Handler, Pid, receive, self_pid, send, sleep, spawn, spawn_handler};

struct Idle;

impl Handler for Idle {
    type Args = Pid;

    fn start(parent: Pid) -> Idle {
        send(parent, &1_u32).expect("it counts");
        Idle
    }

    fn handle(&mut self, _: Event) -> Flow {
        Flow::Stop
    }
}

flower::handler!(Idle);

fn idle(parent: Pid) {
    send(parent, &1_u32).expect("it counts");
    receive::<u32>().expect("a number");
}

fn main() {
    let mut args = std::env::args().skip(1);
    let style = args.next().expect("a style");
    let count: u32 = args.next().and_then(|count| count.parse().ok()).expect("a number");
    for _ in 0..count {
        match style.as_str() {
            "process" => spawn(idle, self_pid()),
            "handler" => spawn_handler::<Idle>(self_pid()),
            other => panic!("no such style: {other}"),
        };
    }
    let up: u32 = (0..count).map(|_| receive::<u32>().expect("a number")).sum();
    println!("{up} wait");
    sleep(Duration::from_secs(3600));
}

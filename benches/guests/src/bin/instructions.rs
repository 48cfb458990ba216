//! The measured rows that go through the SDK: the first argument names one, the second says how often.

use std::hint::black_box;
use std::time::Duration;

use flower::supervisor::{Child, Strategy, Supervisor};
use flower::{
    Binary, Event, Flow, Handler, Pid, call, receive, self_pid, send, spawn, spawn_handler, spawn_join,
};
use serde::{Deserialize, Serialize};

/// What hops: about as much as a small event carries.
#[derive(Serialize, Deserialize)]
struct Hop {
    sequence: u64,
    name: String,
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, row, count] = &arguments[..] else { panic!("a row and a number are expected") };
    let count: u64 = count.parse().expect("how often");
    match row.as_str() {
        "spawn_and_die_sdk" => spawn_and_die(count),
        "spawn_cold_sdk" => spawn_cold(count),
        "json_hop" => json_hop(count),
        "binary_hop" => binary_hop(count),
        "supervisor_restart" => supervisor_restart(count),
        "binary_call" => binary_call(count),
        "typed_call" => typed_call(count),
        unknown => panic!("there is no row {unknown}"),
    }
}

fn spawn_and_die(count: u64) {
    for n in 0..count {
        let child = spawn_join(|n: u64| black_box(n), n);
        assert_eq!(child.join(), Ok(n));
    }
}

/// So many actors that all live at once: each says that it runs, and waits.
fn spawn_cold(count: u64) {
    fn wait(to: Pid) {
        send(to, &()).expect("it waits");
        receive::<()>().expect("it never comes");
    }
    for _ in 0..count {
        spawn(wait, self_pid());
    }
    for _ in 0..count {
        receive::<()>().expect("somebody runs");
    }
}

/// A child that says that it runs, and ends, so many times.
fn supervisor_restart(count: u64) {
    fn says(to: Pid) {
        send(to, &()).expect("it waits");
    }
    let supervisor =
        Supervisor::new(Strategy::OneForOne).intensity(u32::MAX).period(Duration::from_millis(1));
    supervisor.quiet().child(Child::new("says", says, self_pid())).start_link().expect("it can be started");
    for _ in 0..count {
        receive::<()>().expect("it runs again");
    }
}

fn hop(sequence: u64) -> Hop {
    Hop { sequence, name: "a name".to_owned() }
}

fn json_hop(count: u64) {
    fn echo(to: Pid) {
        loop {
            let received: Hop = receive().expect("a hop");
            send(to, &received).expect("it waits");
        }
    }
    let echo = spawn(echo, self_pid());
    for n in 0..count {
        send(echo, &hop(n)).expect("it waits");
        let received: Hop = receive().expect("a hop");
        assert_eq!(received.sequence, n);
    }
}

fn binary_hop(count: u64) {
    fn echo(to: Pid) {
        loop {
            let received: Binary<Hop> = receive().expect("a hop");
            send(to, &received).expect("it waits");
        }
    }
    let echo = spawn(echo, self_pid());
    for n in 0..count {
        send(echo, &Binary(hop(n))).expect("it waits");
        let Binary(received): Binary<Hop> = receive().expect("a hop");
        assert_eq!(received.sequence, n);
    }
}

/// Longer than anything takes that works.
const PATIENCE: Duration = Duration::from_secs(60);

/// Answers with what it is asked.
struct RawEcho;

impl Handler for RawEcho {
    type Args = ();

    fn start((): ()) -> RawEcho {
        RawEcho
    }

    fn handle(&mut self, event: Event) -> Flow {
        let Event::Message(message) = event else { return Flow::Continue };
        let Binary(hop): Binary<Hop> = message.decode().expect("a hop");
        message.reply().expect("a request").send(&Binary(hop)).expect("it waits");
        Flow::Continue
    }
}

flower::handler!(RawEcho);

/// The same, typed.
struct TypedEcho;

#[flower::actor]
impl TypedEcho {
    fn init() -> Self {
        TypedEcho
    }

    fn echo(&self, hop: Hop) -> Hop {
        hop
    }
}

fn binary_call(count: u64) {
    let echo = spawn_handler::<RawEcho>(());
    for n in 0..count {
        let Binary(received): Binary<Hop> = call(echo, &Binary(hop(n)), PATIENCE).expect("it lives");
        assert_eq!(received.sequence, n);
    }
}

fn typed_call(count: u64) {
    let echo = TypedEcho::spawn();
    for n in 0..count {
        let received = echo.echo(hop(n)).timeout(PATIENCE).call().expect("it lives");
        assert_eq!(received.sequence, n);
    }
}

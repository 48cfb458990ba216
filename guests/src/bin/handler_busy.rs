//! Handlers that run past their slice neither starve the others nor die of it.

use flower::{
    Event, Flow, Handler, JoinHandle, Pid, Spawn, parent, receive, receive_timeout, self_pid, send,
};
use flower_guests::PATIENCE;

/// Computes for long whenever it gets a number.
struct Busy;

impl Handler for Busy {
    type Args = ();

    fn start((): ()) -> Busy {
        Busy
    }

    fn handle(&mut self, event: Event) -> Flow {
        let Event::Message(message) = event else { panic!("{event:?}") };
        let rounds: u64 = message.decode().expect("a number");
        let result = (0..rounds).fold(1_u64, |sum, n| std::hint::black_box(sum.wrapping_mul(31) ^ n));
        send(parent().expect("a parent"), &("busy".to_owned(), result)).expect("it waits");
        Flow::Stop
    }
}

flower::handler!(Busy);

/// Answers a short question in between.
fn quick(to: Pid) {
    receive::<()>().expect("a question");
    send(to, &("quick".to_owned(), 0_u64)).expect("it waits");
}

fn main() {
    let quick = flower::spawn(quick, self_pid());
    let start = |_| Spawn::handler::<Busy>(()).spawn_join().expect("there is room");
    let busy: Vec<JoinHandle<()>> = (0..4).map(start).collect();
    for handler in &busy {
        send(handler, &60_000_000_u64).expect("it waits");
    }
    send(quick, &()).expect("it waits");
    let order: Vec<(String, u64)> = (0..5).map(|_| receive_timeout(PATIENCE).expect("all of them")).collect();
    assert_eq!(order[0].0, "quick", "{order:?}");
    assert!(order[1..].iter().all(|(who, result)| who == "busy" && *result == order[1].1));
    assert!(busy.into_iter().all(|handler| handler.join().is_ok()));
}

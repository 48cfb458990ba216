//! A handler that makes a call that would wait ends with a trap that names the call.

use flower::{
    Event, ExitReason, Flow, Handler, Pid, Spawn, TrapCode, call, pattern, poll, receive, receive_match,
    request, self_pid, send_wait, sleep, spawn_join, yield_now,
};
use flower_guests::{PATIENCE, died, ms};

/// Does what its first message says, and should not.
struct Impatient;

impl Handler for Impatient {
    type Args = Pid;

    fn start(_: Pid) -> Impatient {
        Impatient
    }

    fn handle(&mut self, event: Event) -> Flow {
        let Event::Message(message) = event else { panic!("{event:?}") };
        park(&message.decode::<String>().expect("the name of a host call"), message.sender());
        Flow::Continue
    }
}

flower::handler!(Impatient);

/// Makes a host call that waits, and never gets to see what it answers.
fn park(host_call: &str, other: Pid) {
    match host_call {
        "receive" => drop(receive::<String>()),
        "scan" => drop(receive_match(&[pattern!(_)])),
        "send_wait" => drop(send_wait(other, "?", PATIENCE)),
        "call" => drop(call::<_, ()>(other, "?", PATIENCE)),
        "wait" => drop(request::<_, ()>(other, "?").wait()),
        "sleep" => sleep(ms(1)),
        "yield_now" => yield_now(),
        "poll_oneoff" => std::thread::sleep(ms(1)),
        // Refused even where it would not wait, or the mistake would show only now and then.
        "receive, if there is one" => drop(poll::<String>()),
        other => panic!("{other}"),
    }
}

fn main() {
    for host_call in ["receive", "scan", "send_wait", "call", "wait", "sleep", "yield_now", "poll_oneoff"] {
        let detail = trap_detail(host_call);
        assert!(detail.contains(&format!("`{host_call}`")), "{host_call}: {detail}");
    }
    assert!(trap_detail("receive, if there is one").contains("`receive`"));
    assert_eq!(spawn_join(|()| sleep(ms(1)), ()).join(), Ok(()), "processes may");
}

fn trap_detail(host_call: &str) -> String {
    let handler = Spawn::handler::<Impatient>(self_pid()).spawn_join().expect("there is room");
    flower::send(&handler, host_call).expect("it waits");
    match died(handler.join()) {
        ExitReason::Trap { code: TrapCode::PARKED_IN_HANDLER, detail } => detail,
        other => panic!("{host_call}: {other}"),
    }
}

//! A handler that makes a call that would wait ends with a trap that names the call.

use flower::{
    CallError, Event, ExitReason, Flow, Handler, Pid, ReceiveError, Spawn, TrapCode, call, poll, receive, request,
    self_pid, send_wait, sleep, spawn_join, yield_now,
};
use flower_guests::{PATIENCE, died, ms};
use serde_json::Value;

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

/// Makes a host call that waits.
fn park(host_call: &str, other: Pid) {
    let _: Result<Value, ReceiveError> = match host_call {
        "receive" => receive(),
        "scan" => Ok(flower::receive_match(&[flower::pattern!(_)]).value),
        "send_wait" => send_wait(other, "?", PATIENCE).map(|()| Value::Null).map_err(|_| ReceiveError::Timeout),
        "call" => call(other, "?", PATIENCE).map_err(|_: CallError| ReceiveError::Timeout),
        "wait" => request(other, "?").wait().map_err(|_: CallError| ReceiveError::Timeout),
        "sleep" => Ok(sleep(ms(1)).into()),
        "yield_now" => Ok(yield_now().into()),
        // Even where it would not have to wait, or the mistake would show only now and then.
        "receive with a timeout of 0" => poll().map(Option::unwrap_or_default),
        "poll_oneoff" => Ok(std::thread::sleep(ms(1)).into()),
        other => panic!("{other}"),
    };
}

fn main() {
    for host_call in ["receive", "scan", "send_wait", "call", "wait", "sleep", "yield_now", "poll_oneoff"] {
        let detail = trap_detail(host_call);
        assert!(detail.contains(&format!("`{host_call}`")), "{host_call}: {detail}");
    }
    assert!(trap_detail("receive with a timeout of 0").contains("`receive`"));
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

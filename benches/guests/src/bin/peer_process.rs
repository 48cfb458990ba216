//! The row `flower`: the process style; numbers in the compact codec, payloads as plain bytes; and the workloads on
//! channels.

use flower::{Binary, Envelope, Pid, receive, send_bytes};
use flower_bench_guests::processes::{self, Wire};
use flower_bench_guests::{Workload, channels};
use serde::Serialize;
use serde::de::DeserializeOwned;

struct Compact;

impl Wire for Compact {
    type Of<T: Serialize + DeserializeOwned> = Binary<T>;

    fn wrap<T: Serialize + DeserializeOwned>(value: T) -> Binary<T> {
        Binary(value)
    }

    fn open<T: Serialize + DeserializeOwned>(Binary(value): Binary<T>) -> T {
        value
    }

    fn serve(to: Pid, bytes: u64) {
        send_bytes(to, &vec![7; bytes as usize]).expect("it waits");
    }

    /// The sender's address stands in the header.
    fn give_back() -> bool {
        let ball: Envelope = receive().expect("an envelope holds any message");
        send_bytes(ball.sender(), ball.bytes()).is_ok()
    }
}

fn main() {
    let workload = Workload::from_args();
    let number = |at| workload.number(at);
    match workload.name() {
        "rendezvous" => channels::rendezvous(number(0)),
        "stream" => channels::stream(number(0), number(1)),
        "local" => channels::local(number(0), number(1)),
        "handover" => channels::local(0, number(0)),
        "select" => channels::selected(number(0)),
        "daisy" => channels::daisy_actors(number(0)),
        "daisy_tasks" => channels::daisy_tasks(number(0)),
        _ => processes::run::<Compact>(),
    }
}

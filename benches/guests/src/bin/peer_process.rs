//! The row `flower`: the process style; numbers in the compact codec, payloads as plain bytes.

use flower::{Binary, Envelope, Pid, receive, send_bytes};
use flower_bench_guests::processes::{self, Wire};
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
    processes::run::<Compact>();
}

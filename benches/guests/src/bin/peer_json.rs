//! The row `flower-json`: the process style; every message is a typed value in JSON.

use flower::{Pid, receive, self_pid, send};
use flower_bench_guests::processes::{self, Wire};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

struct Json;

#[derive(Serialize, Deserialize)]
struct Ball {
    from: Pid,
    payload: String,
}

impl Wire for Json {
    type Of<T: Serialize + DeserializeOwned> = T;

    fn wrap<T: Serialize + DeserializeOwned>(value: T) -> T {
        value
    }

    fn open<T: Serialize + DeserializeOwned>(value: T) -> T {
        value
    }

    fn serve(to: Pid, bytes: u64) {
        let payload = "7".repeat(bytes as usize);
        send(to, &Ball { from: self_pid(), payload }).expect("it waits");
    }

    fn give_back() -> bool {
        let ball: Ball = receive().expect("a ball");
        send(ball.from, &Ball { from: self_pid(), payload: ball.payload }).is_ok()
    }
}

fn main() {
    processes::run::<Json>();
}

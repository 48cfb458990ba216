//! An HTTP service with a supervised counter behind it, and no socket: the host speaks HTTP.
//!
//! ```text
//! flower-host run --http 127.0.0.1:8080=web counter_service.wasm
//! curl http://127.0.0.1:8080/            # the count
//! curl -X POST http://127.0.0.1:8080/add/5
//! curl -X POST http://127.0.0.1:8080/crash
//! ```
//!
//! A counter that crashes takes nobody along: its supervisor starts another, and the next request finds it by
//! its name.

use std::time::Duration;

use flower::http::{self, Request, Response};
use flower::supervisor::{Child, Strategy, Supervisor};
use flower::{CallError, call, receive_request, register, self_pid, yield_now};

/// Adds what it is asked to, and answers how much it is.
fn counter(mut count: u64) {
    loop {
        let (n, reply) = receive_request::<u64>().expect("a number");
        count = count.checked_add(n).expect("nobody counts that far");
        let _gone = reply.send(&count);
    }
}

/// Asks the counter, and awaits it while it is about to come back.
fn add(n: u64) -> Result<u64, CallError> {
    loop {
        match call("counter", &n, Duration::from_secs(5)) {
            Err(CallError::NoName) => yield_now(),
            answer => return answer,
        }
    }
}

fn respond(request: &Request) -> Response {
    let count = match (request.method.as_str(), request.path()) {
        ("GET", "/") => add(0),
        ("POST", "/crash") => add(u64::MAX),
        ("POST", path) => match path.strip_prefix("/add/").map(str::parse) {
            Some(Ok(n)) => add(n),
            _ => return Response::text("POST /add/NUMBER\n").with_status(400),
        },
        _ => return Response::text("no such page\n").with_status(404),
    };
    match count {
        Ok(count) => Response::text(format!("{count}\n")),
        Err(error) => Response::text(format!("{error}\n")).with_status(500),
    }
}

fn main() {
    let child = Child::new("counter", counter, 1_u64).name("counter");
    let supervisor = Supervisor::new(Strategy::OneForOne).intensity(10).period(Duration::from_secs(60));
    supervisor.child(child).start_link().expect("the counter can be started");
    register("web", self_pid()).expect("the name is free");
    println!("the counter counts");
    http::serve(|request| respond(&request))
}

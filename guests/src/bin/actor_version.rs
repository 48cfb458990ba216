//! An actor of another version answers with an error that names both versions, and serves nobody.
//!
//! Needs `--module other=` with the path of `actor_version_other`.

use flower::{Actor, CallError, Protocol, call_method};
use flower_guests::PATIENCE;

struct Counter {
    count: u32,
}

#[flower::actor]
impl Counter {
    fn init(count: u32) -> Self {
        Counter { count }
    }

    fn add(&mut self, n: u32) -> u32 {
        self.count += n;
        self.count
    }
}

/// Both modules have the same one of these.
struct Echo;

#[flower::actor]
impl Echo {
    fn init() -> Self {
        Echo
    }

    fn echo(&self, text: String) -> String {
        text
    }
}

fn main() {
    let other = Counter::options(5).module("other").spawn().expect("it is exported");
    let counter = CounterClient::from(other);
    let mismatch = match counter.add(2).call() {
        Err(CallError::ProtocolMismatch(mismatch)) => mismatch,
        other => panic!("{other:?}"),
    };
    println!("{mismatch}");
    let Protocol { text, fingerprint, .. } = <Counter as Actor>::PROTOCOL;
    assert_eq!((&*mismatch.caller.text, mismatch.caller.fingerprint), (text, fingerprint));
    assert_eq!(mismatch.actor.text, "Counter { add(u64) -> u64; reset() -> () }");
    assert_ne!(mismatch.actor.fingerprint, fingerprint);
    assert!(matches!(counter.add(2).defer().wait(), Err(CallError::ProtocolMismatch(_))));
    counter.add(2).cast().expect("it is not looked into before it is there");
    // By name nothing is compared but what is said.
    assert_eq!(call_method(&counter, "add", &(2,), PATIENCE), Ok(7_u64), "none of them counted");

    let echo = EchoClient::from(Echo::options().module("other").spawn().expect("it is exported"));
    assert_eq!(echo.echo("the same".to_owned()).call(), Ok("the same, from another module".to_owned()));
}

//! Many requests are under way at once, are answered in another order, and each gets its own answer.

use flower::{Pending, Reply, receive_request, request, spawn};

const COUNT: u32 = 100;

fn main() {
    let backwards = spawn(backwards, ());
    let pending: Vec<Pending<u32>> = (0..COUNT).map(|n| request(backwards, &n)).collect();
    for (n, pending) in (0..).zip(pending) {
        assert_eq!(pending.wait(), Ok(n * n));
    }
}

/// Takes all questions, and answers the last one first.
fn backwards((): ()) {
    let mut questions: Vec<(u32, Reply)> = (0..COUNT).map(|_| receive_request().expect("a number")).collect();
    while let Some((n, reply)) = questions.pop() {
        reply.send(&(n * n)).expect("somebody waits");
    }
}

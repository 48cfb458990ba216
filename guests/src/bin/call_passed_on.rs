//! A reply token is plain data: a third actor answers with it, and the first answer counts.

use flower::{CallError, Pid, Reply, Request, call, receive, receive_request, self_pid, send, spawn};
use flower_guests::{PATIENCE, ms, wait_for_ever};

fn main() {
    a_third_actor_answers();
    the_first_answer_counts();
    nobody_answers();
}

/// Has another actor answer.
fn front(back: Pid) {
    loop {
        let (question, reply) = receive_request::<String>().expect("a question");
        assert_eq!(reply.caller(), flower::parent().expect("a parent"));
        send(back, &(question, reply)).expect("it waits");
    }
}

fn back((): ()) {
    loop {
        let (question, reply): (String, Reply) = receive().expect("a question with a token");
        reply.send(&format!("{question} answered by {}", self_pid())).expect("somebody waits");
    }
}

fn a_third_actor_answers() {
    let back = spawn(back, ());
    let front = spawn(front, back);
    let answer: String = call(front, "A question", PATIENCE).expect("an answer");
    assert_eq!(answer, format!("A question answered by {back}"));
}

fn copy(reply: &Reply) -> Reply {
    let value = serde_json::to_value(reply).expect("a token is data");
    serde_json::from_value(value).expect("it was written by itself")
}

fn the_first_answer_counts() {
    fn twice((): ()) {
        for round in 0..2 {
            let (_, reply) = receive_request::<u32>().expect("a number");
            let again = copy(&reply);
            reply.send(&(round, "first".to_owned())).expect("somebody waits");
            // Nobody waits for it any more, which is no error.
            let _ended = again.send(&(round, "second".to_owned()));
        }
    }
    let callee = spawn(twice, ());
    assert_eq!(call(callee, &1_u32, PATIENCE), Ok((0, "first".to_owned())));
    assert_eq!(call(callee, &2_u32, PATIENCE), Ok((1, "first".to_owned())));
    assert_eq!(flower::mailbox_len(), 0);
}

fn nobody_answers() {
    fn drops((): ()) {
        let Request { message: (), reply } = receive().expect("a request");
        drop(reply);
        wait_for_ever();
    }
    let silent = call::<_, ()>(spawn(drops, ()), &(), ms(10));
    assert_eq!(silent, Err(CallError::Timeout));
}

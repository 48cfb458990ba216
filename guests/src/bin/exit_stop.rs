//! P9, P11: a stop comes after what was sent before it; then the actor is dead and its name free.

use flower::{
    Envelope, ExitReason, Pending, is_alive, receive, receive_request, register, request, spawn, stop,
    whereis,
};
use flower_guests::end_of;

fn main() {
    p9_what_was_asked_before_is_answered();
    p11_once_only();
    while_it_waits_for_something_else();
}

fn answer_all((): ()) {
    loop {
        let (n, reply) = receive_request::<u32>().expect("a number");
        reply.send(&(n + 1)).expect("somebody waits");
    }
}

fn p9_what_was_asked_before_is_answered() {
    let actor = spawn(answer_all, ());
    register("stopped", actor).expect("the name is free");
    let asked: [Pending<u32>; 3] = [1_u32, 2, 3].map(|n| request(actor, &n));
    assert_eq!(stop(actor), Ok(true));
    assert_eq!(asked.map(Pending::wait), [Ok(2), Ok(3), Ok(4)]);
    assert_eq!(end_of_shutdown(actor), ExitReason::shutdown());
    assert_eq!((is_alive(actor), whereis("stopped")), (false, None));
}

/// Its end; one that has ended before is known to be dead and no more.
fn end_of_shutdown(actor: flower::Pid) -> ExitReason {
    match end_of(actor) {
        ExitReason::NoProcess => ExitReason::shutdown(),
        reason => reason,
    }
}

fn p11_once_only() {
    let actor = spawn(answer_all, ());
    assert_eq!(stop(actor), Ok(true));
    end_of(actor);
    assert_eq!(stop(actor), Ok(false));
}

/// Messages that it does not want stay unread, and so does what they would be stopped behind.
fn while_it_waits_for_something_else() {
    let actor = spawn(|()| drop(flower::receive! { wanted: u32 => wanted }), ());
    flower::send(actor, "unwanted").expect("it waits");
    assert_eq!(stop(actor), Ok(true));
    assert_eq!(end_of_shutdown(actor), ExitReason::shutdown());

    let reads_all = spawn(|()| while receive::<Envelope>().is_ok() {}, ());
    assert_eq!(stop(reads_all), Ok(true));
    assert_eq!(end_of_shutdown(reads_all), ExitReason::shutdown());
}

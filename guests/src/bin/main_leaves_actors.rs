//! When `main` ends, the host stops the others: those that trap stops clean up, the stubborn are ended.
//!
//! With `--wait` the host waits for them instead; the argument `finish` lets them end by themselves.

use flower::{Event, Pid, receive, receive_any, self_pid, send, spawn, trap_stop};
use flower_guests::ms;

fn polite(main: Pid) {
    trap_stop(true);
    send(main, "ready").expect("it waits");
    assert!(matches!(receive_any(), Event::Stop));
    println!("polite: cleaned up");
}

fn stubborn(main: Pid) {
    trap_stop(true);
    send(main, "ready").expect("it waits");
    loop {
        receive_any();
    }
}

fn finishing(main: Pid) {
    send(main, "ready").expect("it waits");
    flower::sleep(ms(20));
    println!("finished by itself");
}

fn main() {
    let finish = std::env::args().nth(1).is_some_and(|argument| argument == "finish");
    if finish {
        spawn(finishing, self_pid());
    } else {
        spawn(polite, self_pid());
        spawn(stubborn, self_pid());
        assert_eq!(receive(), Ok("ready".to_owned()));
    }
    assert_eq!(receive(), Ok("ready".to_owned()));
    println!("main: done");
}

//! P13, P14: the registry finds exactly the actors of a type, tells them something, and stops all of them,
//! the one started last first.

use std::time::Duration;

use flower::registry::{
    StopAllError, all, broadcast_to, by_serial, by_type, register_type, stop_all, stop_type,
};
use flower::{
    Down, Event, Flow, Handler, Pid, is_alive, kill, monitor, receive, self_pid, send, spawn, trap_stop,
    whereis,
};
use flower_guests::{PATIENCE, end_of, ms};

struct A;
struct B;

/// A handler that passes on what it hears, to whom it was started with.
struct Heard(Pid);

impl Handler for Heard {
    type Args = Pid;

    fn start(parent: Pid) -> Heard {
        register_type::<B>().expect("there is room");
        tell(parent, "ready");
        Heard(parent)
    }

    fn handle(&mut self, event: Event) -> Flow {
        if let Event::Message(heard) = event {
            tell(self.0, &heard.decode::<String>().expect("text"));
        }
        Flow::Continue
    }
}

flower::handler!(Heard);

fn a(parent: Pid) {
    register_type::<A>().expect("there is room");
    tell(parent, "ready");
    while let Ok(heard) = receive::<String>() {
        tell(parent, &heard);
    }
}

/// Leaves a stop where it is.
fn stubborn(parent: Pid) {
    trap_stop(true);
    register_type::<A>().expect("there is room");
    tell(parent, "ready");
    receive::<()>().expect("a word to go");
}

fn tell(parent: Pid, what: &str) {
    send(parent, &(self_pid(), what.to_owned())).expect("it waits");
}

fn heard() -> (Pid, String) {
    receive().expect("they tell of what they hear")
}

/// Starts one and waits until it is registered.
fn started(pid: Pid) -> Pid {
    assert_eq!(heard(), (pid, "ready".to_owned()));
    pid
}

fn main() {
    nothing_is_there();
    p13_p14_three_a_and_five_b();
    the_caller_goes_on();
    some_do_not_stop();
}

fn nothing_is_there() {
    assert_eq!((all(), by_type::<A>(), by_serial(0), by_serial(1)), (vec![], vec![], None, None));
    assert_eq!(stop_all(PATIENCE), Ok(0));
}

fn p13_p14_three_a_and_five_b() {
    let mut started_all = Vec::new();
    let (mut of_a, mut of_b) = (Vec::new(), Vec::new());
    for is_a in [true, false, false, true, false, true, false, false] {
        let pid =
            started(if is_a { spawn(a, self_pid()) } else { flower::spawn_handler::<Heard>(self_pid()) });
        if is_a {
            of_a.push(pid)
        } else {
            of_b.push(pid)
        }
        started_all.push(pid);
    }
    assert_eq!((by_type::<A>(), by_type::<B>(), by_type::<u8>()), (of_a.clone(), of_b.clone(), vec![]));
    assert_eq!(all(), started_all);
    assert_eq!(by_serial(of_b[2].serial()), Some(of_b[2]));
    assert_eq!((by_serial(self_pid().serial()), by_serial(u64::MAX)), (None, None));
    flower::register("third", of_a[2]).expect("the name is free");
    assert_eq!((whereis("third"), whereis("fourth")), (Some(of_a[2]), None));

    p14_all_a_and_no_b(&of_a);
    kill(of_a[1]).expect("a spawner may");
    end_of(of_a[1]);
    assert_eq!(by_type::<A>(), [of_a[0], of_a[2]]);
    started_all.retain(|pid| is_alive(*pid));
    in_reverse_order_of_their_start(&started_all);
    assert_eq!((all(), by_type::<A>(), by_type::<B>(), whereis("third")), (vec![], vec![], vec![], None));
}

fn p14_all_a_and_no_b(of_a: &[Pid]) {
    assert_eq!(broadcast_to::<A, _>("to a").map(|sent| sent.accepted), Ok(3));
    let mut told: Vec<Pid> = [(); 3]
        .map(|()| heard())
        .map(|(pid, text)| (text == "to a").then_some(pid))
        .into_iter()
        .flatten()
        .collect();
    told.sort();
    assert_eq!(told, of_a);
    // Whoever of B had heard it would tell of that before of what comes after it.
    assert_eq!(broadcast_to::<B, _>("to b").map(|sent| sent.accepted), Ok(5));
    assert!([(); 5].map(|()| heard()).iter().all(|(_, text)| text == "to b"));
}

fn in_reverse_order_of_their_start(pids: &[Pid]) {
    for pid in pids {
        monitor(*pid).expect("it may be monitored");
    }
    assert_eq!(stop_all(PATIENCE), Ok(pids.len()));
    let ended: Vec<Pid> = pids.iter().map(|_| receive::<Down>().expect("the end").pid).collect();
    assert!(ended.iter().eq(pids.iter().rev()), "{ended:?}");
}

fn the_caller_goes_on() {
    register_type::<A>().expect("there is room");
    let other = started(spawn(a, self_pid()));
    assert_eq!(by_type::<A>(), [self_pid(), other]);
    assert_eq!(stop_type::<B>(PATIENCE), Ok(0));
    assert_eq!(stop_type::<A>(PATIENCE), Ok(1));
    assert_eq!(all(), [self_pid()]);
}

fn some_do_not_stop() {
    let first = started(spawn(a, self_pid()));
    let stubborn = started(spawn(stubborn, self_pid()));
    let left = Err(StopAllError { left: vec![first, stubborn] });
    assert_eq!((stop_all(ms(50)), stop_all(Duration::ZERO)), (left.clone(), left));
    assert!(is_alive(first) && is_alive(stubborn));
    send(stubborn, &()).expect("it waits");
    end_of(stubborn);
    assert_eq!(stop_all(PATIENCE), Ok(1));
}

//! A12: a kill ends an actor whatever it does, and every waiter and monitor sees that it was killed.

use flower::{
    Down, ExitReason, ExitSignal, JoinHandle, is_alive, kill, link, monitor, receive, receive_request, sleep,
    spawn_join, trap_exit, trap_stop, yield_now,
};
use flower_guests::{PATIENCE, died, ms};

fn main() {
    an_endless_loop();
    an_endless_loop_of_yields();
    one_that_sleeps();
    one_that_traps_everything();
    oneself();
    a12_a_linked_actor_gets_a_message();
}

/// Lets it run a little, and kills it.
fn kill_it<T: std::fmt::Debug + flower::Message>(actor: JoinHandle<T>) {
    (0..3).for_each(|_| yield_now());
    let pid = actor.pid();
    let watch = monitor(pid).expect("it may be monitored");
    assert!(is_alive(pid));
    assert_eq!(kill(pid), Ok(()));
    assert_eq!(kill(pid), Ok(()), "one more does not matter");
    let down: Down = receive().expect("the end");
    assert_eq!((down.monitor, down.reason), (watch, ExitReason::Killed));
    assert_eq!(died(actor.join()), ExitReason::Killed);
    assert_eq!(kill(pid), Ok(()), "nor does one to the dead");
}

fn an_endless_loop() {
    fn endless((): ()) {
        loop {
            std::hint::spin_loop();
        }
    }
    kill_it(spawn_join(endless, ()));
}

fn an_endless_loop_of_yields() {
    fn endless((): ()) {
        loop {
            yield_now();
        }
    }
    kill_it(spawn_join(endless, ()));
}

fn one_that_sleeps() {
    kill_it(spawn_join(|()| sleep(PATIENCE), ()));
}

fn one_that_traps_everything() {
    fn stubborn((): ()) {
        trap_exit(true);
        trap_stop(true);
        loop {
            flower::receive_any();
        }
    }
    kill_it(spawn_join(stubborn, ()));
}

fn oneself() {
    fn kills_itself((): ()) {
        kill(flower::self_pid()).expect("everybody may");
        unreachable!("it is dead");
    }
    assert_eq!(died(spawn_join(kills_itself, ()).join()), ExitReason::Killed);
}

fn a12_a_linked_actor_gets_a_message() {
    trap_exit(true);
    let actor = spawn_join(|()| drop(receive_request::<()>()), ());
    link(actor.pid()).expect("a spawner may");
    sleep(ms(1));
    kill(actor.pid()).expect("a spawner may");
    let signal: ExitSignal = receive().expect("the end of the link");
    assert_eq!((signal.pid, signal.reason), (actor.pid(), ExitReason::Killed));
}

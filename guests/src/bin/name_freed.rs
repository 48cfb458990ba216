//! A name is free before anybody hears of its holder's death: who is told may take it at once.

use flower::{Down, ExitSignal, Spawn, call, receive, register, self_pid, trap_exit, unregister, whereis};
use flower_guests::PATIENCE;

fn main() {
    for _ in 0..100 {
        before_down();
    }
    before_an_exit_signal();
    before_the_end_of_a_call();
    before_a_join();
}

fn holder() -> Spawn<'static, ()> {
    Spawn::new(|()| (), ()).name("held")
}

/// Takes the name as its first deed after the news.
fn take_over() {
    assert_eq!(register("held", self_pid()), Ok(()));
    assert_eq!(whereis("held"), Some(self_pid()));
    assert!(unregister("held"));
}

fn before_down() {
    let (pid, _) = holder().spawn_monitor().expect("the name is free");
    let down: Down = receive().expect("the end");
    take_over();
    assert_eq!(down.pid, pid);
}

fn before_an_exit_signal() {
    trap_exit(true);
    holder().link().spawn().expect("the name is free");
    let _: ExitSignal = receive().expect("the end");
    take_over();
    trap_exit(false);
}

fn before_the_end_of_a_call() {
    let asked = Spawn::new(|()| drop(flower::receive_request::<()>()), ()).name("held");
    asked.spawn().expect("the name is free");
    assert!(call::<_, ()>("held", &(), PATIENCE).is_err());
    take_over();
}

fn before_a_join() {
    holder().spawn_join().expect("the name is free").join().expect("it returns");
    take_over();
}

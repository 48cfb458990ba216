//! Linked actors end together, for the same reason; a normal end, or one after an `unlink`, does not count.

use flower::{
    ExitReason, Pid, exit, is_alive, link, receive, self_pid, send, sleep, spawn, spawn_join, spawn_link,
    unlink,
};
use flower_guests::{PATIENCE, died, ms};

fn main() {
    a_failure_spreads();
    a_normal_end_does_not();
    the_parent_goes_and_the_child_with_it();
    after_an_unlink();
    with_the_dead();
}

/// Waits for a reason to end with.
fn wait((): ()) {
    let reason: ExitReason = receive().expect("a reason");
    exit(reason)
}

fn a_failure_spreads() {
    fn linked(to: Pid) {
        link(to).expect("it was handed over with all rights");
        send(parent(), "linked").expect("it waits");
        sleep(PATIENCE);
    }
    let failing = spawn(wait, ());
    let linked = [(); 3].map(|()| spawn_join(linked, failing));
    (0..3).for_each(|_| assert_eq!(receive(), Ok("linked".to_owned())));
    send(failing, &ExitReason::error("contagious")).expect("it waits");
    for actor in linked {
        assert_eq!(died(actor.join()), ExitReason::error("contagious"));
    }
}

fn parent() -> Pid {
    flower::parent().expect("a parent")
}

fn a_normal_end_does_not() {
    fn links((): ()) -> u32 {
        let child = spawn_link(wait, ());
        send(child, &ExitReason::normal(&())).expect("it waits");
        while is_alive(child) {
            flower::yield_now();
        }
        sleep(ms(1));
        5
    }
    assert_eq!(spawn_join(links, ()).join(), Ok(5));
}

fn the_parent_goes_and_the_child_with_it() {
    fn goes(to: Pid) {
        let child = spawn_link(|()| sleep(PATIENCE), ());
        send(to, &child).expect("it waits");
        receive::<()>().expect("a word to go");
        exit(ExitReason::error("gone"))
    }
    let parent = spawn(goes, self_pid());
    let child: Pid = receive().expect("a pid");
    let watch = flower::monitor(child).expect("it may be monitored");
    send(parent, &()).expect("it waits");
    let down: flower::Down = receive().expect("the end");
    assert_eq!((down.monitor, down.reason), (watch, ExitReason::error("gone")));
}

fn after_an_unlink() {
    fn unlinks((): ()) -> u32 {
        for _ in 0..100 {
            let child = spawn_link(wait, ());
            send(child, &ExitReason::error("too late")).expect("it waits");
            unlink(child).expect("the host made it");
        }
        sleep(ms(1));
        7
    }
    let joined = spawn_join(unlinks, ()).join();
    // On several threads a child may be faster than the `unlink`; then, and only then, it is too late.
    assert!(joined == Ok(7) || died(joined) == ExitReason::error("too late"));
}

fn with_the_dead() {
    fn links_with_the_dead((): ()) {
        let dead = spawn(|()| (), ());
        flower_guests::end_of(dead);
        link(dead).expect("the signal comes later");
        sleep(PATIENCE);
    }
    assert_eq!(died(spawn_join(links_with_the_dead, ()).join()), ExitReason::NoProcess);
}

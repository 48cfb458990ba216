//! An exit signal does what a link would: it ends who does not trap it, unless it is normal.

use flower::{
    Event, ExitReason, ExitSignal, Pid, exit_signal, is_alive, receive, receive_any, self_pid, send, sleep,
    spawn_join, trap_exit,
};
use flower_guests::{PATIENCE, died, ms};

fn main() {
    it_ends_who_waits();
    a_normal_one_ends_nobody_else();
    it_can_be_trapped();
    oneself();
    the_dead_do_not_mind();
}

fn it_ends_who_waits() {
    let actor = spawn_join(|()| sleep(PATIENCE), ());
    exit_signal(actor.pid(), ExitReason::error("enough")).expect("a spawner may");
    assert_eq!(died(actor.join()), ExitReason::error("enough"));
}

fn a_normal_one_ends_nobody_else() {
    let actor = spawn_join(|()| receive::<u32>().expect("a number"), ());
    exit_signal(actor.pid(), ExitReason::normal(&())).expect("a spawner may");
    sleep(ms(1));
    assert!(is_alive(actor.pid()));
    send(&actor, &3_u32).expect("it waits");
    assert_eq!(actor.join(), Ok(3));
}

fn it_can_be_trapped() {
    fn traps(to: Pid) -> ExitReason {
        trap_exit(true);
        send(to, "ready").expect("it waits");
        let Event::Exit(ExitSignal { pid, reason }) = receive_any() else { panic!("no exit signal") };
        assert_eq!(pid, to);
        reason
    }
    let actor = spawn_join(traps, self_pid());
    assert_eq!(receive(), Ok("ready".to_owned()));
    exit_signal(actor.pid(), ExitReason::shutdown()).expect("a spawner may");
    assert_eq!(actor.join(), Ok(ExitReason::shutdown()));
}

fn oneself() {
    fn leaves((): ()) {
        exit_signal(self_pid(), ExitReason::error("leaving")).expect("everybody may");
        unreachable!("it is dead");
    }
    assert_eq!(died(spawn_join(leaves, ()).join()), ExitReason::error("leaving"));
}

fn the_dead_do_not_mind() {
    let actor = spawn_join(|()| (), ());
    let pid = actor.pid();
    actor.join().expect("it returns");
    assert_eq!(exit_signal(pid, ExitReason::shutdown()), Ok(()));
}

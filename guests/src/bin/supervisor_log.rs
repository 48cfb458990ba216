//! What a supervisor tells of its children on the standard error; a test compares the lines.

use std::time::Duration;

use flower::supervisor::{
    AutoShutdown, Backoff, Child, Restart, Shutdown, Strategy, Supervisor, terminate_child,
};
use flower::{Pid, monitor, receive, register, self_pid, send, sleep, trap_exit, unlink, unregister};
use flower_guests::supervision::{How, child, end, end_child, stop_supervisor};
use flower_guests::{PATIENCE, ms};

fn main() {
    restarts_and_giving_up();
    a_group();
    no_restart();
    a_start_that_fails();
    a_wait();
    stopping();
    silence();
}

fn waits((): ()) {
    end(receive().expect("how to end"))
}

fn worker(id: &str) -> Child {
    Child::new(id, waits, ())
}

fn supervise(supervisor: Supervisor) -> Pid {
    let supervisor = supervisor.start_link().expect("all can be started");
    unlink(supervisor).expect("the host made it");
    supervisor
}

/// Lets a child end, and its supervisor with it.
fn end_all(supervisor: Pid, id: &str, how: How) {
    monitor(supervisor).expect("it may be monitored");
    send(child(supervisor, id), &how).expect("it waits");
    receive::<flower::Down>().expect("a monitor tells of the end");
}

fn restarts_and_giving_up() {
    let supervisor = Supervisor::new(Strategy::OneForOne).name("pool").intensity(3).child(worker("worker-1"));
    let supervisor = supervise(supervisor);
    for how in [How::Panic, How::Normal, How::Killed] {
        end_child(supervisor, "worker-1", how);
    }
    end_all(supervisor, "worker-1", How::Trap);
}

fn a_group() {
    let supervisor = Supervisor::new(Strategy::OneForAll).name("group").intensity(2);
    let supervisor = supervise(supervisor.children(["a", "b", "c"].map(worker)));
    end_child(supervisor, "b", How::Error);
    stop_supervisor(supervisor);
}

fn no_restart() {
    let supervisor =
        Supervisor::new(Strategy::OneForOne).name("ends").auto_shutdown(AutoShutdown::AnySignificant);
    let supervisor = supervisor
        .child(worker("temporary").restart(Restart::Temporary))
        .child(worker("transient").restart(Restart::Transient))
        .child(worker("significant").restart(Restart::Transient).significant());
    let supervisor = supervise(supervisor);
    end_child(supervisor, "temporary", How::ExitCode);
    end_child(supervisor, "transient", How::Normal);
    end_all(supervisor, "significant", How::Shutdown);
}

fn a_start_that_fails() {
    let supervisor = Supervisor::new(Strategy::OneForOne).name("unlucky").intensity(2);
    let supervisor = supervise(supervisor.child(worker("named").name("wanted")));
    let named = child(supervisor, "named");
    unregister("wanted");
    register("wanted", self_pid()).expect("the name is free");
    monitor(supervisor).expect("it may be monitored");
    send(named, &How::Error).expect("it waits");
    receive::<flower::Down>().expect("a monitor tells of the end");
    let bad = Supervisor::new(Strategy::OneForOne).name("bad").child(Child::entry("bad", "nowhere", ()));
    assert!(bad.start_link().is_err());
}

fn a_wait() {
    let supervisor = Supervisor::new(Strategy::OneForOne).name("patient").period(Duration::from_millis(1500));
    let supervisor = supervise(supervisor.backoff(Backoff::new(ms(20), ms(20))).child(worker("slow")));
    end_child(supervisor, "slow", How::Error);
    sleep(ms(25));
    stop_supervisor(supervisor);
}

fn stopping() {
    fn stubborn((): ()) {
        trap_exit(true);
        flower::supervisor::init_ack();
        sleep(PATIENCE);
    }
    let stubborn = Child::new("stubborn", stubborn, ()).acknowledged(PATIENCE);
    let supervisor = Supervisor::new(Strategy::OneForOne).name("strict");
    let supervisor = supervise(supervisor.child(stubborn.shutdown(Shutdown::Timeout(ms(20)))));
    send(supervisor, "no request").expect("it waits");
    terminate_child(supervisor, "stubborn").expect("there is such a child");
    stop_supervisor(supervisor);
}

fn silence() {
    let supervisor =
        supervise(Supervisor::new(Strategy::OneForOne).name("quiet").quiet().child(worker("silent")));
    end_child(supervisor, "silent", How::Error);
    end_all(supervisor, "silent", How::Error);
}

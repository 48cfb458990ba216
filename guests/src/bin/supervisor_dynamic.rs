//! Children that are all alike: any number of them, each with arguments of its own, stopped all at once.

use std::time::Duration;

use flower::supervisor::{
    Child, ChildError, Counts, Restart, Shutdown, StartError, Strategy, Supervisor, count_children,
    delete_child, init_ack, restart_child, start_child, start_child_with, terminate_child, which_children,
};
use flower::{
    Event, ExitReason, Instant, Pid, exit, is_alive, receive, receive_any, self_pid, send, sleep, spawn,
    stop, trap_exit, unlink,
};
use flower_guests::supervision::{
    How, children_without, end, expect_nothing_told, expect_told, member, stop_supervisor, tell,
};
use flower_guests::{PATIENCE, end_of, ms};

fn main() {
    each_has_its_arguments();
    an_end_concerns_nobody_else();
    what_cannot_be_asked();
    of_others_arguments();
    all_at_once();
    together_too_late();
    a_storm();
}

fn alike(restart: Restart) -> Supervisor {
    let template = Child::new("alike", member, (self_pid(), "template".to_owned())).restart(restart);
    Supervisor::new(Strategy::SimpleOneForOne).intensity(3).child(template.acknowledged(PATIENCE))
}

fn started(supervisor: Supervisor) -> Pid {
    supervisor.start_link().expect("there is nothing to start yet")
}

/// One more, which tells of itself by this name.
fn more(supervisor: Pid, id: &str) -> Pid {
    let pid = start_child_with(supervisor, &(self_pid(), id.to_owned())).expect("it can be started");
    expect_told(&[&format!("+{id}")]);
    pid
}

/// The same after each restart.
fn each_has_its_arguments() {
    let supervisor = started(alike(Restart::Permanent));
    assert_eq!(which_children(supervisor), Ok(vec![]));
    let (a, b) = (more(supervisor, "a"), more(supervisor, "b"));
    for child in [b, a] {
        send(child, &How::Error).expect("it waits");
        children_without(supervisor, child);
    }
    expect_told(&["+b", "+a"]);
    let children = which_children(supervisor).expect("it answers");
    assert!(children.iter().all(|child| child.id == "alike" && child.pid().is_some()));
    let counts = Counts { specs: 1, active: 2, supervisors: 0, workers: 2 };
    assert_eq!(count_children(supervisor), Ok(counts));
    terminate_child(supervisor, children[0].pid().expect("it runs")).expect("there is such a child");
    expect_told(&["-a"]);
    assert_eq!(count_children(supervisor), Ok(Counts { active: 1, workers: 1, ..counts }));
    assert_eq!(terminate_child(supervisor, a), Err(ChildError::NotFound), "that is how it was called before");
    stop_supervisor(supervisor);
    expect_told(&["-b"]);
}

/// One that is not restarted is forgotten.
fn an_end_concerns_nobody_else() {
    for (restart, how) in [(Restart::Transient, How::Normal), (Restart::Temporary, How::Panic)] {
        let supervisor = started(alike(restart));
        let children = ["a", "b", "c"].map(|id| more(supervisor, id));
        send(children[1], &how).expect("it waits");
        let left: Vec<_> =
            children_without(supervisor, children[1]).iter().map(|child| child.pid()).collect();
        assert_eq!(left, [Some(children[0]), Some(children[2])]);
        stop_supervisor(supervisor);
        let mut told = [(); 2].map(|()| receive::<String>().expect("a text"));
        told.sort();
        assert_eq!(told, ["-a", "-c"]);
    }
}

fn what_cannot_be_asked() {
    let supervisor = started(alike(Restart::Permanent));
    let refused = ChildError::SimpleOneForOne;
    let child = Child::new("other", |()| (), ());
    assert_eq!(start_child(supervisor, child), Err(refused.clone()));
    assert_eq!(terminate_child(supervisor, "alike"), Err(refused.clone()));
    assert_eq!(restart_child(supervisor, "alike"), Err(refused.clone()));
    assert_eq!(delete_child(supervisor, "alike"), Err(refused));
    stop_supervisor(supervisor);
    // And the other way round.
    let supervisor = started(Supervisor::new(Strategy::OneForOne));
    assert_eq!(start_child_with(supervisor, &5), Err(ChildError::NotSimpleOneForOne));
    stop_supervisor(supervisor);
}

fn of_others_arguments() {
    let supervisor = started(alike(Restart::Permanent));
    assert_eq!(start_child_with(supervisor, &5), Err(ChildError::OtherArguments));
    expect_nothing_told();
    stop_supervisor(supervisor);
    let bad = Child::entry("bad", "nowhere", 0);
    let supervisor = started(Supervisor::new(Strategy::SimpleOneForOne).child(bad));
    let refused = ChildError::Start(StartError::Refused(flower::SpawnError::NoEntry));
    assert_eq!(start_child_with(supervisor, &5), Err(refused));
    assert_eq!(which_children(supervisor), Ok(vec![]));
    stop_supervisor(supervisor);
}

/// Tells that it is told to end, and does so, or stays until it is told once more.
fn slow(to: Pid, stays: bool) {
    trap_exit(true);
    init_ack();
    let Event::Exit(_) = receive_any() else { panic!("it is told to end") };
    tell(to, "told");
    if stays {
        receive::<()>().expect("a word to go");
    }
    exit(ExitReason::shutdown())
}

fn slow_ones(patience: Duration, stay: &[bool]) -> (Pid, Vec<Pid>) {
    let template = Child::new("slow", slow, (self_pid(), false)).acknowledged(PATIENCE);
    let template = template.shutdown(Shutdown::Timeout(patience));
    let supervisor = started(Supervisor::new(Strategy::SimpleOneForOne).child(template));
    let start =
        |stays: &bool| start_child_with(supervisor, &(self_pid(), *stays)).expect("it can be started");
    (supervisor, stay.iter().map(start).collect())
}

/// All are told before any of them has ended.
fn all_at_once() {
    let (supervisor, children) = slow_ones(PATIENCE, &[true; 100]);
    unlink(supervisor).expect("the host made it");
    stop(supervisor).expect("a starter may");
    expect_told(&["told"; 100]);
    assert!(children.iter().all(|child| send(child, &()).is_ok()));
    end_of(supervisor);
    assert!(children.iter().all(|child| !is_alive(*child)));
}

fn together_too_late() {
    let (supervisor, children) = slow_ones(ms(50), &[true, false, true, false, true]);
    let start = Instant::now();
    stop_supervisor(supervisor);
    assert!(start.elapsed() >= ms(50));
    expect_told(&["told"; 5]);
    assert!(children.iter().all(|child| !is_alive(*child)));
}

/// Restarts count for the supervisor, whichever child they are of.
fn a_storm() {
    fn doomed(to: Pid) {
        tell(to, "doomed");
        end(How::Trap)
    }
    fn storm(to: Pid) {
        let template = Child::new("doomed", doomed, to);
        let supervisor = Supervisor::new(Strategy::SimpleOneForOne).intensity(10).child(template);
        let supervisor = started(supervisor);
        for _ in 0..3 {
            // It may be too late already.
            if start_child_with(supervisor, &to).is_err() {
                break;
            }
        }
        sleep(PATIENCE);
    }
    let starter = spawn(storm, self_pid());
    // The supervisor ends with `Shutdown`, and its starter with it.
    end_of(starter);
    let told = flower::flush();
    assert!((9..=13).contains(&told), "{told} of ten restarts and three starts had time to tell");
}

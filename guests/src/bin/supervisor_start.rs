//! Supervisors start their children in order, tell why one could not be started, and leave nothing of it.

use std::collections::BTreeMap;

use flower::supervisor::{
    AutoShutdown, Child, ChildState, Restart, StartError, Strategy, Supervisor, init_ack, which_children,
};
use flower::{
    Event, ExitReason, Flow, Handler, Pid, SpawnError, is_alive, receive, register, self_pid, send, sleep,
    spawn_handler, spawn_join, unregister, whereis,
};
use flower_guests::supervision::{
    How, child, end_child, expect_nothing_told, expect_told, member, member_spec, stop_supervisor, tell,
};
use flower_guests::{PATIENCE, died, end_of, ms};

fn main() {
    in_order_and_back();
    one_that_the_host_refuses();
    one_that_ends_first();
    one_that_is_not_needed();
    one_that_says_nothing();
    what_is_wrong_with_a_specification();
    names();
    in_the_calling_actor();
    without_waiting();
}

fn one_for_one() -> Supervisor {
    Supervisor::new(Strategy::OneForOne)
}

fn failed(id: &str, error: StartError) -> Result<Pid, StartError> {
    Err(StartError::Child { id: id.to_owned(), error: Box::new(error) })
}

fn in_order_and_back() {
    let children = ["a", "b", "c"].map(member_spec);
    let supervisor = one_for_one().children(children).start_link().expect("all can be started");
    expect_told(&["+a", "+b", "+c"]);
    let ids: Vec<String> =
        which_children(supervisor).expect("it answers").into_iter().map(|c| c.id).collect();
    assert_eq!(ids, ["a", "b", "c"]);
    stop_supervisor(supervisor);
    expect_told(&["-c", "-b", "-a"]);
}

/// Those before it are stopped, those after it never started, and the caller lives, though it does not trap exits.
fn one_that_the_host_refuses() {
    let bad = Child::entry("bad", "nowhere", ());
    let supervisor =
        one_for_one().child(member_spec("a")).child(member_spec("b")).child(bad).child(member_spec("c"));
    assert_eq!(supervisor.start_link(), failed("bad", StartError::Refused(SpawnError::NoEntry)));
    expect_told(&["+a", "+b", "-b", "-a"]);
    expect_nothing_told();
}

fn one_that_ends_first() {
    fn broken((): ()) {
        flower::exit(ExitReason::error("no disk"))
    }
    let bad = Child::new("bad", broken, ()).acknowledged(PATIENCE);
    let supervisor = one_for_one().child(member_spec("a")).child(bad);
    assert_eq!(supervisor.start_link(), failed("bad", StartError::Ended(ExitReason::error("no disk"))));
    expect_told(&["+a", "-a"]);
    // Without an acknowledgement it has started when it was spawned; that it ends is a failure like any other.
    let supervisor = one_for_one().child(Child::new("bad", broken, ()).restart(Restart::Temporary));
    stop_supervisor(supervisor.start_link().expect("it was spawned"));
}

fn one_that_is_not_needed() {
    let unneeded = |id: &str| Child::new(id, |()| (), ()).acknowledged(PATIENCE);
    let supervisor = one_for_one()
        .child(unneeded("permanent"))
        .child(unneeded("temporary").restart(Restart::Temporary))
        .child(member_spec("a"));
    let supervisor = supervisor.start_link().expect("it is no error");
    expect_told(&["+a"]);
    let children = which_children(supervisor).expect("it answers");
    assert_eq!(children.iter().map(|child| child.id.as_str()).collect::<Vec<_>>(), ["permanent", "a"]);
    assert_eq!(children[0].state, ChildState::Stopped);
    stop_supervisor(supervisor);
    expect_told(&["-a"]);
}

fn one_that_says_nothing() {
    fn silent(to: Pid) {
        send(to, &self_pid()).expect("it waits");
        sleep(PATIENCE);
    }
    let silent = Child::new("silent", silent, self_pid()).acknowledged(ms(20));
    assert_eq!(one_for_one().child(silent).start_link(), failed("silent", StartError::NotAcknowledged));
    let silent: Pid = receive().expect("a pid");
    assert!(!is_alive(silent));
}

fn what_is_wrong_with_a_specification() {
    let twice = one_for_one().child(member_spec("a")).child(member_spec("a"));
    assert_eq!(twice.start_link(), failed("a", StartError::DuplicateId));
    let significant =
        one_for_one().auto_shutdown(AutoShutdown::AnySignificant).child(member_spec("a").significant());
    assert_eq!(significant.start_link(), failed("a", StartError::Significant));
    let simple = Supervisor::new(Strategy::SimpleOneForOne);
    assert_eq!(simple.start_link(), Err(StartError::OneTemplate));
    let odd = Child::new("odd", |_: BTreeMap<Option<u8>, u8>| (), BTreeMap::from([(None, 1)]));
    let Err(StartError::Child { id, error }) = one_for_one().child(odd).start_link() else {
        panic!("no error")
    };
    assert!(id == "odd" && matches!(*error, StartError::Arguments(_)), "{error}");
    expect_nothing_told();
}

fn names() {
    let named = || one_for_one().name("top").child(member_spec("a").name("worker"));
    let supervisor = named().start_link().expect("both names are free");
    assert_eq!((whereis("top"), whereis("worker")), (Some(supervisor), Some(child(supervisor, "a"))));
    assert_eq!(named().start_link(), Err(StartError::Refused(SpawnError::NameTaken)));
    // The child that comes in its place has its name.
    end_child(supervisor, "a", How::Error);
    assert_eq!(whereis("worker"), Some(child(supervisor, "a")));
    stop_supervisor(supervisor);
    expect_told(&["+a", "+a", "-a"]);
    assert_eq!((whereis("top"), whereis("worker")), (None, None));

    register("worker", self_pid()).expect("the name is free");
    assert_eq!(named().start_link(), failed("a", StartError::Refused(SpawnError::NameTaken)));
    assert!(unregister("worker"));
    assert_eq!(whereis("top"), None);
}

/// `run` makes an actor that runs already a supervisor.
fn in_the_calling_actor() {
    fn becomes(to: Pid) {
        let child = Child::new("a", member, (to, "a".to_owned())).acknowledged(PATIENCE);
        one_for_one().name("became").child(child).run()
    }
    fn cannot((): ()) {
        one_for_one().child(Child::entry("bad", "nowhere", ())).run()
    }
    fn taken((): ()) {
        one_for_one().name("became").run()
    }
    let supervisor = spawn_join(becomes, self_pid());
    expect_told(&["+a"]);
    assert_eq!(whereis("became"), Some(supervisor.pid()));
    let refused = died(spawn_join(taken, ()).join());
    assert_eq!(refused.value(), Ok(StartError::Refused(SpawnError::NameTaken)), "{refused}");
    flower::stop(supervisor.pid()).expect("a spawner may");
    expect_told(&["-a"]);
    assert_eq!(died(supervisor.join()), ExitReason::shutdown());

    let reason = died(spawn_join(cannot, ()).join());
    let error = failed("bad", StartError::Refused(SpawnError::NoEntry));
    assert!(!reason.is_abnormal());
    assert_eq!(reason.value().map(Err::<Pid, StartError>), Ok(error));
}

/// A handler may not wait, and so starts a supervisor without.
struct Starter;

impl Handler for Starter {
    type Args = Pid;

    fn start(to: Pid) -> Starter {
        let child = Child::new("a", member, (to, "a".to_owned())).acknowledged(PATIENCE);
        let supervisor = one_for_one().child(child).spawn_link().expect("it can be spawned");
        send(to, &supervisor).expect("it waits");
        Starter
    }

    fn handle(&mut self, event: Event) -> Flow {
        match event {
            Event::Message(_) => Flow::Stop,
            _ => Flow::Continue,
        }
    }
}

flower::handler!(Starter);

/// A handler may be a child that acknowledges its start.
struct Ready;

impl Handler for Ready {
    type Args = Pid;

    fn start(to: Pid) -> Ready {
        tell(to, "+handler");
        init_ack();
        Ready
    }

    fn handle(&mut self, _: Event) -> Flow {
        Flow::Continue
    }
}

flower::handler!(Ready);

fn without_waiting() {
    let starter = spawn_handler::<Starter>(self_pid());
    let supervisor: Pid = flower::receive! { supervisor: Pid => supervisor }.expect("a pid");
    expect_told(&["+a"]);
    // Its parent ends normally, which ends a supervisor all the same.
    send(starter, &()).expect("it waits");
    expect_told(&["-a"]);
    end_of(supervisor);

    let ready = Child::handler::<Ready>("handler", self_pid()).acknowledged(PATIENCE);
    let supervisor =
        one_for_one().child(ready).child(member_spec("a")).start_link().expect("both can be started");
    expect_told(&["+handler", "+a"]);
    stop_supervisor(supervisor);
    expect_told(&["-a"]);
}

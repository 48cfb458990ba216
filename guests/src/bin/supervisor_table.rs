//! One cell of the table in `docs/supervisors.md`: the second of three children ends, in the way that the arguments say, and what
//! became of all three is printed.

use std::env;

use flower::supervisor::which_children;
use flower::supervisor::{Child, ChildInfo, ChildState, Restart, Strategy, Supervisor, start_child_with};
use flower::{Event, Flow, Handler, Pid, receive, send};
use flower_guests::supervision::{How, children_without, end, stop_supervisor};

/// A child in the process style.
fn process((): ()) {
    end(receive().expect("how to end"))
}

/// A child in the handler style.
struct Handling;

impl Handler for Handling {
    type Args = ();

    fn start((): ()) -> Handling {
        Handling
    }

    fn handle(&mut self, event: Event) -> Flow {
        match event {
            Event::Message(message) => end(message.decode().expect("how to end")),
            _ => Flow::Continue,
        }
    }
}

flower::handler!(Handling);

fn main() {
    let args: Vec<String> = env::args().skip(1).collect();
    let [strategy, restart, how] = &args[..] else { panic!("strategy, restart and reason are expected") };
    let how: How = serde_json::from_value(how.as_str().into()).expect("a reason");
    let (strategy, restart) = (strategy_of(strategy), restart_of(restart));
    let styles: [fn(&str) -> Child; 2] =
        [|id| Child::new(id, process, ()), |id| Child::handler::<Handling>(id, ())];
    for (name, style) in ["process", "handler"].into_iter().zip(styles) {
        println!("{name}: {}", cell(strategy, how, |id| style(id).restart(restart)));
    }
}

fn strategy_of(name: &str) -> Strategy {
    match name {
        "one_for_one" => Strategy::OneForOne,
        "one_for_all" => Strategy::OneForAll,
        "rest_for_one" => Strategy::RestForOne,
        "simple_one_for_one" => Strategy::SimpleOneForOne,
        other => panic!("`{other}` is no strategy"),
    }
}

fn restart_of(name: &str) -> Restart {
    match name {
        "permanent" => Restart::Permanent,
        "transient" => Restart::Transient,
        "temporary" => Restart::Temporary,
        other => panic!("`{other}` is no restart"),
    }
}

fn cell(strategy: Strategy, how: How, spec: impl Fn(&str) -> Child) -> String {
    let alike = strategy == Strategy::SimpleOneForOne;
    let ids: &[&str] = if alike { &["alike"] } else { &["first", "second", "third"] };
    let supervisor = Supervisor::new(strategy).children(ids.iter().map(|id| spec(id))).start_link();
    let supervisor = supervisor.expect("all can be started");
    if alike {
        for _ in 0..3 {
            start_child_with(supervisor, &()).expect("it can be started");
        }
    }
    let before: Vec<Pid> =
        which_children(supervisor).expect("it answers").iter().filter_map(ChildInfo::pid).collect();
    send(before[1], &how).expect("it waits");
    let after = children_without(supervisor, before[1]);
    stop_supervisor(supervisor);
    describe(&before, &after)
}

/// Children that are all alike are told apart by their place: of those that are gone there is only the second.
fn describe(before: &[Pid], after: &[ChildInfo]) -> String {
    let place = |at: usize| if after.len() == 3 { Some(at) } else { [Some(0), None, Some(1)][at] };
    let words = (0..3).map(|at| match place(at).map(|place| after[place].state) {
        None => "gone",
        Some(ChildState::Running(pid)) if pid == before[at] => "same",
        Some(ChildState::Running(_)) => "new",
        Some(ChildState::Restarting) => "restarting",
        Some(ChildState::Stopped) => "stopped",
    });
    words.collect::<Vec<_>>().join(", ")
}

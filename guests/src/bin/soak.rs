//! Actors by the thousand that end in every way there is: the first argument says how many. What they
//! leave behind is looked for in the host; each end is checked here.

use std::collections::HashMap;
use std::hint::black_box;
use std::time::Duration;

use flower::{
    CallError, Down, Event, ExitReason, ExitSignal, Flow, Handler, MonitorRef, Pid, Raw, Spawn, after, call,
    exit, interval, kill, receive, register, self_pid, send, sleep, spawn, spawn_join, spawn_monitor,
    trap_exit,
};
use flower_guests::{PATIENCE, wait_for_ever};

/// Ways to end; as many actors live at once for each driver.
const WAYS: u64 = 16;

/// Actors that spawn the others.
const DRIVERS: u64 = 4;

/// Later than the end of any actor here.
const NEVER: Duration = Duration::from_secs(3600);

fn main() {
    let count: u64 = std::env::args().nth(1).expect("how many").parse().expect("a number");
    let bursts = count.div_ceil(DRIVERS * WAYS);
    let drivers: Vec<_> = (0..DRIVERS).map(|_| spawn_join(drive, bursts)).collect();
    for driver in drivers {
        assert_eq!(driver.join(), Ok(()));
    }
}

fn drive(bursts: u64) {
    trap_exit(true);
    for _ in 0..bursts {
        burst();
    }
}

/// One actor of each way, and the end of each.
fn burst() {
    let mut expected: HashMap<MonitorRef, u64> = (0..WAYS).map(|way| (begin(way), way)).collect();
    while !expected.is_empty() {
        let down: Down = receive().expect("a monitor tells of the end");
        let way = expected.remove(&down.monitor).expect("each ends once");
        assert!(is_end_of(way, &down.reason), "way {way}: {}", down.reason);
    }
    let linked: ExitSignal = receive().expect("a link tells of the end");
    assert_eq!(linked.reason, ExitReason::error("linked"));
}

fn begin(way: u64) -> MonitorRef {
    match way {
        0 => spawn_monitor(panics, ()).1,
        1 => spawn_monitor(aborts, ()).1,
        2 => spawn_monitor(fails, ()).1,
        3 => killed(spawn_monitor(wait_for_ever_after, ())),
        4 => flooded(spawn_monitor(wait_for_ever_after, ())),
        5 => asked(spawn_monitor(leaves_a_question_open, ())),
        6 => spawn_monitor(leaves_timers, ()).1,
        7 => spawn_monitor(sleeps, ()).1,
        8 => spawn_monitor(grows, ()).1,
        9 => spawn_monitor(is_named, ()).1,
        10 => spawn_monitor(leaves_a_child, ()).1,
        11 => Spawn::new(linked, ()).link().spawn_monitor().expect("there is room").1,
        12 => counted(Spawn::handler::<Counter>(3).spawn_monitor().expect("there is room")),
        13 => killed(Spawn::handler::<Counter>(9).spawn_monitor().expect("there is room")),
        _ => spawn_monitor(|n: u64| black_box(n), way).1,
    }
}

fn is_end_of(way: u64, reason: &ExitReason) -> bool {
    match way {
        0 => matches!(reason, ExitReason::Panic { .. }),
        1 => matches!(reason, ExitReason::Trap { .. }),
        2 | 11 => matches!(reason, ExitReason::Error(_)),
        3 | 4 | 13 => *reason == ExitReason::Killed,
        _ => matches!(reason, ExitReason::Normal(_)),
    }
}

fn panics((): ()) {
    panic!("on purpose")
}

fn aborts((): ()) {
    std::process::abort()
}

fn fails((): ()) {
    exit(ExitReason::error("on purpose"))
}

fn wait_for_ever_after((): ()) {
    wait_for_ever()
}

fn killed((pid, monitor): (Pid, MonitorRef)) -> MonitorRef {
    kill(pid).expect("the pid has all rights");
    monitor
}

/// Ends with messages that it never took.
fn flooded((pid, monitor): (Pid, MonitorRef)) -> MonitorRef {
    let large = Raw(vec![7; 4096]);
    for n in 0..32_u32 {
        send(pid, &n).expect("it waits");
        send(pid, &large).expect("there is room");
    }
    killed((pid, monitor))
}

fn asked((pid, monitor): (Pid, MonitorRef)) -> MonitorRef {
    let answer: Result<(), CallError> = call(pid, &(), PATIENCE);
    assert!(matches!(answer, Err(CallError::Died(_))), "{answer:?}");
    monitor
}

fn leaves_a_question_open((): ()) {
    let _question: flower::Request<()> = receive().expect("a question");
}

fn leaves_timers((): ()) {
    for _ in 0..4 {
        after(NEVER).expect("there is room");
    }
    interval(NEVER, self_pid(), &()).expect("there is room");
}

fn sleeps((): ()) {
    sleep(Duration::from_micros(20));
}

fn grows((): ()) {
    black_box(vec![1_u8; 1 << 20]);
}

fn is_named((): ()) {
    register(&format!("soak {:?}", self_pid()), self_pid()).expect("nobody else has that name");
}

/// The child is not waited for by anybody.
fn leaves_a_child((): ()) {
    spawn(|| sleep(Duration::from_micros(10)), ());
}

fn linked((): ()) {
    exit(ExitReason::error("linked"))
}

/// Counts down its messages, and ends at zero.
struct Counter(u32);

impl Handler for Counter {
    type Args = u32;

    fn start(from: u32) -> Counter {
        Counter(from)
    }

    fn handle(&mut self, event: Event) -> Flow {
        let Event::Message(_) = event else { panic!("{event:?}") };
        self.0 -= 1;
        if self.0 == 0 { Flow::Stop } else { Flow::Continue }
    }
}

flower::handler!(Counter);

/// Ends by itself after three messages.
fn counted((pid, monitor): (Pid, MonitorRef)) -> MonitorRef {
    for n in 0..3_u32 {
        send(pid, &n).expect("it waits");
    }
    monitor
}

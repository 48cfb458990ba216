//! Backoff: the times at which a child that keeps failing is started; exact in virtual time.

use std::time::Duration;

use flower::supervisor::{
    Backoff, Child, ChildState, Strategy, Supervisor, count_children, restart_child, terminate_child,
    which_children,
};
use flower::{Instant, Pid, receive, self_pid, send, sleep};
use flower_guests::ms;
use flower_guests::supervision::{How, end, end_child, expect_told, member_spec, stop_supervisor};

fn main() {
    the_waits_double();
    a_long_life_is_forgiven();
    a_group_waits_stopped();
    a_wait_can_be_given_up();
}

/// Tells when it was started, lives so long, and fails.
fn mortal(to: Pid, life: Duration) {
    send(to, &life).expect("it waits");
    sleep(life);
    end(How::Error)
}

fn supervise(life: Duration) -> Pid {
    let supervisor = Supervisor::new(Strategy::OneForOne).intensity(100).quiet();
    let supervisor = supervisor.backoff(Backoff::new(ms(10), ms(60)).reset_after(ms(200)));
    let supervisor = supervisor.child(Child::new("mortal", mortal, (self_pid(), life)));
    supervisor.start_link().expect("it can be started")
}

/// Prints how many milliseconds lay between so many starts.
fn print_waits(name: &str, starts: u32) {
    let mut last: Option<Instant> = None;
    for _ in 0..starts {
        receive::<Duration>().expect("a start");
        let now = Instant::now();
        if let Some(last) = last {
            println!("{name}: {} ms", (now - last).as_millis());
        }
        last = Some(now);
    }
}

fn the_waits_double() {
    let supervisor = supervise(Duration::ZERO);
    print_waits("it fails at once", 7);
    stop_supervisor(supervisor);
    flower::flush();
}

fn a_long_life_is_forgiven() {
    let supervisor = supervise(ms(150));
    print_waits("it lives for 150 ms", 4);
    stop_supervisor(supervisor);
    flower::flush();
    let supervisor = supervise(ms(200));
    print_waits("it lives for 200 ms", 4);
    stop_supervisor(supervisor);
    flower::flush();
}

/// Those that are restarted with it are stopped at once, and started when its time has come.
fn a_group_waits_stopped() {
    let supervisor = Supervisor::new(Strategy::OneForAll).backoff(Backoff::new(ms(500), ms(500)));
    let supervisor =
        supervisor.children(["a", "b", "c"].map(member_spec)).start_link().expect("all can be started");
    expect_told(&["+a", "+b", "+c"]);
    let children = end_child(supervisor, "b", How::Error);
    expect_told(&["-c", "-a"]);
    let states: Vec<ChildState> = children.iter().map(|child| child.state).collect();
    assert_eq!(states, [ChildState::Stopped, ChildState::Restarting, ChildState::Stopped]);
    expect_told(&["+a", "+b", "+c"]);
    assert_eq!(count_children(supervisor).map(|counts| counts.active), Ok(3));
    stop_supervisor(supervisor);
    expect_told(&["-c", "-b", "-a"]);
}

fn a_wait_can_be_given_up() {
    let wait = Duration::from_secs(3600);
    let supervisor = Supervisor::new(Strategy::OneForOne).intensity(9).backoff(Backoff::new(wait, wait));
    let supervisor = supervisor.child(member_spec("a"));
    let supervisor = supervisor.start_link().expect("it can be started");
    let state = || which_children(supervisor).expect("it answers")[0].state;
    end_child(supervisor, "a", How::Error);
    assert_eq!(state(), ChildState::Restarting);
    terminate_child(supervisor, "a").expect("there is such a child");
    assert_eq!(state(), ChildState::Stopped);
    restart_child(supervisor, "a").expect("it can be started");
    end_child(supervisor, "a", How::Error);
    // A supervisor does not wait for what it would only stop.
    stop_supervisor(supervisor);
    expect_told(&["+a", "+a"]);
}

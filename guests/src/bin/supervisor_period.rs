//! The period in virtual time: a restart that is exactly as old counts, one that is a nanosecond older does not.

use std::time::Duration;

use flower::supervisor::{Strategy, Supervisor};
use flower::{Down, ExitReason, Pid, is_alive, monitor, receive, send, sleep, unlink};
use flower_guests::supervision::{How, child, end_child, expect_told, member_spec, stop_supervisor};

const PERIOD: Duration = Duration::from_secs(5);

fn main() {
    for restarts in [1, 3] {
        exactly_a_period(restarts);
        a_nanosecond_more(restarts);
    }
    forever_at_the_pace();
}

fn supervise(intensity: u32) -> Pid {
    let supervisor =
        Supervisor::new(Strategy::OneForOne).intensity(intensity).period(PERIOD).child(member_spec("a"));
    let supervisor = supervisor.start_link().expect("it can be started");
    unlink(supervisor).expect("the host made it");
    expect_told(&["+a"]);
    supervisor
}

/// Restarts the child so many times, at once.
fn fail(supervisor: Pid, times: u32) {
    for _ in 0..times {
        end_child(supervisor, "a", How::Error);
        expect_told(&["+a"]);
    }
}

fn exactly_a_period(restarts: u32) {
    let supervisor = supervise(restarts);
    fail(supervisor, restarts);
    sleep(PERIOD);
    monitor(supervisor).expect("it may be monitored");
    send(child(supervisor, "a"), &How::Error).expect("it waits");
    let down: Down = receive().expect("a monitor tells of the end");
    assert_eq!(down.reason, ExitReason::shutdown());
}

fn a_nanosecond_more(restarts: u32) {
    let supervisor = supervise(restarts);
    fail(supervisor, restarts);
    sleep(PERIOD + Duration::from_nanos(1));
    fail(supervisor, restarts);
    assert!(is_alive(supervisor));
    stop_supervisor(supervisor);
    expect_told(&["-a"]);
}

/// As often as is allowed, for a day.
fn forever_at_the_pace() {
    let supervisor = supervise(2);
    for _ in 0..1000 {
        fail(supervisor, 2);
        sleep(PERIOD + Duration::from_nanos(1));
    }
    stop_supervisor(supervisor);
    expect_told(&["-a"]);
}

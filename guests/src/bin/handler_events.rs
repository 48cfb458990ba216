//! What a process waits for comes to a handler as an event: answers, ends, timers, exits.

use flower::{
    CallError, Event, ExitReason, Flow, Handler, MonitorRef, Pid, RequestRef, TimerRef, after, cancel_timer,
    exit, link, monitor, receive, receive_request, send, sleep, spawn, spawn_handler, start_request, stop,
    tick, trap_exit,
};
use flower_guests::{ms, wait_for_ever};
use serde::{Deserialize, Serialize};

/// What the handler is asked to wait for.
#[derive(Serialize, Deserialize)]
enum Wait {
    Answer(Pid, u64),
    End(Pid),
    Link(Pid),
    Timer(u64),
    Ticks(u64),
}

/// Tells its parent of everything that it waited for.
struct Waiter {
    parent: Pid,
    request: Option<RequestRef>,
    monitor: Option<MonitorRef>,
    timer: Option<TimerRef>,
    ticker: Option<(TimerRef, u32)>,
}

impl Handler for Waiter {
    type Args = ();

    fn start((): ()) -> Waiter {
        trap_exit(true);
        let parent = flower::parent().expect("a parent");
        Waiter { parent, request: None, monitor: None, timer: None, ticker: None }
    }

    fn handle(&mut self, event: Event) -> Flow {
        match event {
            Event::Message(message) => self.begin(message.decode().expect("something to wait for")),
            Event::Answer(answer) => {
                assert_eq!(self.request.take(), Some(answer.request));
                self.tell(match answer.decode::<u32>() {
                    Ok(number) => format!("answer {number}"),
                    Err(CallError::Died(reason)) => format!("callee died: {reason}"),
                    Err(error) => format!("no answer: {error:?}"),
                });
            }
            Event::Down(down) => {
                assert_eq!(self.monitor.take(), Some(down.monitor));
                self.tell(format!("down: {}", down.reason));
            }
            Event::Exit(signal) => self.tell(format!("exit: {}", signal.reason)),
            Event::Timer(fired) => self.fired(fired),
            other => panic!("{other:?}"),
        }
        Flow::Continue
    }
}

impl Waiter {
    fn begin(&mut self, wait: Wait) {
        match wait {
            Wait::Answer(whom, timeout) => {
                self.request = Some(start_request(whom, "?", ms(timeout)).expect("it is asked"));
            }
            Wait::End(whom) => self.monitor = Some(monitor(whom).expect("it may be monitored")),
            Wait::Link(whom) => link(whom).expect("it was handed over with all rights"),
            Wait::Timer(delay) => self.timer = Some(after(ms(delay)).expect("a timer is free")),
            Wait::Ticks(period) => self.ticker = Some((tick(ms(period)).expect("a timer is free"), 0)),
        }
    }

    fn fired(&mut self, timer: TimerRef) {
        if self.timer == Some(timer) {
            return self.tell("timer".to_owned());
        }
        let (ticker, count) = self.ticker.as_mut().expect("one of the two");
        assert_eq!(*ticker, timer);
        *count += 1;
        if *count == 3 {
            assert!(cancel_timer(timer));
            self.tell("three ticks".to_owned());
        }
    }

    fn tell(&self, what: String) {
        send(self.parent, &what).expect("it waits");
    }
}

flower::handler!(Waiter);

/// Takes a question, and answers with a number, or dies if that is 0, or is silent if there is none.
fn callee(answer: Option<u32>) {
    let (_, reply) = receive_request::<String>().expect("a question");
    match answer {
        Some(0) => exit(ExitReason::error("zero")),
        Some(number) => reply.send(&number).expect("somebody waits"),
        None => wait_for_ever(),
    }
}

fn fails_soon((): ()) {
    sleep(ms(5));
    exit(ExitReason::error(&9))
}

fn main() {
    let waiter = spawn_handler::<Waiter>(());
    let expect = |wait: Wait, expected: &str| {
        send(waiter, &wait).expect("it waits");
        assert_eq!(receive(), Ok(expected.to_owned()));
    };
    expect(Wait::Answer(spawn(callee, Some(5)), 10_000), "answer 5");
    expect(Wait::Answer(spawn(callee, Some(0)), 10_000), "callee died: error: \"zero\"");
    expect(Wait::Answer(spawn(callee, None), 10), "no answer: Timeout");
    expect(Wait::End(spawn(|()| sleep(ms(5)), ())), "down: normal");
    expect(Wait::Link(spawn(fails_soon, ())), "exit: error: 9");
    expect(Wait::Timer(5), "timer");
    expect(Wait::Ticks(5), "three ticks");
    assert_eq!(stop(waiter), Ok(true), "it is still there");
}

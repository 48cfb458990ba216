//! A handler ends as it likes, or when it is stopped or killed; what came too late is refused.

use flower::{
    Event, ExitReason, Flow, Handler, JoinHandle, SendError, Spawn, exit, kill, send, stop, trap_stop,
};
use flower_guests::{died, end_of};

/// Counts its messages until it is told how to end.
struct Ender {
    traps_stop: bool,
    seen: u32,
}

impl Handler for Ender {
    type Args = bool;

    fn start(traps_stop: bool) -> Ender {
        trap_stop(traps_stop);
        Ender { traps_stop, seen: 0 }
    }

    fn handle(&mut self, event: Event) -> Flow {
        match event {
            Event::Stop => {
                assert!(self.traps_stop);
                exit(ExitReason::normal(&self.seen))
            }
            Event::Message(message) => match message.decode::<String>().as_deref() {
                Ok("stop") => return Flow::Stop,
                Ok("fail") => exit(ExitReason::error(&self.seen)),
                Ok("panic") => panic!("after {}", self.seen),
                Ok("spin") => loop {
                    std::hint::spin_loop();
                },
                _ => self.seen += 1,
            },
            other => panic!("{other:?}"),
        }
        Flow::Continue
    }
}

flower::handler!(Ender);

fn start(traps_stop: bool) -> JoinHandle<u32> {
    let ender = Spawn::handler::<Ender>(traps_stop).returning().spawn_join().expect("there is room");
    (0..3).for_each(|_| send(&ender, "count").expect("it waits"));
    ender
}

fn tell(word: &str) -> JoinHandle<u32> {
    let ender = start(false);
    send(&ender, word).expect("it waits");
    ender
}

fn main() {
    by_itself();
    stopped();
    killed();
    nothing_after_the_end();
}

fn by_itself() {
    let stopped = tell("stop");
    assert!(!end_of(stopped.pid()).is_abnormal());
    assert_eq!(died(tell("fail").join()), ExitReason::error(&3));
    let reason = died(tell("panic").join());
    assert!(matches!(&reason, ExitReason::Panic { message, .. } if message == "after 3"), "{reason}");
}

fn stopped() {
    let plain = start(false);
    assert_eq!(stop(plain.pid()), Ok(true));
    assert_eq!(died(plain.join()), ExitReason::shutdown());
    let trapping = start(true);
    assert_eq!(stop(trapping.pid()), Ok(true));
    assert_eq!(trapping.join(), Ok(3), "after what was sent before");
}

fn killed() {
    let idle = start(false);
    kill(idle.pid()).expect("a spawner may");
    assert_eq!(died(idle.join()), ExitReason::Killed);
    let endless = tell("spin");
    (0..3).for_each(|_| flower::yield_now());
    kill(endless.pid()).expect("a spawner may");
    assert_eq!(died(endless.join()), ExitReason::Killed);
}

fn nothing_after_the_end() {
    let ender = tell("stop");
    // Sent behind the word to stop, so it is not handled, whether it was refused or not.
    let _late = send(&ender, "panic");
    assert!(!end_of(ender.pid()).is_abnormal());
    assert_eq!(send(&ender, "count"), Err(SendError::NoActor));
    assert_eq!(flower::mailbox_len(), 0);
}

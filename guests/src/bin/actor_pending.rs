//! P6, P15, A15: deferred answers are joined in order, mapped, filtered, reduced, and given deadlines.

use flower::{CallError, Event, ExitReason, Flow, Pending, RequestRef, receive, send};
use flower_guests::{PATIENCE, ms};

/// Computes, and answers each call in its own time.
struct Slow {
    delay: u64,
}

#[flower::actor(process)]
impl Slow {
    fn init(delay: u64) -> Self {
        Slow { delay }
    }

    fn same(&self, n: i64) -> i64 {
        flower::sleep(ms(self.delay));
        n
    }

    fn range(&self, from: i64, to: i64) -> Vec<i64> {
        (from..to).collect()
    }

    fn never(&self) -> i64 {
        flower_guests::wait_for_ever();
        0
    }

    fn fail(&self) -> i64 {
        flower::exit(ExitReason::error("failed"))
    }
}

/// A handler, which may not wait, asks an actor and tells what came.
struct Asker {
    asked: Option<RequestRef>,
}

#[flower::actor]
impl Asker {
    fn init(slow: SlowClient) -> Self {
        let asked = slow.same(5).timeout(PATIENCE).start().expect("it lives");
        Asker { asked: Some(asked) }
    }

    fn handle_info(&mut self, event: Event) -> Flow {
        let Event::Answer(answer) = event else { panic!("{event:?}") };
        assert_eq!(self.asked.take(), Some(answer.request));
        let parent = flower::parent().expect("it has one");
        send(parent, &answer.decode::<i64>().expect("an answer")).expect("it waits");
        Flow::Stop
    }
}

fn main() {
    p6_in_order();
    p15_pipelines();
    a15_with_a_failure();
    deadlines();
    a_handler_asks();
}

fn p6_in_order() {
    // The first answers last.
    let slow = [20, 10, 0].map(Slow::spawn);
    let pending = (0..).zip(&slow).map(|(n, slow)| slow.same(n).defer());
    let mut all = Pending::all(pending);
    assert_eq!(all.wait_timeout(ms(0)), Err(CallError::Timeout));
    assert_eq!((all.get().cloned(), all.get().cloned()), (Ok(vec![0, 1, 2]), Ok(vec![0, 1, 2])));
    assert_eq!(all.poll(), Some(Ok(vec![0, 1, 2])));
    assert_eq!(all.poll(), Some(Err(CallError::Taken)));
}

fn p15_pipelines() {
    let slow = Slow::spawn(0);
    assert_eq!(slow.same(30).defer().map(|n| n + 10).wait(), Ok(40));
    assert_eq!(Pending::all((1..=3).map(|n| slow.same(n).defer())).wait(), Ok(vec![1, 2, 3]));
    assert_eq!(slow.range(5, 15).defer().filter(|n| *n > 10).wait(), Ok(vec![11, 12, 13, 14]));
    assert_eq!(slow.range(1, 4).defer().reduce(5, |sum, n| sum + n).wait(), Ok(11));
    assert_eq!(slow.range(0, 0).defer().reduce(5, |sum, n| sum + n).wait(), Ok(5));
    let both = slow.same(1).defer().and(slow.range(0, 2).defer());
    assert_eq!(both.wait(), Ok((1, vec![0, 1])));
}

fn a15_with_a_failure() {
    let slow = [0, 0, 0].map(Slow::spawn);
    let ask = || [slow[0].same(1).defer(), slow[1].fail().defer(), slow[2].same(3).defer()];
    let failed = Err(CallError::Died(ExitReason::error("failed")));
    assert_eq!(Pending::settled(ask()).wait(), Ok(vec![Ok(1), failed, Ok(3)]));
    assert_eq!(Pending::all(ask()).wait(), Err(CallError::NoActor));
}

fn deadlines() {
    let slow = Slow::spawn(0);
    let never = slow.never().defer().within(ms(10));
    let begin = flower::Instant::now();
    assert_eq!(never.map(|n| n + 1).wait(), Err(CallError::Timeout));
    assert!(begin.elapsed() >= ms(10));
    let (busy, silent) = (slow.same(1).defer(), slow.never().timeout(ms(10)).defer());
    assert_eq!(busy.and(silent).within(ms(5)).wait(), Err(CallError::Timeout));
    flower::kill(slow.pid()).expect("a spawner may");
}

fn a_handler_asks() {
    let (asker, monitor) = Asker::spawn_monitor(Slow::spawn(1));
    assert_eq!(receive(), Ok(5_i64));
    let down: flower::Down = receive().expect("it ends");
    assert_eq!((down.monitor, down.pid), (monitor, asker.pid()));
}

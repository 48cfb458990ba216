//! Ends: P9, P11, A12; values, codes, panics, traps, limits, kills, stops and exit signals.
//!
//! `docs/links-and-monitors.md` has the tables whose cells are tested here by name.

use flower_host::{Status, Style};

use crate::puppet::{Cmd, Seen, Stage, Wait, Who, Why, play};
use crate::support::{Guest, Mode, guest_tests};

guest_tests! {
    exit_code,
    exit_kill,
    exit_memory,
    exit_out_of_time,
    exit_panic,
    exit_signal,
    exit_stack,
    exit_stop,
    exit_trap,
    exit_trap_stop,
    exit_values,
}

/// The reason of the main actor, in words, when its code is this.
#[track_caller]
fn expect_reason(code: &str, parts: &[&str]) {
    let text = format!(r#"(module (memory (export "memory") 1) (func $f (export "_start") {code}))"#);
    for mode in [Mode::Deterministic, Mode::Threads] {
        let reason = Guest::wat("ending", &text).run(mode).reason().to_string();
        assert!(parts.iter().all(|part| reason.contains(part)), "{parts:?} are not in {reason:?}");
    }
}

#[test]
fn every_trap_says_what_happened() {
    expect_reason("unreachable", &["trap: ", "unreachable"]);
    expect_reason("(drop (i32.load (i32.const -4)))", &["trap: ", "out of bounds memory"]);
    expect_reason("(drop (i32.div_u (i32.const 1) (i32.const 0)))", &["trap: ", "divide by zero"]);
    expect_reason("(drop (i32.div_s (i32.const 0x80000000) (i32.const -1)))", &["trap: ", "overflow"]);
    expect_reason("(drop (i32.trunc_f32_s (f32.const nan)))", &["trap: ", "integer"]);
    expect_reason("(call $f) (call $f)", &["limit: ", "stack"]);
}

#[test]
fn a_normal_end_has_no_more_to_say() {
    expect_reason("", &["normal"]);
}

/// Makes a test for each cell of a row: how an actor ends, what does it, and the reason that is told.
macro_rules! ends {
    ($($name:ident: $end:expr => $why:expr;)*) => {$(
        mod $name {
            use super::*;

            #[test]
            fn seen_by_a_link() {
                ends(super::seen_by_a_link, $end, $why);
            }

            #[test]
            fn seen_by_a_link_that_traps() {
                ends(super::seen_by_a_link_that_traps, $end, $why);
            }

            #[test]
            fn seen_by_a_monitor() {
                ends(super::seen_by_a_monitor, $end, $why);
            }

            #[test]
            fn seen_by_a_joiner() {
                ends(super::seen_by_a_joiner, $end, $why);
            }
        }
    )*};
}

ends! {
    end_by_return: |me: Who, _: Who| (me, Cmd::Return) => Why::NORMAL;
    end_by_exit_normal: |me: Who, _: Who| (me, Cmd::Exit(Why::normal(7))) => Why::normal(7);
    end_by_exit_shutdown: |me: Who, _: Who| (me, Cmd::Exit(Why::shutdown(7))) => Why::shutdown(7);
    end_by_exit_error: |me: Who, _: Who| (me, Cmd::Exit(Why::error(7))) => Why::error(7);
    end_by_trap: |me: Who, _: Who| (me, Cmd::Trap) => Why::TRAP;
    end_by_host_error: |me: Who, _: Who| (me, Cmd::HostError) => Why::HOST_ERROR;
    end_by_stop: |me: Who, other: Who| (other, Cmd::Stop(me)) => Why::shutdown(0);
    end_by_exit_signal: |me: Who, other: Who| (other, Cmd::ExitSignal(me, Why::error(8))) => Why::error(8);
    end_by_kill: |me: Who, other: Who| (other, Cmd::Kill(me)) => Why::KILLED;
    end_by_normal_signal_of_its_own: |me: Who, _: Who| (me, Cmd::ExitSignal(me, Why::normal(9))) => Why::normal(9);
}

/// Somebody who ends, somebody who may have to do with it, and somebody who watches.
fn ends(
    check: impl AsyncFn(&mut Stage, [Who; 3], (Who, Cmd), Why),
    end: impl Fn(Who, Who) -> (Who, Cmd),
    why: Why,
) {
    play(async |stage, style| {
        let cast @ [me, other, _] = stage.enter_all(style);
        check(stage, cast, end(me, other), why).await;
        assert!(!stage.is_alive(me));
    });
}

async fn seen_by_a_link(stage: &mut Stage, [me, _, link]: [Who; 3], (who, end): (Who, Cmd), why: Why) {
    let watch = stage.enter(Style::Process);
    stage.play(watch, &[Cmd::Monitor(link, 1)]).await;
    stage.play(link, &[Cmd::Link(me)]).await;
    stage.tell(who, &[end]);
    let seen = stage.settle().await.remove(&watch).unwrap_or_default();
    let told = if why.is_normal() { vec![] } else { vec![Seen::Down(1, link, why)] };
    assert_eq!((seen, stage.is_alive(link)), (told, why.is_normal()));
}

async fn seen_by_a_link_that_traps(
    stage: &mut Stage,
    [me, _, link]: [Who; 3],
    (who, end): (Who, Cmd),
    why: Why,
) {
    stage.play(link, &[Cmd::TrapExit(true), Cmd::Link(me)]).await;
    stage.tell(who, &[end]);
    assert_eq!(stage.settle().await[&link], [Seen::Exit(me, why)]);
}

async fn seen_by_a_monitor(stage: &mut Stage, [me, _, watch]: [Who; 3], (who, end): (Who, Cmd), why: Why) {
    stage.play(watch, &[Cmd::Monitor(me, 1)]).await;
    stage.tell(who, &[end]);
    assert_eq!(stage.settle().await[&watch], [Seen::Down(1, me, why)]);
}

/// One that is parked, and one that looks later; only a process can do either.
async fn seen_by_a_joiner(stage: &mut Stage, [me, _, _]: [Who; 3], (who, end): (Who, Cmd), why: Why) {
    let [parked, late] = stage.enter_all(Style::Process);
    let looks = Cmd::Join(1, Wait::Look);
    let not_yet = stage.play(late, &[Cmd::Hold(me, 1), looks]).await;
    assert_eq!(not_yet[1], Seen::Did(looks, Status::TIMED_OUT.0.into()));
    stage.play(parked, &[Cmd::Hold(me, 1)]).await;
    stage.tell(parked, &[Cmd::Join(1, Wait::Park)]);
    stage.tell(who, &[end]);
    assert_eq!(stage.settle().await[&parked], [Seen::Joined(1, me, why)]);
    let twice = stage.play(late, &[looks, looks]).await;
    let gone = Seen::Did(looks, Status::NO_REFERENCE.0.into());
    assert_eq!(twice, [Seen::Joined(1, me, why), gone]);
}

/// Makes a test for each cell of a row: an exit signal of another, or of its own, to one that traps or does not.
macro_rules! signals {
    ($($name:ident: $signal:expr => $without_trap:expr, $with_trap:expr;)*) => {$(
        mod $name {
            use super::*;

            #[test]
            fn without_trap() {
                signalled(false, $signal, $without_trap);
            }

            #[test]
            fn with_trap() {
                signalled(true, $signal, $with_trap);
            }
        }
    )*};
}

/// What becomes of the receiver of a signal.
#[derive(Clone, Copy)]
enum Outcome {
    /// It notices nothing.
    Ignored,
    /// It ends for this reason.
    Ends(Why),
    /// It sees a message with this reason.
    Message(Why),
}

signals! {
    signal_normal_of_another: |to, other| (other, Cmd::ExitSignal(to, Why::normal(1)))
        => Outcome::Ignored, Outcome::Message(Why::normal(1));
    signal_shutdown_of_another: |to, other| (other, Cmd::ExitSignal(to, Why::shutdown(2)))
        => Outcome::Ends(Why::shutdown(2)), Outcome::Message(Why::shutdown(2));
    signal_error_of_another: |to, other| (other, Cmd::ExitSignal(to, Why::error(3)))
        => Outcome::Ends(Why::error(3)), Outcome::Message(Why::error(3));
    kill_of_another: |to, other| (other, Cmd::Kill(to))
        => Outcome::Ends(Why::KILLED), Outcome::Ends(Why::KILLED);
    signal_normal_of_its_own: |to, _| (to, Cmd::ExitSignal(to, Why::normal(4)))
        => Outcome::Ends(Why::normal(4)), Outcome::Message(Why::normal(4));
    signal_shutdown_of_its_own: |to, _| (to, Cmd::ExitSignal(to, Why::shutdown(5)))
        => Outcome::Ends(Why::shutdown(5)), Outcome::Message(Why::shutdown(5));
    signal_error_of_its_own: |to, _| (to, Cmd::ExitSignal(to, Why::error(6)))
        => Outcome::Ends(Why::error(6)), Outcome::Message(Why::error(6));
    kill_of_its_own: |to, _| (to, Cmd::Kill(to))
        => Outcome::Ends(Why::KILLED), Outcome::Ends(Why::KILLED);
}

/// The signal is one half of the sender's command; the other half is one that nobody does who has ended.
fn signalled(traps: bool, signal: impl Fn(Who, Who) -> (Who, Cmd), outcome: Outcome) {
    play(async |stage, style| {
        let [to, other, watch] = stage.enter_all(style);
        stage.play(watch, &[Cmd::Monitor(to, 1)]).await;
        stage.play(to, &[Cmd::TrapExit(traps)]).await;
        let (from, signal) = signal(to, other);
        stage.tell(from, &[signal, Cmd::Unlink(other)]);
        let mut seen = stage.settle().await;
        let down = seen.remove(&watch).unwrap_or_default();
        let by_receiver = seen.remove(&to).unwrap_or_default();
        let went_on = [Seen::Did(signal, 0), Seen::Did(Cmd::Unlink(other), 0)];
        let own = if from == to { &went_on[..] } else { &[] };
        match outcome {
            Outcome::Ignored => assert_eq!((down, by_receiver), (vec![], own.to_vec())),
            Outcome::Ends(why) => assert_eq!((down, by_receiver), (vec![Seen::Down(1, to, why)], vec![])),
            Outcome::Message(why) => {
                assert_eq!((down, by_receiver), (vec![], [own, &[Seen::Exit(from, why)]].concat()));
            }
        }
    });
}

#[test]
fn signals_to_the_dead_are_accepted() {
    play(async |stage, style| {
        let [dead, sender] = stage.enter_all(style);
        stage.tell(dead, &[Cmd::Return]);
        stage.settle().await;
        let signals = [Cmd::ExitSignal(dead, Why::error(1)), Cmd::Kill(dead)];
        assert_eq!(stage.play(sender, &signals).await, signals.map(|signal| Seen::Did(signal, 0)));
        let stop = stage.play(sender, &[Cmd::Stop(dead)]).await;
        assert_eq!(stop, [Seen::Did(Cmd::Stop(dead), Status::NO_ACTOR.0.into())]);
    });
}

#[test]
fn signals_reach_who_never_waits() {
    play(async |stage, style| {
        for (end, why) in [(None, Why::KILLED), (Some(Why::error(5)), Why::error(5))] {
            let [busy, sender] = stage.enter_all(style);
            stage.play(sender, &[Cmd::Monitor(busy, 1)]).await;
            stage.tell(busy, &[Cmd::Loop]);
            let signal = end.map_or(Cmd::Kill(busy), |why| Cmd::ExitSignal(busy, why));
            assert_eq!(stage.play(sender, &[signal]).await, [Seen::Did(signal, 0), Seen::Down(1, busy, why)]);
        }
    });
}

/// A kill that was taken in by a call which looks at the mailbox is not forgotten in the loop behind it.
#[test]
fn a_signal_ends_who_takes_it_in_on_the_way() {
    play(async |stage, style| {
        let [counts, sender] = stage.enter_all(style);
        stage.play(sender, &[Cmd::Monitor(counts, 1)]).await;
        stage.tell(counts, &[Cmd::AwaitMail(9), Cmd::Loop]);
        let seen = stage.play(sender, &[Cmd::Kill(counts)]).await;
        assert_eq!(seen, [Seen::Did(Cmd::Kill(counts), 0), Seen::Down(1, counts, Why::KILLED)]);
    });
}

#[test]
fn the_first_signal_decides() {
    play(async |stage, style| {
        for error_first in [true, false] {
            let [to, sender, watch] = stage.enter_all(style);
            stage.play(watch, &[Cmd::Monitor(to, 1)]).await;
            let signals = [Cmd::ExitSignal(to, Why::error(1)), Cmd::Kill(to)];
            let order = if error_first { [signals[0], signals[1]] } else { [signals[1], signals[0]] };
            stage.tell(sender, &order);
            let why = if error_first { Why::error(1) } else { Why::KILLED };
            assert_eq!(stage.settle().await[&watch], [Seen::Down(1, to, why)]);
        }
    });
}

/// The signal came while it did not trap; that it does so later is too late.
#[test]
fn a_signal_is_judged_by_what_held_when_it_came() {
    play(async |stage, style| {
        let [to, sender, watch] = stage.enter_all(style);
        stage.play(watch, &[Cmd::Monitor(to, 1)]).await;
        stage.tell(to, &[Cmd::AwaitEnd(sender), Cmd::TrapExit(true)]);
        stage.tell(sender, &[Cmd::ExitSignal(to, Why::error(1)), Cmd::Return]);
        assert_eq!(stage.settle().await[&watch], [Seen::Down(1, to, Why::error(1))]);
    });
}

#[test]
fn a_host_error_leaves_nothing_behind() {
    play(async |stage, style| {
        let [broken, link, watch] = stage.enter_all(style);
        stage.play(broken, &[Cmd::Register(broken, b'b')]).await;
        stage.play(link, &[Cmd::TrapExit(true), Cmd::Link(broken)]).await;
        stage.play(watch, &[Cmd::Monitor(broken, 1), Cmd::Monitor(broken, 2)]).await;
        let before = stage.host.accounts();
        stage.tell(broken, &[Cmd::AwaitMail(1), Cmd::HostError]);
        // Nobody will take it.
        stage.tell(broken, &[Cmd::Return]);
        let seen = stage.settle().await;
        assert_eq!(seen[&link], [Seen::Exit(broken, Why::HOST_ERROR)]);
        assert_eq!(seen[&watch], [1, 2].map(|slot| Seen::Down(slot, broken, Why::HOST_ERROR)));
        let whereis = Cmd::WhereIs(b'b');
        assert_eq!(stage.play(watch, &[whereis]).await, [Seen::Did(whereis, Status::NO_NAME.0.into())]);
        let after = stage.host.accounts();
        assert_eq!((after.crashed, after.queued), (before.crashed + 1, 0));
        assert_eq!(after.dropped_dead_receiver, before.dropped_dead_receiver + 1);
    });
}

//! Links: A3, A12; exit signals, trapped or not, and unlinking.
//!
//! `docs/links-and-monitors.md` has the tables whose cells are tested here by name.

use flower_host::{Rights, Status, Style};

use crate::puppet::{Birth, Cmd, Seen, Stage, Who, Why, play};
use crate::support::{crowd, guest_tests};

guest_tests! {
    link_exits,
    link_trap_exit,
}

/// What was done without more to say.
fn done(command: Cmd) -> Seen {
    Seen::Did(command, 0)
}

/// Has `watch` look at somebody who may end, and tells why he did.
async fn end_of(stage: &mut Stage, watch: Who, who: Who, by: Who, commands: &[Cmd]) -> Option<Why> {
    stage.play(watch, &[Cmd::Monitor(who, 99)]).await;
    stage.tell(by, commands);
    match stage.settle().await.remove(&watch).as_deref() {
        None => None,
        Some([Seen::Down(99, of, why)]) if *of == who => Some(*why),
        other => panic!("{other:?}"),
    }
}

#[test]
fn with_the_dead_ends_without_trap() {
    play(async |stage, style| {
        let [dead, me, watch] = stage.enter_all(style);
        stage.tell(dead, &[Cmd::Return]);
        stage.settle().await;
        assert_eq!(end_of(stage, watch, me, me, &[Cmd::Link(dead)]).await, Some(Why::NO_PROCESS));
    });
}

#[test]
fn with_the_dead_is_a_message_with_trap() {
    play(async |stage, style| {
        let [dead, me] = stage.enter_all(style);
        stage.tell(dead, &[Cmd::Exit(Why::error(3))]);
        stage.settle().await;
        let link = Cmd::Link(dead);
        let seen = stage.play(me, &[Cmd::TrapExit(true), link, link]).await;
        let exit = Seen::Exit(dead, Why::NO_PROCESS);
        // The second finds that the first has come to nothing.
        assert_eq!(seen, [done(Cmd::TrapExit(true)), done(link), done(link), exit, exit]);
    });
}

#[test]
fn has_no_direction() {
    play(async |stage, style| {
        for ends_who_linked in [true, false] {
            let [linked, other, watch] = stage.enter_all(style);
            stage.play(linked, &[Cmd::Link(other)]).await;
            let (ends, follows) = if ends_who_linked { (linked, other) } else { (other, linked) };
            let why = end_of(stage, watch, follows, ends, &[Cmd::Exit(Why::error(1))]).await;
            assert_eq!(why, Some(Why::error(1)));
        }
    });
}

#[test]
fn made_twice_is_one() {
    play(async |stage, style| {
        let [me, other] = stage.enter_all(style);
        stage.play(me, &[Cmd::TrapExit(true), Cmd::Link(other), Cmd::Link(other)]).await;
        stage.play(other, &[Cmd::Link(me)]).await;
        stage.tell(other, &[Cmd::Return]);
        assert_eq!(stage.settle().await[&me], [Seen::Exit(other, Why::NORMAL)]);
    });
}

#[test]
fn made_by_both_at_once_is_one() {
    play(async |stage, style| {
        for _ in 0..20 {
            let [me, other] = stage.enter_all(style);
            stage.play(me, &[Cmd::TrapExit(true)]).await;
            stage.tell(me, &[Cmd::Link(other)]);
            stage.tell(other, &[Cmd::Link(me)]);
            stage.settle().await;
            stage.tell(other, &[Cmd::Return]);
            assert_eq!(stage.settle().await[&me], [Seen::Exit(other, Why::NORMAL)]);
        }
    });
}

#[test]
fn with_oneself_is_none() {
    play(async |stage, style| {
        let [me, watch] = stage.enter_all(style);
        let link = Cmd::Link(me);
        assert_eq!(stage.play(me, &[link, Cmd::Unlink(me)]).await, [done(link), done(Cmd::Unlink(me))]);
        let why = end_of(stage, watch, me, me, &[link, Cmd::Exit(Why::error(2))]).await;
        assert_eq!(why, Some(Why::error(2)));
    });
}

#[test]
fn removed_before_the_end_brings_nothing() {
    play(async |stage, style| {
        for traps in [false, true] {
            let [me, other] = stage.enter_all(style);
            stage.play(me, &[Cmd::TrapExit(traps), Cmd::Link(other), Cmd::Unlink(other)]).await;
            stage.tell(other, &[Cmd::Exit(Why::error(1))]);
            assert_eq!(stage.settle().await.get(&me), None);
            assert!(stage.is_alive(me));
        }
    });
}

#[test]
fn removed_by_one_side_is_removed_on_both() {
    play(async |stage, style| {
        for traps in [false, true] {
            let [me, other] = stage.enter_all(style);
            stage.play(me, &[Cmd::Link(other)]).await;
            stage.play(other, &[Cmd::TrapExit(traps), Cmd::Unlink(me)]).await;
            stage.tell(me, &[Cmd::Exit(Why::error(1))]);
            assert_eq!(stage.settle().await.get(&other), None);
            assert!(stage.is_alive(other));
        }
    });
}

#[test]
fn removed_when_its_exit_has_come_brings_nothing() {
    play(async |stage, style| {
        let [me, other] = stage.enter_all(style);
        let commands =
            [Cmd::TrapExit(true), Cmd::Link(other), Cmd::Kill(other), Cmd::AwaitMail(1), Cmd::Unlink(other)];
        assert_eq!(stage.play(me, &commands).await, commands.map(done));
    });
}

#[test]
fn removed_with_the_dead_brings_nothing() {
    play(async |stage, style| {
        let [me, dead] = stage.enter_all(style);
        stage.tell(dead, &[Cmd::Return]);
        stage.settle().await;
        let commands =
            [Cmd::TrapExit(true), Cmd::Link(dead), Cmd::AwaitMail(1), Cmd::Link(dead), Cmd::Unlink(dead)];
        assert_eq!(stage.play(me, &commands).await, commands.map(done));
    });
}

/// It is the link's exits that are dropped, and not what the same actor has sent by itself.
#[test]
fn removed_leaves_exit_signals_of_the_same_actor() {
    play(async |stage, style| {
        let [me, other] = stage.enter_all(style);
        stage.play(me, &[Cmd::TrapExit(true), Cmd::Link(other)]).await;
        stage.tell(me, &[Cmd::AwaitMail(2), Cmd::Unlink(other)]);
        stage.tell(other, &[Cmd::ExitSignal(me, Why::error(5)), Cmd::Exit(Why::error(6))]);
        let seen = stage.settle().await.remove(&me).unwrap_or_default();
        let told = Seen::Exit(other, Why::error(5));
        assert_eq!(seen, [done(Cmd::AwaitMail(2)), done(Cmd::Unlink(other)), told]);
    });
}

#[test]
fn removed_that_never_was_is_no_error() {
    play(async |stage, style| {
        let [me, other] = stage.enter_all(style);
        let unlink = Cmd::Unlink(other);
        assert_eq!(stage.play(me, &[unlink, unlink]).await, [done(unlink), done(unlink)]);
        assert!(stage.is_alive(other));
    });
}

#[test]
fn made_again_holds_again() {
    play(async |stage, style| {
        let [me, other] = stage.enter_all(style);
        let commands = [Cmd::TrapExit(true), Cmd::Link(other), Cmd::Unlink(other), Cmd::Link(other)];
        stage.play(me, &commands).await;
        stage.tell(other, &[Cmd::Exit(Why::error(1))]);
        assert_eq!(stage.settle().await[&me], [Seen::Exit(other, Why::error(1))]);
    });
}

/// The exit is before the answer of `unlink`, or is not at all.
#[test]
fn removed_while_the_other_ends_brings_nothing_later() {
    play(async |stage, style| {
        for _ in 0..50 {
            let [me, other] = stage.enter_all(style);
            stage.play(me, &[Cmd::TrapExit(true), Cmd::Link(other)]).await;
            stage.tell(other, &[Cmd::Exit(Why::error(1))]);
            stage.tell(me, &[Cmd::Unlink(other)]);
            let seen = stage.settle().await.remove(&me).unwrap_or_default();
            let unlinked = done(Cmd::Unlink(other));
            assert!(seen == [unlinked] || seen == [Seen::Exit(other, Why::error(1)), unlinked], "{seen:?}");
        }
    });
}

#[test]
fn made_at_birth_tells_of_an_end_at_once() {
    play(async |stage, style| {
        let birth = Birth { fails: true, link: true, ..Birth::of(style) };
        let [me, other, watch] = stage.enter_all(style);
        stage.play(me, &[Cmd::TrapExit(true)]).await;
        for _ in 0..20 {
            let seen = stage.play(me, &[Cmd::Spawn(birth)]).await;
            let [Seen::Got(_, child), exit] = seen[..] else { panic!("{seen:?}") };
            assert_eq!(exit, Seen::Exit(child, Why::TRAP));
        }
        assert_eq!(end_of(stage, watch, other, other, &[Cmd::Spawn(birth)]).await, Some(Why::TRAP));
    });
}

#[test]
fn made_at_birth_ends_the_child_with_its_parent() {
    play(async |stage, style| {
        let [me, watch] = stage.enter_all(style);
        let seen = stage.play(me, &[Cmd::Spawn(Birth { link: true, ..Birth::of(style) })]).await;
        let [Seen::Got(_, child)] = seen[..] else { panic!("{seen:?}") };
        let why = end_of(stage, watch, child, me, &[Cmd::Exit(Why::error(4))]).await;
        assert_eq!(why, Some(Why::error(4)));
    });
}

/// An actor that may only be sent to can be neither linked with, nor ended; one that may be monitored,
/// monitored alone.
#[test]
fn refused_without_the_right() {
    play(async |stage, style| {
        let [me, other] = stage.enter_all(style);
        for (rights, may_monitor) in [(Rights::SEND, false), (Rights::PEER, true), (Rights::EXIT, false)] {
            let seen = stage.play(me, &[Cmd::Restrict(other, rights)]).await;
            let [Seen::Got(_, pid)] = seen[..] else { panic!("{seen:?}") };
            let refused = |command| Seen::Did(command, Status::NOT_PERMITTED.0.into());
            let monitor = Cmd::Monitor(pid, 1);
            let answer = if may_monitor { done(monitor) } else { refused(monitor) };
            assert_eq!(stage.play(me, &[monitor, Cmd::Demonitor(1)]).await[0], answer);
            if rights != Rights::EXIT {
                let ends =
                    [Cmd::Link(pid), Cmd::ExitSignal(pid, Why::error(1)), Cmd::Kill(pid), Cmd::Stop(pid)];
                assert_eq!(stage.play(me, &ends).await, ends.map(refused));
            }
        }
        assert!(stage.is_alive(other));
        stage.tell(other, &[Cmd::Exit(Why::error(1))]);
        assert_eq!(stage.settle().await.get(&me), None, "no link was made");
    });
}

/// The end of the first runs through all, without a frame on the stack for each.
#[test]
fn a_long_chain_ends_link_by_link() {
    play(async |stage, style| {
        let count: usize = crowd().parse().expect("a number");
        let mut last = stage.enter(style);
        for _ in 1..count {
            let next = stage.enter(style);
            stage.tell(next, &[Cmd::Link(last)]);
            last = next;
        }
        stage.settle().await;
        let watch = stage.enter(Style::Process);
        let why = end_of(stage, watch, last, 0, &[Cmd::Exit(Why::error(1))]).await;
        assert_eq!((why, stage.host.actor_count()), (Some(Why::error(1)), 1));
    });
}

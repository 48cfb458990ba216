//! Groups: who joins is listed, in the order of spawning, until it has left as often or has ended.

use flower::{
    GroupError, Pid, PidError, Rights, SendError, broadcast, exit_signal, is_alive, join_group,
    join_group_as, kill, leave_group, leave_group_as, members, receive, self_pid, send, spawn,
};
use flower_guests::end_of;

fn wait((): ()) {
    receive::<()>().expect("a word to go");
}

fn main() {
    a_group_is_there_while_it_has_members();
    joins_are_counted();
    an_actor_is_in_several_groups();
    only_who_may_end_an_actor_says_where_it_belongs();
    members_are_given_away_with_the_rights_they_chose();
    what_cannot_be_a_group();
}

fn a_group_is_there_while_it_has_members() {
    assert_eq!(members("g"), []);
    assert_eq!(leave_group("g"), Err(GroupError::NoMember));
    let [first, second] = [(); 2].map(spawn_waiting);
    join_group_as("g", second, Rights::PEER).expect("there is room");
    join_group("g").expect("there is room");
    join_group_as("g", first, Rights::PEER).expect("there is room");
    assert_eq!(members("g"), [self_pid(), first, second], "in the order of spawning");
    send(first, &()).expect("it waits");
    end_of(first);
    assert_eq!(members("g"), [self_pid(), second]);
    assert_eq!(join_group_as("g", first, Rights::PEER), Err(GroupError::NoActor));
    kill(second).expect("a spawner may");
    end_of(second);
    leave_group("g").expect("it is a member");
    assert_eq!(members("g"), []);
}

fn spawn_waiting((): ()) -> Pid {
    spawn(wait, ())
}

fn joins_are_counted() {
    let twice = spawn(wait, ());
    for _ in 0..2 {
        join_group_as("twice", twice, Rights::PEER).expect("there is room");
    }
    assert_eq!(members("twice"), [twice], "one member, though it joined twice");
    assert_eq!(broadcast("twice", "to nobody in particular").expect("it is short").accepted, 1);
    leave_group_as("twice", twice).expect("it is a member");
    assert_eq!(members("twice"), [twice]);
    leave_group_as("twice", twice).expect("it is a member");
    assert_eq!((members("twice"), leave_group_as("twice", twice)), (vec![], Err(GroupError::NoMember)));
    kill(twice).expect("a spawner may");
}

fn an_actor_is_in_several_groups() {
    let both = spawn(wait, ());
    for group in ["a", "b"] {
        join_group_as(group, both, Rights::PEER).expect("there is room");
    }
    leave_group_as("a", both).expect("it is a member");
    assert_eq!((members("a"), members("b")), (vec![], vec![both]));
    send(both, &()).expect("it waits");
    end_of(both);
    assert_eq!(members("b"), []);
}

fn only_who_may_end_an_actor_says_where_it_belongs() {
    let other = spawn(wait, ());
    join_group_as("theirs", other, Rights::ALL).expect("there is room");
    let peer = other.restrict(Rights::PEER).expect("the host made it");
    assert_eq!(join_group_as("mine", peer, Rights::PEER), Err(GroupError::NotPermitted));
    assert_eq!(leave_group_as("theirs", peer), Err(GroupError::NotPermitted));
    assert_eq!((members("mine"), members("theirs")), (vec![], vec![other]));
    kill(members("theirs")[0]).expect("it gave all rights away");
    end_of(other);
}

fn members_are_given_away_with_the_rights_they_chose() {
    let other = spawn(wait, ());
    join_group_as("peers", other, Rights::PEER).expect("there is room");
    let listed = members("peers")[0];
    assert_eq!((listed, listed.rights()), (other, Rights::PEER));
    assert_eq!(exit_signal(listed, flower::ExitReason::shutdown()), Err(PidError::NotPermitted));

    join_group_as("peers", other, Rights::MONITOR).expect("it is a member");
    let listed = members("peers")[0];
    assert_eq!((listed.rights(), send(listed, &())), (Rights::MONITOR, Err(SendError::NotPermitted)));
    let refused = broadcast("peers", &()).expect("it is short");
    assert_eq!((refused.accepted, refused.refused), (0, 1));
    assert!(is_alive(other));
    kill(other).expect("a spawner may");
}

fn what_cannot_be_a_group() {
    assert_eq!(join_group(""), Err(GroupError::Invalid));
    assert_eq!(join_group(&"n".repeat(256)), Err(GroupError::Invalid));
    assert_eq!(join_group(&"n".repeat(255)), Ok(()));
    assert_eq!((members("").len(), broadcast("", "?").map(|sent| sent.accepted)), (0, Ok(0)));
    let joined = (0..64).take_while(|n| join_group(&format!("group {n}")).is_ok()).count();
    assert_eq!(joined, 63, "an actor may be in 64 groups");
    assert_eq!(join_group("one too many"), Err(GroupError::Limit));
    assert_eq!(join_group("group 1"), Ok(()), "it is in that one already");
}

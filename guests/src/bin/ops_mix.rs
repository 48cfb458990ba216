//! `Mix`: sources that are added, paused, muted, soloed and removed while it runs.

use flower::channel::{Mix, Modes, Receiver, Sender, SoloMode};
use flower_guests::channels::{Place, turns};

fn main() {
    for place in Place::ALL {
        all_sources_are_heard(place);
        a_paused_source_keeps_its_values(place);
        a_paused_source_takes_nothing_that_it_was_waiting_for(place);
        a_muted_source_loses_its_values(place);
        solo_mutes_the_others(place);
        solo_pauses_the_others(place);
        solo_counts_more_than_pause_and_mute(place);
        a_solo_ends_with_its_source(place);
        a_removed_source_is_given_back(place);
        several_change_at_once(place);
        the_output_closes_with_the_last_source(place);
        what_is_paused_for_ever_is_let_go_of(place);
        sources_are_let_go_of_when_nobody_listens(place);
    }
}

/// What is there by now.
fn heard(out: &Receiver<u32>) -> Vec<u32> {
    turns();
    out.try_iter().collect()
}

/// A source as the mix knows it.
type Source = (Sender<u32>, flower::channel::SourceId);

/// A mix into a channel with much room, and two sources of it with much room too.
fn two(place: Place) -> (Mix<u32>, Receiver<u32>, [Source; 2]) {
    let (out, rx) = place.channel(100);
    let mix = Mix::new(out);
    let sources = [(); 2].map(|()| {
        let (tx, rx) = place.channel(100);
        (tx, mix.add(rx))
    });
    (mix, rx, sources)
}

fn all_sources_are_heard(place: Place) {
    let (mix, out, [(a, _), (b, _)]) = two(place);
    a.send_all(0..5).expect("there is room");
    b.send_all(10..15).expect("there is room");
    let all = heard(&out);
    let of = |from: u32| all.iter().copied().filter(|n| (from..from + 10).contains(n)).collect::<Vec<u32>>();
    assert_eq!((of(0), of(10)), ((0..5).collect(), (10..15).collect()));
    let (tx, rx) = place.channel(1);
    let late = mix.add_with(rx, Modes { paused: true, ..Modes::default() });
    tx.send(20).expect("there is room");
    assert!(heard(&out).is_empty());
    mix.pause(late, false);
    assert_eq!(heard(&out), [20]);
    assert_eq!(mix.len(), 3);
}

fn a_paused_source_keeps_its_values(place: Place) {
    let (mix, out, [(a, first), (b, _)]) = two(place);
    mix.pause(first, true);
    a.send_all(0..3).expect("there is room");
    b.send(10).expect("there is room");
    assert_eq!(heard(&out), [10]);
    assert_eq!(a.len(), 3);
    assert!(mix.modes(first).is_some_and(|modes| modes.paused));
    mix.pause(first, false);
    assert_eq!(heard(&out), [0, 1, 2]);
}

/// It was waiting when it was paused, and has had no turn since.
fn a_paused_source_takes_nothing_that_it_was_waiting_for(place: Place) {
    let (mix, out, [(a, first), _]) = two(place);
    turns();
    mix.pause(first, true);
    a.send(1).expect("there is room");
    assert!(heard(&out).is_empty());
    assert_eq!(a.len(), 1);
    mix.pause(first, false);
    assert_eq!(heard(&out), [1]);
}

fn a_muted_source_loses_its_values(place: Place) {
    let (mix, out, [(a, first), _]) = two(place);
    mix.mute(first, true);
    a.send_all(0..3).expect("there is room");
    assert!(heard(&out).is_empty());
    assert_eq!(a.len(), 0);
    mix.mute(first, false);
    a.send(3).expect("there is room");
    assert_eq!(heard(&out), [3]);
}

fn solo_mutes_the_others(place: Place) {
    let (mix, out, [(a, first), (b, _)]) = two(place);
    mix.solo(first, true);
    a.send(1).expect("there is room");
    b.send(11).expect("there is room");
    assert_eq!(heard(&out), [1]);
    mix.solo(first, false);
    assert!(heard(&out).is_empty());
    b.send(12).expect("there is room");
    assert_eq!(heard(&out), [12]);
}

fn solo_pauses_the_others(place: Place) {
    let (mix, out, [(a, first), (b, _)]) = two(place);
    mix.set_solo_mode(SoloMode::Pause);
    mix.solo(first, true);
    a.send(1).expect("there is room");
    b.send(11).expect("there is room");
    assert_eq!(heard(&out), [1]);
    mix.solo(first, false);
    assert_eq!(heard(&out), [11]);
}

fn solo_counts_more_than_pause_and_mute(place: Place) {
    let (mix, out, [(a, first), (b, second)]) = two(place);
    mix.pause(first, true);
    mix.mute(second, true);
    mix.solo(first, true);
    mix.solo(second, true);
    a.send(1).expect("there is room");
    assert_eq!(heard(&out), [1]);
    b.send(11).expect("there is room");
    assert_eq!(heard(&out), [11]);
    mix.solo(first, false);
    a.send(2).expect("there is room");
    assert!(heard(&out).is_empty());
    assert_eq!(a.len(), 1, "it is still paused, where others would be muted");
}

fn a_solo_ends_with_its_source(place: Place) {
    let (mix, out, [(a, first), (b, _)]) = two(place);
    mix.set_solo_mode(SoloMode::Pause);
    mix.solo(first, true);
    b.send(11).expect("there is room");
    assert!(heard(&out).is_empty());
    drop(a);
    assert_eq!(heard(&out), [11]);
    assert_eq!((mix.len(), mix.modes(first)), (1, None));
}

fn a_removed_source_is_given_back(place: Place) {
    let (mix, out, [(a, first), _]) = two(place);
    a.send(1).expect("there is room");
    assert_eq!(heard(&out), [1]);
    let source = mix.remove(first).expect("it is there");
    assert!(mix.remove(first).is_none());
    a.send(2).expect("there is room");
    assert!(heard(&out).is_empty());
    assert_eq!(source.recv(), Some(2));
}

fn several_change_at_once(place: Place) {
    let (mix, out, [(a, first), (b, second)]) = two(place);
    let muted = Modes { muted: true, ..Modes::default() };
    mix.set_modes(&[(first, muted), (second, muted)]);
    a.send(1).expect("there is room");
    b.send(2).expect("there is room");
    assert!(heard(&out).is_empty());
    assert_eq!([mix.modes(first), mix.modes(second)], [Some(muted); 2]);
}

fn the_output_closes_with_the_last_source(place: Place) {
    let (mix, out, [(a, _), (b, _)]) = two(place);
    a.send(1).expect("there is room");
    b.send(1).expect("there is room");
    drop((a, b));
    assert_eq!(heard(&out), [1, 1]);
    assert!(mix.is_empty());
    assert!(!out.is_closed(), "there may be more");
    drop(mix);
    assert_eq!(out.recv(), None);

    let (mix, out, [(a, _), (b, _)]) = two(place);
    drop((mix, b));
    a.send(1).expect("there is room");
    assert_eq!(heard(&out), [1]);
    drop(a);
    assert_eq!(out.recv(), None);
}

fn what_is_paused_for_ever_is_let_go_of(place: Place) {
    let (mix, out, [(a, first), (b, _)]) = two(place);
    mix.pause(first, true);
    turns();
    drop(mix);
    turns();
    assert!(a.send(1).is_err());
    b.send(2).expect("there is room");
    drop(b);
    assert_eq!((out.recv(), out.recv()), (Some(2), None));
}

fn sources_are_let_go_of_when_nobody_listens(place: Place) {
    let (mix, out, [(a, first), (b, second)]) = two(place);
    mix.pause(second, true);
    turns();
    drop(out);
    if place == Place::Host {
        a.send(0).expect("nobody has told it yet");
    }
    turns();
    assert!(a.send(1).is_err());
    assert!(b.send(1).is_err());
    assert_eq!((mix.remove(first).is_some(), mix.len()), (false, 0));
    let (tx, rx) = place.channel::<u32>(1);
    mix.add(rx);
    turns();
    assert!(tx.send(1).is_err());
}

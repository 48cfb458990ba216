//! C1 to C16, F14 to F18, O1 to O6: channels as the SDK has them.

use crate::support::{Program, guest_file, guest_tests};

guest_tests! {
    channel_handlers,
    channel_local,
    channel_modules => |guest| guest.module("other", "channel_modules_other"),
    channel_remote;
    used: channel_limits, channel_modules_other, channel_stuck
}

/// What the program says in deterministic mode, and its exit code.
fn says(guest: &str, flags: &[&str], way: &str) -> (String, Option<i32>) {
    let ran = Program::run(&[&["--deterministic"], flags].concat(), &guest_file(guest), &[way]);
    (ran.stderr, ran.code)
}

/// An actor that waits at channels of the host alone is parked there; where its tasks wait, they are told of beside it.
#[test]
fn who_waits_in_vain_is_told_with_the_channels() {
    let receives = "(to receive from channel 1, to receive from channel 2)";
    let ways = [
        ("select", format!("channel_stuck: waiting at a channel {receives}")),
        ("tasks", format!("channel_stuck: waiting for a message {receives}")),
        ("end", "channel_stuck: waiting for a message (for the end of channel 1)".to_owned()),
    ];
    for (way, told) in ways {
        let (stderr, code) = says("channel_stuck", &[], way);
        assert!(stderr.contains(&told) && code == Some(3), "{way}: {stderr}");
    }
}

#[test]
fn who_may_not_wait_is_told_so() {
    let flags = ["--channel-waiters-max", "2"];
    let (stderr, code) = says("channel_limits", &flags, "send");
    assert_eq!((stderr.as_str(), code), ("", Some(0)));
    for way in ["recv", "recv_async", "select", "end"] {
        let (stderr, code) = says("channel_limits", &flags, way);
        assert!(stderr.contains("too many wait on this channel") && code == Some(134), "{way}: {stderr}");
    }
}

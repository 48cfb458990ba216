//! Waiting: sleeps park, ready streams do not.

use super::*;

/// A subscription to a clock.
fn clock(userdata: u64, clock: u32, timeout: u64, absolute: bool) -> [u8; 48] {
    let mut bytes = [0; 48];
    bytes[..8].copy_from_slice(&userdata.to_le_bytes());
    bytes[16..20].copy_from_slice(&clock.to_le_bytes());
    bytes[24..32].copy_from_slice(&timeout.to_le_bytes());
    bytes[40] = absolute.into();
    bytes
}

/// A subscription to a descriptor: 1 to read, 2 to write.
fn file(userdata: u64, tag: u8, fd: u32) -> [u8; 48] {
    let mut bytes = [0; 48];
    bytes[..8].copy_from_slice(&userdata.to_le_bytes());
    bytes[8] = tag;
    bytes[16..20].copy_from_slice(&fd.to_le_bytes());
    bytes
}

/// Polls; userdata and error number of each event.
fn poll(guest: &mut Guest, subscriptions: &[[u8; 48]]) -> Vec<(u64, u32)> {
    guest.set(DATA, subscriptions.as_flattened());
    let events = DATA + subscriptions.as_flattened().len() as u32;
    let count = subscriptions.len() as u64;
    guest.ok("poll_oneoff", &[DATA.into(), events.into(), count, OUT.into()]);
    let event = |n: u32| {
        let at = events + 32 * n;
        (guest.get_u64(at), guest.get_u32(at + 8) & 0xffff)
    };
    (0..guest.get_u32(OUT)).map(event).collect()
}

#[test]
fn sleep_parks_until_its_deadline() {
    let mut guest = Guest::process(&Arc::default());
    assert_eq!(poll(&mut guest, &[clock(42, 1, 5000, false)]), [(42, 0)]);
    assert_eq!(poll(&mut guest, &[clock(43, 0, 500, false)]), [(43, 0)]);
    assert_eq!(guest.store.data().parked_until, [6000, 6500]);
}

#[test]
fn absolute_deadlines_count_from_their_clocks_beginning() {
    let mut guest = Guest::process(&Arc::default());
    assert_eq!(poll(&mut guest, &[clock(1, 1, 3000, true)]), [(1, 0)]);
    assert_eq!(poll(&mut guest, &[clock(2, 0, 1_000_000_009_000, true)]), [(2, 0)]);
    assert_eq!(guest.store.data().parked_until, [3000, 9000]);
}

#[test]
fn what_has_passed_or_is_ready_does_not_park() {
    let mut guest = Guest::process(&Arc::default());
    assert_eq!(poll(&mut guest, &[clock(1, 1, 0, false), clock(2, 1, 10, true)]), [(1, 0), (2, 0)]);
    let with_output = [clock(1, 1, 1 << 40, false), file(2, 2, 1)];
    assert_eq!(poll(&mut guest, &with_output), [(2, 0)]);
    assert!(guest.store.data().parked_until.is_empty());
}

#[test]
fn the_first_of_several_clocks_ends_the_wait() {
    let mut guest = Guest::process(&Arc::default());
    let clocks = [clock(1, 1, 900, false), clock(2, 1, 70, false), clock(3, 1, 1070, true)];
    assert_eq!(poll(&mut guest, &clocks), [(2, 0), (3, 0)]);
    assert_eq!(guest.store.data().parked_until, [1070]);
}

#[test]
fn a_deadline_beyond_all_time_is_never() {
    let mut guest = Guest::process(&Arc::default());
    assert_eq!(poll(&mut guest, &[clock(1, 1, u64::MAX, false)]), [(1, 0)]);
    assert_eq!(guest.store.data().parked_until, [u64::MAX]);
}

#[test]
fn streams_are_ready_and_strangers_are_not() {
    let mut guest = Guest::process(&Arc::default());
    let badf = Errno::Badf as u32;
    let inval = Errno::Inval as u32;
    let all = [
        file(0, 1, 0),
        file(1, 2, 1),
        file(2, 2, 2),
        file(3, 2, 0),
        file(4, 1, 1),
        file(5, 1, 3),
        file(6, 7, 1),
        clock(7, 9, 0, false),
    ];
    let codes: Vec<_> = poll(&mut guest, &all).into_iter().map(|(_, code)| code).collect();
    assert_eq!(codes, [0, 0, 0, badf, badf, badf, inval, inval]);
    let hangup = DATA + 48 * 8 + 24;
    assert_eq!(guest.get(hangup, 1), [1], "stdin is at its end");
}

#[test]
fn the_number_of_subscriptions_is_limited() {
    let mut guest = Guest::process(&Arc::default());
    let args = |count: u32| [DATA.into(), DATA.into(), count.into(), OUT.into()];
    guest.fails(Errno::Inval, "poll_oneoff", &args(0));
    guest.fails(Errno::Inval, "poll_oneoff", &args(SUBSCRIPTIONS_MAX + 1));
    guest.fails(Errno::Inval, "poll_oneoff", &args(u32::MAX));
    guest.ok("poll_oneoff", &args(SUBSCRIPTIONS_MAX));
}

#[test]
fn a_handler_that_would_sleep_ends_with_the_functions_name() {
    let mut guest = Guest::handler(&Arc::default());
    assert_eq!(poll(&mut guest, &[file(1, 2, 1), clock(2, 1, 99, false)]), [(1, 0)]);
    guest.set(DATA, &clock(1, 1, 5, false));
    let error = guest.ends("poll_oneoff", &[DATA.into(), OUT.into(), 1, 0]);
    assert_eq!(error.downcast_ref(), Some(&End::Parked("poll_oneoff")));
}

//! Arguments, environment, exits, randomness.

use super::*;

fn config() -> Arc<Granted> {
    let args = Strings::args(["prog", "--flag", "ä"]).expect("they are fine");
    let env = Strings::env([("HOME", "/"), ("X", "y=z")]).expect("they are fine");
    Arc::new(Granted::for_test(Policy::default().args(args).env(env)))
}

/// The strings as a libc finds them.
fn list(guest: &mut Guest, sizes: &str, get: &str) -> Vec<String> {
    guest.ok(sizes, &[0, 4]);
    let (count, bytes) = (guest.get_u32(0), guest.get_u32(4));
    guest.ok(get, &[IOVECS.into(), DATA.into()]);
    let all = guest.get(DATA, bytes);
    let starts = (0..count).map(|n| guest.get_u32(IOVECS + 4 * n) - DATA);
    let string = |start: u32| {
        let tail = &all[start as usize..];
        let end = tail.iter().position(|byte| *byte == 0).expect("it is terminated");
        String::from_utf8(tail[..end].to_vec()).expect("it is text")
    };
    starts.map(string).collect()
}

#[test]
fn arguments_and_environment_arrive() {
    let mut guest = Guest::process(&config());
    assert_eq!(list(&mut guest, "args_sizes_get", "args_get"), ["prog", "--flag", "ä"]);
    assert_eq!(list(&mut guest, "environ_sizes_get", "environ_get"), ["HOME=/", "X=y=z"]);
}

#[test]
fn nothing_is_inherited() {
    let mut guest = Guest::process(&Arc::default());
    assert!(list(&mut guest, "args_sizes_get", "args_get").is_empty());
    assert!(list(&mut guest, "environ_sizes_get", "environ_get").is_empty());
}

#[test]
fn bad_pointers_end_the_guest() {
    let mut guest = Guest::handler(&config());
    for (name, args) in [
        ("args_sizes_get", &[0, (16 << 20) - 3][..]),
        ("args_get", &[0, u32::MAX.into()]),
        ("args_get", &[u32::MAX.into(), 0]),
        ("environ_get", &[0, (16 << 20) - 1]),
        ("clock_time_get", &[0, 0, u32::MAX.into()]),
        ("clock_res_get", &[0, (16 << 20) - 7]),
        ("random_get", &[u32::MAX.into(), 1]),
        ("fd_fdstat_get", &[1, (16 << 20) - 23]),
        ("fd_write", &[1, u32::MAX.into(), u32::MAX.into(), 0]),
        ("fd_read", &[0, 0, 0, u32::MAX.into()]),
        ("poll_oneoff", &[u32::MAX.into(), 0, 1, 0]),
    ] {
        let error = guest.ends(name, args);
        assert!(error.downcast_ref::<BadPointer>().is_some(), "{name}: {error:?}");
    }
}

#[test]
fn exit_ends_the_actor_with_its_code() {
    for mut guest in [Guest::process(&Arc::default()), Guest::handler(&Arc::default())] {
        let error = guest.ends("proc_exit", &[u32::MAX.into()]);
        assert_eq!(error.downcast_ref(), Some(&End::Exit(u32::MAX)));
    }
}

#[test]
fn signals_are_unknown_here() {
    Guest::process(&Arc::default()).fails(Errno::Nosys, "proc_raise", &[9]);
}

#[test]
fn yielding_parks_a_process_and_not_a_handler() {
    let mut process = Guest::process(&Arc::default());
    process.ok("sched_yield", &[]);
    assert_eq!(process.store.data().yields, 1);
    let mut handler = Guest::handler(&Arc::default());
    handler.ok("sched_yield", &[]);
    assert_eq!(handler.store.data().yields, 0);
}

#[test]
fn randomness_follows_the_actors_generator() {
    let mut guests = [Guest::process(&Arc::default()), Guest::handler(&Arc::default())];
    let bytes = guests.each_mut().map(|guest| {
        guest.ok("random_get", &[DATA.into(), 100]);
        guest.ok("random_get", &[(DATA + 100).into(), 28]);
        guest.get(DATA, 128)
    });
    let mut expected = [0; 128];
    let mut rng = ChaCha12Rng::seed_from_u64(7);
    rng.fill_bytes(&mut expected[..100]);
    rng.fill_bytes(&mut expected[100..]);
    assert_eq!(bytes[0], expected);
    assert_eq!(bytes[1], expected);
}

#[test]
fn much_randomness_lets_others_run_in_between() {
    let mut process = Guest::process(&Arc::default());
    process.ok("random_get", &[0, 8 << 20]);
    assert_eq!(process.store.data().yields, (8 << 20) / RANDOM_STEP_BYTES - 1);
    assert_ne!(process.get((8 << 20) - 16, 16), [0; 16]);
    assert_eq!(process.get(8 << 20, 16), [0; 16]);
    let mut handler = Guest::handler(&Arc::default());
    handler.ok("random_get", &[0, RANDOM_HANDLER_BYTES_MAX.into()]);
    handler.fails(Errno::Inval, "random_get", &[0, (RANDOM_HANDLER_BYTES_MAX + 1).into()]);
}

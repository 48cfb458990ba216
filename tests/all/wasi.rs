//! WASI: output, arguments, clocks, randomness, sleep and files, as std uses them.

use flower_host::{Access, Dir, Dirs};

use crate::support::{Guest, Mode, guest_tests};

guest_tests! {
    wasi_args_env => |guest| guest.args(["one", "", "two words"]).env("GREETING", "hello"),
    wasi_clock,
    wasi_print,
    wasi_random,
    wasi_sleep => |guest| guest.prints_times();
    used: wasi_files
}

/// Runs the guest in an empty directory, which it leaves empty.
fn files(mode: Mode) {
    let folder = tempfile::tempdir().expect("a folder for a test");
    let dir = Dir { host: folder.path().into(), guest: "/data".into(), access: Access::ReadWrite };
    Guest::named("wasi_files").dirs(Dirs::new([dir]).expect("it is there")).run(mode).expect_success();
    assert_eq!(folder.path().read_dir().expect("it is there").count(), 0);
}

#[test]
fn files_in_deterministic_mode() {
    files(Mode::Deterministic);
}

#[test]
fn files_on_threads() {
    files(Mode::Threads);
}

#[test]
fn lines_of_different_actors_never_mix() {
    for mode in [Mode::Deterministic, Mode::Seeded(1), Mode::Threads] {
        let outcome = Guest::named("wasi_print").run(mode);
        for (text, length) in [(&outcome.stdout, 3000), (&outcome.stderr, 300)] {
            assert_eq!(text.lines().count(), 15);
            for line in text.lines() {
                let first = line.chars().next().expect("no line is empty");
                assert_eq!(line, first.to_string().repeat(length));
            }
        }
    }
}

#[test]
fn a_seed_repeats_all_randomness() {
    let random = |mode| Guest::named("wasi_random").run(mode).stdout;
    assert_eq!(random(Mode::Seeded(5)), random(Mode::Seeded(5)));
    assert_ne!(random(Mode::Seeded(5)), random(Mode::Seeded(6)));
    assert_eq!(random(Mode::Deterministic), random(Mode::Deterministic));
    assert_ne!(random(Mode::Threads), random(Mode::Threads));
}

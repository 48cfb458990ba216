//! What the channels of the CSP libraries before this one did: the cases C, O and F14 to F18. Those that are programs
//! are in `examples`.

use crate::support::{End, Guest, Mode, Program, guest_file, guest_tests};

guest_tests! {
    csp_flower,
    csp_offset,
    csp_twisted;
    used: csp_blocking
}

#[test]
fn c2_a_rendezvous_that_nobody_comes_to() {
    for mode in [Mode::Deterministic, Mode::Threads] {
        let outcome = Guest::named("csp_blocking").run(mode);
        assert!(matches!(outcome.end, End::Stuck(_)), "{outcome}");
        assert_eq!(outcome.stdout, "will block\n");
    }
}

#[test]
fn c2_the_program_says_who_waits_for_what() {
    for flags in [&["--deterministic"][..], &[]] {
        let ran = Program::run(flags, &guest_file("csp_blocking"), &[]);
        assert_eq!(ran.stdout, "will block\n");
        ran.expect_in_stderr(&["csp_blocking: waiting at a channel"]);
    }
}

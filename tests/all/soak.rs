//! A soak, short: actors that end in every way leave nothing behind. The long form is `cargo xtask soak`.

use crate::support::guest_tests;

guest_tests! {
    soak => |guest| guest.args(["128"]),
}

/// Memory, threads, mappings and descriptors belong to a process, so it is one of its own.
#[test]
#[cfg(target_os = "linux")]
fn nothing_is_left_of_a_hundred_thousand_actors() {
    use std::path::Path;

    use crate::support::{Program, guest_file};

    let soak = Path::new(env!("CARGO_BIN_EXE_soak"));
    let ran = Program::other(soak, [guest_file("soak").as_os_str(), "100000".as_ref()]).ran().expect_code(0);
    assert_eq!(ran.stdout.lines().count(), 20, "{}", ran.stdout);
}

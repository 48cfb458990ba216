//! Names: F11 to F13, A14; unique, found, and free before anybody hears of their holder's death.

use crate::support::{Guest, Mode, guest_tests};

guest_tests! {
    name_freed,
    name_register,
}

#[test]
fn names_are_free_before_down_is_seen() {
    let modes = [Mode::Deterministic, Mode::Seeded(1), Mode::Threads, Mode::Threads, Mode::Threads];
    for mode in modes {
        Guest::named("name_freed").run(mode).expect_success();
    }
}

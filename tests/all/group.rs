//! Groups: joins, leaves and broadcasts; left before anybody hears of the death; the members of any history.

use crate::support::{Guest, Mode, guest_tests};

guest_tests! {
    group_broadcast,
    group_history => |guest| guest.args(["1", "500"]),
    group_join,
    group_left,
}

#[test]
fn groups_are_left_before_down_is_seen() {
    let modes = [Mode::Deterministic, Mode::Seeded(1), Mode::Threads, Mode::Threads, Mode::Threads];
    for mode in modes {
        Guest::named("group_left").run(mode).expect_success();
    }
}

#[test]
fn members_are_those_that_joined_and_live_after_any_history() {
    for seed in 2..12_u64 {
        let guest = Guest::named("group_history").args([&seed.to_string(), "400"]);
        guest.run(Mode::Seeded(seed)).expect_success();
        guest.run(Mode::Threads).expect_success();
    }
}

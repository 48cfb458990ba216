//! What the tests have in common: running guests in the library, and running the program.
//!
//! Every run starts a watchdog, which ends the whole test binary when a test hangs, and names it. What
//! was built is found through two variables that `cargo xtask test` sets: `FLOWER_GUESTS_DIR` and
//! `FLOWER_HOST_BIN`. Without them the guests are looked for where `cargo xtask guests` leaves them,
//! and the program is built.

mod engine;
mod guest;
mod lines;
mod places;
mod program;
mod watchdog;

pub(crate) use engine::{crowd, host_builder, memory_engine};
pub(crate) use guest::{End, Guest, Mode};
pub(crate) use lines::{assert_same_lines, only, same_lines};
pub(crate) use places::{expected, guest_file, program as host_program, repository};
pub(crate) use program::{Program, Ran, Running};
pub(crate) use watchdog::Watchdog;

/// Makes a module for each guest, with a test for each mode, and `GUESTS`, which lists them.
///
/// A guest may be set up: `name => |guest| guest.args(["1"])`. Guests behind `used:` are run by others.
macro_rules! guest_tests {
    ($($name:ident $(=> $setup:expr)?),* $(,)? $(; used: $($used:ident),*)?) => {
        /// The guests that the tests of this file run.
        pub(crate) const GUESTS: &[&str] = &[$(stringify!($name),)* $($(stringify!($used),)*)?];

        $(mod $name {
            use crate::support::{Guest, Mode};

            fn guest() -> Guest {
                let guest = Guest::named(stringify!($name));
                $(let guest = crate::support::set_up(guest, $setup);)?
                guest
            }

            #[test]
            fn deterministic() {
                guest().run(Mode::Deterministic).expect_success();
            }

            #[test]
            fn seeded() {
                (1..=3).for_each(|seed| guest().run(Mode::Seeded(seed)).expect_success());
            }

            #[test]
            fn threads() {
                guest().run(Mode::Threads).expect_success();
            }
        })*
    };
}
pub(crate) use guest_tests;

/// Lets a closure in a list know its argument's type.
pub(crate) fn set_up(guest: Guest, setup: impl FnOnce(Guest) -> Guest) -> Guest {
    setup(guest)
}

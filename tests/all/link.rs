//! Links: A3, A12; exit signals, trapped or not, and unlinking.

use crate::support::guest_tests;

guest_tests! {
    link_exits,
    link_trap_exit,
}

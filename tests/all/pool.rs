//! Worker pools: P4; results in the order of the items, whatever happens to the workers.

use crate::support::guest_tests;

guest_tests! {
    pool_items,
}
